/**
 * Who a person is in AWS: checked for form, looked up where AWS can be asked, then stored as a whole.
 *
 * AWS is asked before the transaction begins and never inside it. What AWS does not know is a warning, since
 * principals may be made later; only an Identity Center user name has to be found, because its id is what is stored.
 */
import type { PrincipalKind } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { lookUpIam, lookUpInDirectory, type PrincipalLookUp } from '../aws/principals.ts'
import { type IntegrationRow, listIntegrations } from '../db/integration.ts'
import type { NewPrincipal } from '../db/principal.ts'
import { identityStoreFor } from '../integrations/identity-center.ts'
import type { World } from '../world.ts'
import { readPrincipal } from './principal-form.ts'

export interface PrincipalInput {
  readonly kind: PrincipalKind
  readonly identifier: string
  /** Without it: all integrations that have no entry of their own. */
  readonly integrationIds?: readonly number[] | undefined
}

/** @throws Problem `principal-invalid`, `integration-not-found` */
export async function resolvePrincipals(world: World, inputs: readonly PrincipalInput[]): Promise<NewPrincipal[]> {
  for (const { kind, identifier } of inputs) readPrincipal(kind, identifier)
  refuseDoubles(inputs)
  if (inputs.length === 0) return []
  const integrations = await listIntegrations(world.db.kysely)
  const byId = new Map(integrations.map(integration => [integration.id, integration]))
  const resolved: NewPrincipal[] = []
  for (const input of inputs) {
    const named = input.integrationIds?.map(id => {
      const found = byId.get(id)
      if (!found) throw new Problem('integration-not-found', { id })
      return found
    })
    resolved.push(...(await resolveOne(world, input, named, integrations)))
  }
  return resolved
}

/** One principal per person and integration, and one for the rest. */
function refuseDoubles(inputs: readonly PrincipalInput[]): void {
  const seen = new Set<number | undefined>()
  for (const { identifier, integrationIds } of inputs) {
    for (const id of integrationIds ?? [undefined]) {
      if (seen.has(id)) {
        const where = id === undefined ? 'two entries without `integrationIds`' : `two entries for integration ${id}`
        throw new Problem('principal-invalid', { identifier, reason: `the list has ${where}: send one` })
      }
      seen.add(id)
    }
  }
}

async function resolveOne(
  world: World,
  { kind, identifier }: PrincipalInput,
  named: readonly IntegrationRow[] | undefined,
  all: readonly IntegrationRow[],
): Promise<NewPrincipal[]> {
  const form = readPrincipal(kind, identifier)
  const served = named ?? all
  const sameAccount = 'accountId' in form ? served.filter(one => one.account_id === form.accountId) : served
  const lookUp = await askAws(world, kind, identifier, sameAccount)
  if ('directoryUser' in form && form.directoryUser === 'name' && !('found' in lookUp && lookUp.found)) {
    const reason = 'found' in lookUp ? lookUp.reason : `it cannot be looked up (${lookUp.unknown}): send the user id`
    throw new Problem('principal-invalid', { identifier, reason })
  }
  const warnings: string[] = []
  const known = 'found' in lookUp && lookUp.found ? lookUp : undefined
  if ('found' in lookUp && !lookUp.found) warnings.push(`AWS does not know \`${identifier}\`: ${lookUp.reason}`)
  if ('unknown' in lookUp) warnings.push(`\`${identifier}\` could not be checked: ${lookUp.unknown}`)
  if ('accountId' in form) warnings.push(...foreignWarnings(identifier, form.accountId, served))
  if ('carriesSessions' in form && form.carriesSessions) {
    warnings.push(
      `\`${identifier}\` carries Identity Center sessions: what it is granted, everyone who assumes it reaches`,
    )
  }
  return (named ?? [undefined]).map(integration => ({
    kind,
    identifier: known?.identifier ?? identifier,
    integrationId: integration?.id ?? null,
    uniqueId: known?.uniqueId ?? null,
    warning: warnings.length === 0 ? null : warnings.join('; '),
  }))
}

/** Asks through the first integration that can tell. */
async function askAws(
  world: World,
  kind: PrincipalKind,
  identifier: string,
  integrations: readonly IntegrationRow[],
): Promise<PrincipalLookUp> {
  let last: PrincipalLookUp = { unknown: 'no integration can ask its account' }
  for (const integration of integrations) {
    if (!askable.has(integration.status)) continue
    last =
      kind === 'identityCenterUser'
        ? await lookUpDirectoryUser(world, integration, identifier)
        : await lookUpIam(world.aws.of(integration), kind, identifier)
    if ('found' in last) return last
  }
  return last
}

async function lookUpDirectoryUser(
  world: World,
  integration: IntegrationRow,
  identifier: string,
): Promise<PrincipalLookUp> {
  return lookUpInDirectory(world.aws.of(integration), () => identityStoreFor(world, integration), identifier)
}

const askable: ReadonlySet<string> = new Set([
  'creating',
  'enabled',
  'editing',
  'editError',
  'recurringValidationError',
])

function foreignWarnings(identifier: string, accountId: string, integrations: readonly IntegrationRow[]): string[] {
  const foreign = integrations.filter(integration => integration.account_id !== accountId)
  if (foreign.length === 0) return []
  const names = foreign.slice(0, 5).map(integration => `\`${integration.name}\``)
  const more = foreign.length > names.length ? ` and ${foreign.length - names.length} more` : ''
  return [
    `\`${identifier}\` is in account ${accountId}: integrations of other accounts (${names.join(', ')}${more}) treat the ` +
      'user as unmapped unless their instance lets that account vend',
  ]
}
