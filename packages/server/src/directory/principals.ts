/**
 * Who a person is in AWS: checked for form, looked up where AWS can be asked, then stored as a whole.
 *
 * AWS is asked before the transaction begins and never inside it. What AWS does not know is a warning, since principals
 * may be made later, unless it never can be: a name that is taken in other letters. An Identity Center user name has to
 * be found, because its id is what is stored.
 */
import type { PrincipalKind } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { type IntegrationRow, listIntegrations } from '../db/integration.ts'
import type { NewPrincipal } from '../db/principal.ts'
import type { World } from '../world.ts'
import { readPrincipal } from './principal-form.ts'
import { lookUpPrincipal, warningOf } from './principal-look-up.ts'

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
  // Any integration of its account can tell of an IAM principal; of a directory only one that it serves.
  const lookUp = await lookUpPrincipal(world, { kind, identifier }, 'accountId' in form ? all : (named ?? all))
  const known = 'found' in lookUp && lookUp.found ? lookUp : undefined
  if ('directoryUser' in form && form.directoryUser === 'name' && !known) {
    const reason = 'found' in lookUp ? whyNot(lookUp) : `it cannot be looked up (${lookUp.unknown}): send the user id`
    throw new Problem('principal-invalid', { identifier, reason })
  }
  if ('found' in lookUp && !lookUp.found && lookUp.isCaseWrong) {
    throw new Problem('principal-invalid', { identifier, reason: `${lookUp.reason}: ARNs are compared byte for byte` })
  }
  return (named ?? [undefined]).map(integration => ({
    kind,
    identifier: known?.identifier ?? identifier,
    integrationId: integration?.id ?? null,
    uniqueId: known?.uniqueId ?? null,
    warning: warningOf({ kind, identifier }, lookUp),
  }))
}

function whyNot(lookUp: { readonly found: boolean; readonly reason?: string }): string {
  return lookUp.reason ?? 'AWS does not know it'
}
