/** One data source with all that bears on who reaches it: members, binding policies, audience, grants by state. */
import { bindingPolicies, type DataSourceId, type Facts } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { presentDataSources } from '../db/data-source.ts'
import { loadFacts } from '../db/facts.ts'
import { countGrants } from '../db/grant-list.ts'
import { listMembers } from '../db/member.ts'
import type { Db } from '../db/open.ts'
import type { Caller } from '../http/serve.ts'
import { whoReaches } from './reach.ts'
import { readDataSource } from './visibility.ts'

type Description = z.input<typeof api.dataSources.get.response>

/** Who only reaches it sees of its members themselves alone. Throws Problem `data-source-not-found`. */
export async function describeDataSource(db: Db, caller: Caller, id: number): Promise<Description> {
  return db.snapshot(async tx => {
    const { row, sees } = await readDataSource(tx, caller, id)
    const { facts, now } = await loadFacts(tx, { accountId: row.account_id, region: row.region })
    const [shown] = await presentDataSources(tx, [row])
    if (!shown) throw new Problem('data-source-not-found', { id })
    return {
      ...shown,
      members: await listMembers(tx, id, sees === 'all' ? undefined : caller.id),
      policies: policiesOf(facts, id as DataSourceId),
      audience: whoReaches(facts, now, id as DataSourceId).length,
      grants: await countGrants(tx, id),
    }
  })
}

function policiesOf(facts: Facts, id: DataSourceId): Description['policies'] {
  const names = new Map(facts.dataSources.map(dataSource => [dataSource.id, dataSource.name]))
  const { grants, guardrails } = bindingPolicies(facts, id)
  const shown: (typeof guardrails)[number][] = [...grants, ...guardrails]
  return shown.map(({ policy, via }) => ({
    id: policy.id,
    name: policy.name,
    kind: policy.kind,
    level: policy.level,
    ...(via === undefined ? {} : { via: { id: via, name: names.get(via) ?? String(via) } }),
  }))
}
