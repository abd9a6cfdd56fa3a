/** One change of the facts to the exact difference of the entitlements, and whether the index is right afterwards. */
import {
  type Change,
  type DataSource,
  type EntitlementIndex,
  entitlementIndex,
  entitlementsOf,
  type Facts,
  type Member,
  type Policy,
} from '@headgate/core'
import { randomOf } from './lib/random.ts'
import { type Bench, type Figure, milliseconds, spreadOf } from './lib/report.ts'
import { now, plain, whenOf, worldOf } from './lib/world.ts'

export function measure(smoke: boolean): Bench {
  const [users, dataSources, times] = smoke ? [500, 500, 20] : [100_000, 100_000, 1000]
  const facts = worldOf({ users, dataSources })
  const index = entitlementIndex(facts, now)
  const figures: Figure[] = []
  for (const [kind, change] of Object.entries(changesOf(facts))) {
    const random = randomOf(7)
    const isPolicy = kind === 'policy'
    const took: number[] = []
    let moved = 0
    for (let at = 0; at < (isPolicy ? Math.min(times, 20) : times); at++) {
      const one = change(random)
      const { ms, result } = milliseconds(() => index.applyChange(one))
      took.push(ms)
      moved += Object.values(result.counts).reduce((sum, count) => sum + count, 0)
    }
    const { median, p99, max } = spreadOf(took)
    figures.push(
      { name: `${kind}: p99`, value: p99, unit: 'ms', better: 'lower', ...(isPolicy || smoke ? {} : { reach: 5 }) },
      { name: `${kind}: median`, value: median, unit: 'ms', better: 'lower' },
      { name: `${kind}: slowest`, value: max, unit: 'ms', better: 'lower' },
      {
        name: `${kind}: entitlements moved, on average`,
        value: moved / took.length,
        unit: 'entitlements',
        better: 'higher',
      },
    )
  }
  figures.push({
    name: 'equal to a full recompute (small world)',
    value: isRight() ? 1 : 0,
    unit: '1 = yes',
    reach: 1,
    better: 'higher',
  })
  const bytes = Object.values(index.memory()).reduce((sum, one) => sum + one, 0)
  figures.push({ name: 'index, as it accounts for itself', value: bytes / 2 ** 20, unit: 'MiB', better: 'lower' })
  return {
    settings: {
      users,
      dataSources,
      policies: facts.policies.length,
      times,
      bindings: index.bindings.bindings.size,
      formulas: index.formulas.count,
    },
    figures,
  }
}

type Random = ReturnType<typeof randomOf>

function changesOf(facts: Facts): Record<string, (random: Random) => Change> {
  const team = (random: Random) => `D${random.below(20)}.T${random.below(10)}.S${random.below(5)}`
  let members = facts.members.length
  return {
    'attribute of a person': random => {
      const row = { subject: { user: random.pick(facts.users).id }, key: 'team', value: team(random) }
      return { entity: 'attribute', row, holds: random.chance(0.6) }
    },
    'attribute under NOT and in a guardrail': random => {
      const row = {
        subject: { user: random.pick(facts.users).id },
        key: random.chance(0.5) ? 'contractor' : 'training',
        value: random.chance(0.5) ? 'yes' : 'privacy',
      }
      return { entity: 'attribute', row, holds: random.chance(0.5) }
    },
    'membership of a group': random => ({
      entity: 'groupMember',
      group: random.pick(facts.groups).id,
      user: random.pick(facts.users).id,
      holds: random.chance(0.5),
    }),
    'person disabled or enabled': random => {
      const row = random.pick(facts.users)
      return { entity: 'user', id: row.id, row: { ...row, disabled: random.chance(0.5) } }
    },
    'tags of a data source': random => {
      const row: DataSource = {
        ...random.pick(facts.dataSources),
        tags: [team(random), ...(random.chance(0.3) ? ['Secret'] : [])],
      }
      return { entity: 'dataSource', id: row.id, row }
    },
    'member added': random => {
      const id = ++members as Member['id']
      const row: Member = {
        id,
        dataSource: random.pick(facts.dataSources).id,
        subject: { user: random.pick(facts.users).id },
        level: 'READ',
      }
      return { entity: 'member', id, row }
    },
    policy: random => {
      const row: Policy = {
        id: 99 as Policy['id'],
        version: random.below(1_000_000),
        name: 'changing',
        kind: 'grant',
        level: 'READ',
        ...plain,
        appliesTo: { any: [{ tag: `D${random.below(20)}` }] },
        who: whenOf(`@isInGroups('Group ${1 + random.below(16)}')`),
      }
      return { entity: 'policy', id: row.id, row }
    },
  }
}

/** The same kinds of change on a small world, each compared with an index built anew. */
function isRight(): boolean {
  const facts = worldOf({ users: 120, dataSources: 150 })
  const index = entitlementIndex(facts, now)
  const random = randomOf(11)
  let rows = facts
  for (const change of Object.values(changesOf(facts))) {
    const one = change(random)
    index.applyChange(one)
    rows = withRow(rows, one)
    if (textOf(index, rows) !== textOf(entitlementIndex(rows, now), rows)) return false
  }
  return true
}

function textOf(index: EntitlementIndex, { dataSources }: Facts): string {
  return JSON.stringify(dataSources.map(({ id }) => entitlementsOf(index, id)))
}

function withRow(facts: Facts, change: Change): Facts {
  const others = <Row extends { readonly id: unknown }>(list: readonly Row[], row: Row) => [
    ...list.filter(({ id }) => id !== row.id),
    row,
  ]
  switch (change.entity) {
    case 'attribute': {
      const text = JSON.stringify(change.row)
      const rest = facts.attributes.filter(row => JSON.stringify(row) !== text)
      return { ...facts, attributes: change.holds ? [...rest, change.row] : rest }
    }
    case 'groupMember': {
      const groups = facts.groups.map(group => {
        if (group.id !== change.group) return group
        const users = group.users.filter(user => user !== change.user)
        return { ...group, users: change.holds ? [...users, change.user] : users }
      })
      return { ...facts, groups }
    }
    case 'user':
      return { ...facts, users: others(facts.users, change.row!) }
    case 'dataSource':
      return { ...facts, dataSources: others(facts.dataSources, change.row!) }
    case 'member':
      return { ...facts, members: others(facts.members, change.row!) }
    case 'policy':
      return { ...facts, policies: others(facts.policies, change.row!) }
    default:
      throw new TypeError(`no such change here: ${change.entity}`)
  }
}
