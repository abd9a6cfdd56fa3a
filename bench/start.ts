/**
 * A cold start: a process of its own, from nothing to an index that follows the database and answers. PostgreSQL is the
 * embedded one, without fsync, filled beforehand, with its caches as filling left them.
 *
 * Serving besides is opening a port. Core's part, the index built from rows in memory, is measured by itself.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { entitlementIndex, type Facts } from '@headgate/core'
import { testDatabase } from '../packages/server/test/support/database.ts'
import type { Started } from '../packages/server/test/support/started-index.ts'
import { fillFacts, storable } from './lib/filled-facts.ts'
import { type Bench, type Figure, milliseconds, spreadOf } from './lib/report.ts'
import { now, worldOf } from './lib/world.ts'

const MiB = 2 ** 20

export async function measure(smoke: boolean): Promise<Bench> {
  const [users, dataSources, values, times] = smoke ? [300, 300, 2, 1] : [100_000, 100_000, 9, 3]
  const facts = storable(worldOf({ users, dataSources, values }))
  const database = await testDatabase()
  try {
    await fillFacts(database.db, facts)
    const starts: (Started & { readonly wholeMs: number })[] = []
    for (let at = 0; at < times; at++) starts.push(await startOnce(database.url))
    const [started] = starts
    if (started?.dataSources !== dataSources || started.people < users)
      throw new Error('the server read something else')
    const worst = (of: (one: (typeof starts)[number]) => number) => spreadOf(starts.map(of)).max
    const reach = (figure: number) => (smoke ? {} : { reach: figure })
    return {
      settings: {
        users,
        dataSources,
        attributeValues: facts.attributes.length,
        policies: facts.policies.length,
        times,
      },
      figures: [
        {
          name: 'from the start of the process to the first answer, slowest',
          value: worst(one => one.wholeMs) / 1000,
          unit: 's',
          better: 'lower',
          ...reach(10),
        },
        {
          name: 'the same, median',
          value: spreadOf(starts.map(one => one.wholeMs)).median / 1000,
          unit: 's',
          better: 'lower',
        },
        {
          name: 'of which filling the index from PostgreSQL, slowest',
          value: worst(one => one.fillMs) / 1000,
          unit: 's',
          better: 'lower',
        },
        {
          name: 'CPU of the process until then, without PostgreSQL, median',
          value: spreadOf(starts.map(one => one.cpuMs)).median / 1000,
          unit: 's',
          better: 'lower',
        },
        {
          name: 'of which the first answer, slowest',
          value: worst(one => one.firstAnswerMs),
          unit: 'ms',
          better: 'lower',
        },
        {
          name: 'memory of the process at its highest',
          value: worst(one => one.highestMiB),
          unit: 'MiB',
          better: 'lower',
          ...reach(1536),
        },
        ...ofCore(facts),
      ],
    }
  } finally {
    await database.close()
  }
}

async function startOnce(url: string): Promise<Started & { readonly wholeMs: number }> {
  const begun = performance.now()
  const child = fork(fileURLToPath(new URL('../packages/server/test/support/started-index.ts', import.meta.url)), [url])
  const [started] = (await once(child, 'message')) as [Started]
  const wholeMs = performance.now() - begun
  if (child.exitCode === null) await once(child, 'exit')
  return { ...started, wholeMs }
}

function ofCore(facts: Facts): Figure[] {
  const { ms, result: index } = milliseconds(() => entitlementIndex(facts, now))
  const accounted = Object.values(index.memory()).reduce((sum, one) => sum + one, 0)
  return [
    { name: 'core alone: index built from rows in memory', value: ms / 1000, unit: 's', better: 'lower' },
    { name: 'index, as it accounts for itself', value: accounted / MiB, unit: 'MiB', better: 'lower' },
  ]
}
