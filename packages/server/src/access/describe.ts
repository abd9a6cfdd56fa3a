/** One data source with all that bears on who reaches it: members, binding policies, audience, grants by state. */
import type { DataSourceId, EntitlementIndex, Policy } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { presentDataSources } from '../db/data-source-view.ts'
import { countGrants, countHeld } from '../db/grant-list.ts'
import { listMembers } from '../db/member.ts'
import type { Caller } from '../http/serve.ts'
import type { World } from '../world.ts'
import { peopleReaching } from './reach.ts'
import { readDataSource } from './visibility.ts'
import { whyApplies } from './why-applies.ts'

type Reads = Pick<World, 'db' | 'index'>
type Description = z.input<typeof api.dataSources.get.response>

/** Who only reaches it sees of its members themselves alone. Throws Problem `data-source-not-found`. */
export async function describeDataSource(world: Reads, caller: Caller, id: number): Promise<Description> {
  const { index } = await world.index.fresh()
  const policies = policiesOf(index, id as DataSourceId)
  const audience = peopleReaching(index, id as DataSourceId).length
  return world.db.snapshot(async tx => {
    const { row, sees } = await readDataSource(tx, index, caller, id)
    const [shown] = await presentDataSources(tx, [row])
    if (!shown) throw new Problem('data-source-not-found', { id })
    return {
      ...shown,
      members: await listMembers(tx, id, sees === 'all' ? undefined : caller.id),
      policies,
      audience,
      grants: await countGrants(tx, id),
      heldGrants: await countHeld(tx, id),
    }
  })
}

/** Grant policies, then guardrails, those of covered data sources among them; by id. */
function policiesOf({ bindings }: EntitlementIndex, id: DataSourceId): Description['policies'] {
  const asked = bindings.sources.get(id)
  if (!asked) return []
  const of = (kind: Policy['kind'], source: typeof asked) =>
    bindings.policiesOn(source.row).flatMap(policy => (policy.kind === kind ? [{ policy, on: source }] : []))
  const guardrails = [asked, ...bindings.covered(asked)].flatMap(source => of('guardrail', source))
  guardrails.sort((a, b) => a.policy.id - b.policy.id || viaOf(a.on) - viaOf(b.on))
  return [...of('grant', asked), ...guardrails].map(({ policy, on }) => ({
    id: policy.id,
    name: policy.name,
    kind: policy.kind,
    level: policy.level,
    subscribe: policy.subscribe,
    discoverable: policy.discoverable,
    why: whyApplies(policy, on.row, bindings.placement),
    ...(on === asked ? {} : { via: { id: on.id, name: on.row.name } }),
  }))

  function viaOf(source: typeof asked): number {
    return source === asked ? 0 : (source?.id ?? 0)
  }
}
