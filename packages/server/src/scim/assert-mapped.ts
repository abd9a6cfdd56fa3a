/** What a user's attributes say of the person here: by the provider's mapping, as far as it may assert. */
import type { Act } from '../db/act.ts'
import { assertPerson } from '../directory/assert.ts'
import type { ScimProvider } from './provider.ts'
import { type UserResource, valuesAt } from './user-resource.ts'

/** Groups are spoken of by calls of their own. What may not be asserted is left out, and stands in the audit event. */
export async function assertMapped(
  doing: Act,
  provider: ScimProvider,
  person: number,
  resource: UserResource,
): Promise<void> {
  const { attributes, principal } = provider.mapping
  if (attributes.length === 0 && !principal) return
  await assertPerson(doing, provider, person, {
    attributes: attributes.flatMap(({ path, key }) => valuesAt(resource, path).map(value => ({ key, value }))),
    principal: principal && (saidPrincipal(principal, resource) ?? null),
  })
}

function saidPrincipal({ path, kind }: NonNullable<ScimProvider['mapping']['principal']>, resource: UserResource) {
  const [identifier] = valuesAt(resource, path)
  return identifier === undefined ? undefined : { kind, identifier }
}
