/** Asking AWS for one principal, through whichever integration can tell, and what to warn of by its answer. */
import type { PrincipalKind } from '@headgate/core'
import { lookUpIam, lookUpInDirectory, type PrincipalLookUp } from '../aws/principals.ts'
import type { IntegrationRow } from '../db/integration.ts'
import { identityStoreFor } from '../integrations/identity-center.ts'
import type { World } from '../world.ts'
import { readPrincipal } from './principal-form.ts'

export type Asks = Pick<World, 'db' | 'aws' | 'config' | 'log'>

interface Named {
  readonly kind: PrincipalKind
  readonly identifier: string
}

/** Asks through one integration after the other until one can tell. Throws nothing but bugs. */
export async function lookUpPrincipal(
  world: Asks,
  { kind, identifier }: Named,
  integrations: readonly IntegrationRow[],
): Promise<PrincipalLookUp> {
  const form = readPrincipal(kind, identifier)
  const isOfAccount = (one: IntegrationRow) => !('accountId' in form) || one.account_id === form.accountId
  let last: PrincipalLookUp = { unknown: 'no integration can ask its account' }
  for (const integration of integrations) {
    if (!askable.has(integration.status) || !isOfAccount(integration)) continue
    const aws = world.aws.of(integration)
    last =
      kind === 'identityCenterUser'
        ? await lookUpInDirectory(aws, () => identityStoreFor(world, integration), identifier)
        : await lookUpIam(aws, kind, identifier)
    if ('found' in last) return last
  }
  return last
}

const askable: ReadonlySet<string> = new Set([
  'creating',
  'enabled',
  'editing',
  'editError',
  'recurringValidationError',
])

/** What a user admin should look into; null: nothing. */
export function warningOf({ kind, identifier }: Named, lookUp: PrincipalLookUp): string | null {
  const form = readPrincipal(kind, identifier)
  const warnings: string[] = []
  if ('found' in lookUp && !lookUp.found) warnings.push(`AWS does not know \`${identifier}\`: ${lookUp.reason}`)
  if ('unknown' in lookUp) warnings.push(`\`${identifier}\` could not be checked: ${lookUp.unknown}`)
  if ('carriesSessions' in form && form.carriesSessions) {
    warnings.push(
      `\`${identifier}\` carries Identity Center sessions: what it is granted, everyone who assumes it reaches`,
    )
  }
  return warnings.length === 0 ? null : warnings.join('; ')
}
