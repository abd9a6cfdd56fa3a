/** The preview of a policy over everything: aggregates, grants and the first page of rows. */
import { entitlementIndex, type Policy, preview } from '@headgate/core'
import { type Bench, milliseconds, spreadOf } from './lib/report.ts'
import { now, plain, whenOf, worldOf } from './lib/world.ts'

export function measure(smoke: boolean): Bench {
  const [users, dataSources, times] = smoke ? [300, 300, 3] : [10_000, 10_000, 15]
  const index = entitlementIndex(worldOf({ users, dataSources }), now)
  const took = { grant: [] as number[], guardrail: [] as number[] }
  let moved = 0
  for (let at = 0; at < times; at++) {
    for (const kind of ['grant', 'guardrail'] as const) {
      const row: Policy = {
        id: 99 as Policy['id'],
        version: at + 1,
        name: 'over everything',
        kind,
        level: 'READ',
        ...plain,
        appliesTo: { everything: true },
        who: whenOf(`@hasAttribute('country', 'FR') AND NOT @isInGroups('Group ${1 + (at % 16)}')`),
      }
      const { ms, result } = milliseconds(() => preview(index, [{ entity: 'policy', id: row.id, row }]))
      took[kind].push(ms)
      moved += result.movements.gained + result.movements.lost
    }
  }
  const reach = smoke ? {} : { reach: 300 }
  const figures = Object.entries(took).flatMap(([kind, all]) => {
    // The first one also computes the audiences that later ones share.
    const { median, max } = spreadOf(all.slice(1))
    return [
      {
        name: `new ${kind} policy over everything: slowest but the first`,
        value: max,
        unit: 'ms',
        better: 'lower',
        ...reach,
      },
      { name: `new ${kind} policy over everything: median`, value: median, unit: 'ms', better: 'lower' },
      { name: `new ${kind} policy over everything: the first, cold`, value: all[0]!, unit: 'ms', better: 'lower' },
    ] as const
  })
  const average = {
    name: 'entitlements gained or lost, on average',
    value: moved / times / 2,
    unit: 'entitlements',
    better: 'higher',
  } as const
  return {
    settings: { users, dataSources, times, policies: index.bindings.policies.size },
    figures: [...figures, average],
  }
}
