/**
 * What only a governor may do: take a data source out of a guardrail's reach (02), by its tags or by removing it.
 *
 * Owners tag and remove what they own, and guardrails go by tags and bind whatever covers what they bind: without this,
 * whoever a guardrail holds back could untag it away, or remove the inner data source and read it through the outer.
 * Disabling drops nothing: the guardrails of a disabled data source bind as before.
 */
import { type DataSource, type Placement, type Policy, type PolicyId, placementIndex, takesIn } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import type { DataSourceRow } from '../db/data-source.ts'
import { coveringOf } from '../db/data-source-registration.ts'
import { dataSourceFact, dataSourceFacts, domains, selectionsFor } from '../db/facts.ts'
import type { PolicyRow } from '../db/policy.ts'
import { loadPolicies } from '../db/policy-facts.ts'
import type { Caller } from '../http/serve.ts'

/**
 * Before a data source is changed as `change` says. Nothing for governors. The row must be locked.
 * @throws Problem `guardrail-would-drop`
 */
export async function keepGuardrails(
  tx: Tx,
  caller: Caller,
  row: DataSourceRow,
  change: (before: DataSource) => DataSource,
): Promise<void> {
  const before = await looked(tx, caller, row)
  if (!before) return
  const after = change(before)
  const placement = await placementOf(tx, [row.id])
  const bound = await guardrailsOf(tx, before, placement)
  refuseDropping(
    bound.filter(policy => !takesIn(policy, after, placement)),
    row.name,
  )
}

/** It, without some tags. */
export function without(dataSource: DataSource, tags: readonly string[]): DataSource {
  return { ...dataSource, tags: dataSource.tags.filter(tag => !tags.includes(tag)) }
}

/**
 * The same for many at once: the refusals, by the id of the data source.
 * @param removed the tags that would go from each
 */
export async function guardrailsDropped(
  tx: Tx,
  caller: Caller,
  ids: readonly number[],
  removed: readonly string[],
): Promise<ReadonlyMap<number, Problem>> {
  const found = new Map<number, Problem>()
  if (caller.permissions.has('GOVERNANCE') || removed.length === 0) return found
  const guardrails = (await loadPolicies(tx)).policies.filter(({ kind }) => kind === 'guardrail')
  const placement = await placementOf(tx, ids)
  for (const before of await dataSourceFacts(tx, ids)) {
    const after = without(before, removed)
    const dropped = guardrails.filter(
      policy => takesIn(policy, before, placement) && !takesIn(policy, after, placement),
    )
    if (dropped.length > 0) found.set(before.id, wouldDrop(dropped, before.name))
  }
  return found
}

/** Before an owner's pick is undone, staged guardrails included: it may be active tomorrow. As `keepGuardrails`. */
export async function keepPicked(tx: Tx, caller: Caller, row: DataSourceRow, policy: PolicyRow): Promise<void> {
  const before = await looked(tx, caller, row)
  if (!before || policy.definition.kind !== 'guardrail') return
  const placement = await placementOf(tx, [row.id])
  if (placement.isSelected(policy.id as PolicyId, before.id)) refuseDropping([policy], row.name)
}

/**
 * Before a data source goes for good: then its guardrails no longer bind what covers it, be that disabled for now.
 * As `keepGuardrails`.
 */
export async function keepGuardrailsAbove(tx: Tx, caller: Caller, row: DataSourceRow): Promise<void> {
  const before = await looked(tx, caller, row)
  if (!before) return
  const [outer] = await coveringOf(tx, row)
  if (outer) refuseDropping(await guardrailsOf(tx, before, await placementOf(tx, [row.id])), outer.name)
}

type Named = Pick<PolicyRow, 'id' | 'name'>

/** Which domains these are in, and what was picked for them, as of now. */
async function placementOf(tx: Tx, ids: readonly number[]): Promise<Placement> {
  return placementIndex({ domains: await domains(tx), selections: await selectionsFor(tx, ids) })
}

async function looked(tx: Tx, caller: Caller, row: DataSourceRow): Promise<DataSource | undefined> {
  return caller.permissions.has('GOVERNANCE') ? undefined : dataSourceFact(tx, row.id)
}

async function guardrailsOf(tx: Tx, dataSource: DataSource, placement: Placement): Promise<Policy[]> {
  const { policies } = await loadPolicies(tx)
  return policies.filter(policy => policy.kind === 'guardrail' && takesIn(policy, dataSource, placement))
}

function refuseDropping(dropped: readonly Named[], dataSource: string): void {
  if (dropped.length > 0) throw wouldDrop(dropped, dataSource)
}

function wouldDrop(dropped: readonly Named[], dataSource: string): Problem {
  return new Problem('guardrail-would-drop', {
    names: dropped.map(({ name }) => `\`${name}\``).join(', '),
    dataSource,
    guardrails: dropped.map(policy => ({ id: policy.id, name: policy.name })),
  })
}
