/**
 * The preview of a policy over everything: aggregates, grants and the first page of rows. By the index alone, and asked of
 * a server over HTTP, which rehearses the write in its database first; PostgreSQL is the embedded one, without fsync.
 */
import assert from 'node:assert/strict'
import { entitlementIndex, type Policy, preview } from '@headgate/core'
import { testServer } from '../packages/server/test/support/server.ts'
import { fillFacts, storable } from './lib/filled-facts.ts'
import { type Bench, type Figure, milliseconds, spreadOf } from './lib/report.ts'
import { now, plain, whenOf, worldOf } from './lib/world.ts'

interface Size {
  readonly users: number
  readonly dataSources: number
  readonly times: number
}

const kinds = ['grant', 'guardrail'] as const

type Took = Readonly<Record<(typeof kinds)[number], number[]>>

export async function measure(smoke: boolean): Promise<Bench> {
  const size: Size = smoke
    ? { users: 300, dataSources: 300, times: 3 }
    : { users: 10_000, dataSources: 10_000, times: 15 }
  const reach = smoke ? {} : { reach: 300 }
  const { took, cpu, moved, policies } = ofIndex(size)
  const average = {
    name: 'entitlements gained or lost, on average',
    value: moved / size.times / 2,
    unit: 'entitlements',
    better: 'higher',
  } as const
  return {
    settings: { ...size, policies },
    figures: [
      ...figuresOf('', took, reach),
      // What it would take with a core to itself: neighbours do not count, nor do other threads that collect garbage.
      ...figuresOf(', CPU of its thread', cpu, {}),
      average,
      ...figuresOf(' over HTTP', await overHttp(size), reach),
    ],
  }
}

function figuresOf(how: string, took: Took, reach: { readonly reach?: number }): Figure[] {
  return kinds.flatMap(kind => {
    const name = `new ${kind} policy over everything${how}`
    const all = took[kind]
    // The first one also computes the audiences that later ones share.
    const { median, max } = spreadOf(all.slice(1))
    return [
      { name: `${name}: slowest but the first`, value: max, unit: 'ms', better: 'lower', ...reach },
      { name: `${name}: median`, value: median, unit: 'ms', better: 'lower', ...reach },
      { name: `${name}: the first, cold`, value: all[0]!, unit: 'ms', better: 'lower' },
    ] as const
  })
}

function ofIndex({ users, dataSources, times }: Size) {
  const index = entitlementIndex(worldOf({ users, dataSources }), now)
  const took: Took = { grant: [], guardrail: [] }
  const cpu: Took = { grant: [], guardrail: [] }
  let moved = 0
  for (let at = 0; at < times; at++) {
    for (const kind of kinds) {
      const row: Policy = {
        id: 99 as Policy['id'],
        version: at + 1,
        name: 'over everything',
        kind,
        level: 'READ',
        ...plain,
        appliesTo: { everything: true },
        who: whenOf(conditionOf(at)),
      }
      const before = process.threadCpuUsage()
      const { ms, result } = milliseconds(() => preview(index, [{ entity: 'policy', id: row.id, row }]))
      const { user, system } = process.threadCpuUsage(before)
      took[kind].push(ms)
      cpu[kind].push((user + system) / 1000)
      moved += result.movements.gained + result.movements.lost
    }
  }
  return { took, cpu, moved, policies: index.bindings.policies.size }
}

async function overHttp({ users, dataSources, times }: Size): Promise<Took> {
  const server = await testServer({ fill: db => fillFacts(db, storable(worldOf({ users, dataSources }))) })
  try {
    const took: Took = { grant: [], guardrail: [] }
    for (let at = 0; at < times; at++) {
      for (const kind of kinds) {
        const policy = {
          name: 'over everything',
          kind,
          level: 'READ' as const,
          appliesTo: { everything: true as const },
          who: { when: conditionOf(at) },
        }
        const begun = performance.now()
        const { total } = await server.admin.previews.make({ body: { changes: [{ change: 'createPolicy', policy }] } })
        took[kind].push(performance.now() - begun)
        assert.ok(total > 0, 'the preview is of nothing')
      }
    }
    return took
  } finally {
    await server.close()
  }
}

function conditionOf(at: number): string {
  return `@hasAttribute('country', 'FR') AND NOT @isInGroups('Group ${1 + (at % 16)}')`
}
