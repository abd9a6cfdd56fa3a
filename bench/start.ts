/**
 * A cold start, core's part: the index built from rows in memory. What the server adds is reading them.
 *
 * The process's memory is that of the rows and the index together, after the rows' own generation.
 */
import { entitlementIndex } from '@headgate/core'
import { type Bench, milliseconds } from './lib/report.ts'
import { now, worldOf } from './lib/world.ts'

export function measure(smoke: boolean): Bench {
  const [users, dataSources, values] = smoke ? [300, 300, 2] : [100_000, 100_000, 9]
  const facts = worldOf({ users, dataSources, values })
  const before = process.memoryUsage().rss
  const { ms, result: index } = milliseconds(() => entitlementIndex(facts, now))
  const [first] = index.bindings.sources.values()
  const asked = milliseconds(() => first && index.standing(first).read.size)
  const { rss } = process.memoryUsage()
  const MiB = 2 ** 20
  const accounted = Object.values(index.memory()).reduce((sum, one) => sum + one, 0)
  return {
    settings: {
      users,
      dataSources,
      attributeValues: facts.attributes.length,
      policies: facts.policies.length,
      part: 'core',
    },
    figures: [
      { name: 'index built from rows', value: ms / 1000, unit: 's', better: 'lower', ...(smoke ? {} : { reach: 10 }) },
      { name: 'first question answered', value: asked.ms, unit: 'ms', better: 'lower' },
      {
        name: 'memory of the process, rows included',
        value: rss / MiB,
        unit: 'MiB',
        better: 'lower',
        ...(smoke ? {} : { reach: 1536 }),
      },
      { name: 'of which came with the index', value: (rss - before) / MiB, unit: 'MiB', better: 'lower' },
      { name: 'index, as it accounts for itself', value: accounted / MiB, unit: 'MiB', better: 'lower' },
    ],
  }
}
