/**
 * What only a governor may do: take a data source out of a guardrail's reach (02).
 *
 * Owners tag what they own, and guardrails go by tags: without this, whoever a guardrail holds back could untag it away.
 */
import { bindingPolicies, type DataSourceId, type Facts, type Policy } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import type { DataSourceRow } from '../db/data-source.ts'
import { loadFacts } from '../db/facts.ts'
import type { Caller } from '../http/serve.ts'

/** Nothing for governors. Throws Problem `guardrail-would-drop`. The row must be locked. */
export async function keepGuardrails(
  tx: Tx,
  caller: Caller,
  row: DataSourceRow,
  removed: readonly string[],
): Promise<void> {
  if (caller.permissions.has('GOVERNANCE')) return
  // Of people, this one alone: which guardrails bind has nothing to do with people.
  const realm = { accountId: row.account_id, region: row.region, personId: caller.id }
  const { facts } = await loadFacts(tx, realm)
  const id = row.id as DataSourceId
  const staying = new Set(ownGuardrails(withoutTags(facts, id, removed), id).map(policy => policy.id))
  const dropped = ownGuardrails(facts, id).filter(policy => !staying.has(policy.id))
  if (dropped.length === 0) return
  throw new Problem('guardrail-would-drop', {
    names: dropped.map(({ name }) => `\`${name}\``).join(', '),
    dataSource: row.name,
    guardrails: dropped.map(policy => ({ id: policy.id, name: policy.name })),
  })
}

function ownGuardrails(facts: Facts, id: DataSourceId): Policy[] {
  return bindingPolicies(facts, id).guardrails.flatMap(({ policy, via }) => (via === undefined ? [policy] : []))
}

function withoutTags(facts: Facts, id: DataSourceId, removed: readonly string[]): Facts {
  const gone = new Set(removed)
  const dataSources = facts.dataSources.map(one =>
    one.id === id ? { ...one, tags: one.tags.filter(tag => !gone.has(tag)) } : one,
  )
  return { ...facts, dataSources }
}
