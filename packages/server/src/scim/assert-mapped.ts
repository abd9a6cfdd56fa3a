/** What a user's attributes say of the person here: by the provider's mapping, as far as it may assert. */
import { isDeepStrictEqual } from 'node:util'
import type { Act } from '../db/act.ts'
import type { NamedPerson } from '../db/person.ts'
import { type Assertion, assertPerson } from '../directory/assert.ts'
import type { ScimProvider } from './provider.ts'
import { type UserResource, valuesAt } from './user-resource.ts'

/**
 * Groups are spoken of by calls of their own. What may not be asserted is left out, and stands in the audit event.
 * @param before what was read in the same way the last time: what it said, too, need not be said again
 * @param made the person, where made in this very transaction
 */
export async function assertMapped(
  doing: Act,
  provider: ScimProvider,
  person: number,
  resource: UserResource,
  before: UserResource | undefined,
  made?: NamedPerson,
): Promise<void> {
  const said = assertionOf(provider, resource)
  const known = before ? assertionOf(provider, before) : made ? nothing : {}
  const attributes = isDeepStrictEqual(said.attributes, known.attributes) ? undefined : said.attributes
  const principal = isDeepStrictEqual(said.principal, known.principal) ? undefined : said.principal
  if (!attributes && principal === undefined) return
  await assertPerson(doing, provider, person, { attributes, principal, made })
}

/** What is known of somebody who is new. */
const nothing: Assertion = { attributes: [], principal: null }

function assertionOf({ mapping: { attributes, principal } }: ScimProvider, resource: UserResource): Assertion {
  return {
    attributes: attributes.flatMap(({ path, key }) => valuesAt(resource, path).map(value => ({ key, value }))),
    principal: saidPrincipal(principal, resource),
  }
}

/** null: has none, also where the mapping speaks of none. What was said by another mapping goes then, as values do. */
function saidPrincipal(
  from: ScimProvider['mapping']['principal'],
  resource: UserResource,
): NonNullable<Assertion['principal']> | null {
  if (!from || from.kind === 'none') return null
  const [identifier] = valuesAt(resource, from.path)
  return identifier === undefined ? null : { kind: from.kind, identifier }
}
