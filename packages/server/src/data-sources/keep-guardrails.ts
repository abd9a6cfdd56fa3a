/**
 * What only a governor may do: take a data source out of a guardrail's reach (02).
 *
 * Owners tag what they own, and guardrails go by tags: without this, whoever a guardrail holds back could untag it away.
 */
import { takesIn } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import type { DataSourceRow } from '../db/data-source.ts'
import { dataSourceFact } from '../db/facts.ts'
import { loadPolicies } from '../db/policy-facts.ts'
import type { Caller } from '../http/serve.ts'

/** Nothing for governors. Throws Problem `guardrail-would-drop`. The row must be locked. */
export async function keepGuardrails(
  tx: Tx,
  caller: Caller,
  row: DataSourceRow,
  removed: readonly string[],
): Promise<void> {
  if (caller.permissions.has('GOVERNANCE')) return
  const before = await dataSourceFact(tx, row.id)
  if (!before) return
  const gone = new Set(removed)
  const after = { ...before, tags: before.tags.filter(tag => !gone.has(tag)) }
  const guardrails = (await loadPolicies(tx)).policies.filter(({ kind }) => kind === 'guardrail')
  const dropped = guardrails.filter(({ appliesTo }) => takesIn(appliesTo, before) && !takesIn(appliesTo, after))
  if (dropped.length === 0) return
  throw new Problem('guardrail-would-drop', {
    names: dropped.map(({ name }) => `\`${name}\``).join(', '),
    dataSource: row.name,
    guardrails: dropped.map(policy => ({ id: policy.id, name: policy.name })),
  })
}
