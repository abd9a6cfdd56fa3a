/**
 * What only a governor may do: take a data source out of a guardrail's reach (02), by its tags or by removing it.
 *
 * Owners tag and remove what they own, and guardrails go by tags and bind whatever covers what they bind: without this,
 * whoever a guardrail holds back could untag it away, or remove the inner data source and read it through the outer.
 * Disabling drops nothing: the guardrails of a disabled data source bind as before.
 */
import { type DataSource, type Policy, placementIndex, takesIn } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import type { DataSourceRow } from '../db/data-source.ts'
import { activeCovering } from '../db/data-source-registration.ts'
import { dataSourceFact } from '../db/facts.ts'
import { loadPolicies } from '../db/policy-facts.ts'
import type { Caller } from '../http/serve.ts'

/** Before tags are removed. Nothing for governors. Throws Problem `guardrail-would-drop`. The row must be locked. */
export async function keepGuardrails(
  tx: Tx,
  caller: Caller,
  row: DataSourceRow,
  removed: readonly string[],
): Promise<void> {
  const before = await looked(tx, caller, row)
  if (!before) return
  const gone = new Set(removed)
  const after = { ...before, tags: before.tags.filter(tag => !gone.has(tag)) }
  const bound = await guardrailsOf(tx, before)
  refuseDropping(
    bound.filter(policy => !takesIn(policy, after, placement)),
    row.name,
  )
}

/** Before a data source goes for good: then its guardrails no longer bind what covers it. As `keepGuardrails`. */
export async function keepGuardrailsAbove(tx: Tx, caller: Caller, row: DataSourceRow): Promise<void> {
  const before = await looked(tx, caller, row)
  if (!before) return
  const [outer] = await activeCovering(tx, row)
  if (outer) refuseDropping(await guardrailsOf(tx, before), outer.name)
}

const placement = placementIndex({ domains: [], selections: [] })

async function looked(tx: Tx, caller: Caller, row: DataSourceRow): Promise<DataSource | undefined> {
  return caller.permissions.has('GOVERNANCE') ? undefined : dataSourceFact(tx, row.id)
}

async function guardrailsOf(tx: Tx, dataSource: DataSource): Promise<Policy[]> {
  const { policies } = await loadPolicies(tx)
  return policies.filter(policy => policy.kind === 'guardrail' && takesIn(policy, dataSource, placement))
}

function refuseDropping(dropped: readonly Policy[], dataSource: string): void {
  if (dropped.length === 0) return
  throw new Problem('guardrail-would-drop', {
    names: dropped.map(({ name }) => `\`${name}\``).join(', '),
    dataSource,
    guardrails: dropped.map(policy => ({ id: policy.id, name: policy.name })),
  })
}
