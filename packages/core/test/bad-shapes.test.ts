/** Shapes that grow where one would not expect it. No clock: what is not bounded does not come back within the run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  entitlementIndex,
  type Facts,
  type Policy,
  parseExpression,
  preview,
  whatIsReached,
  whoReaches,
} from '../src/index.ts'
import { now, policyOf, randomOf, worldOf } from './worlds.ts'

const none: Facts = {
  ...worldOf(1),
  users: [],
  groups: [],
  attributes: [],
  principals: [],
  domains: [],
  dataSources: [],
  policies: [],
  selections: [],
  subscriptions: [],
  members: [],
}
const [user, dataSource] = [worldOf(1).users[0]!, worldOf(1).dataSources[0]!]
const users = (count: number) =>
  numbers(count).map(id => ({ id: id as typeof user.id, userid: `u${id}`, disabled: false }))
const sources = (count: number, tags: readonly string[]): Facts['dataSources'] =>
  numbers(count).map(id => ({
    ...dataSource,
    id: id as typeof dataSource.id,
    integration: none.integrations[0]!.id,
    scope: { bucket: 'lake', key: `${id}/`, kind: 'prefix' },
    tags,
    domains: [],
    disabled: false,
  }))

function policy(id: number, tag: string, when: string): Policy {
  const parsed = parseExpression(when)
  assert.ok(parsed.ok)
  const base = policyOf(id, 'grant', randomOf(1))
  return {
    ...base,
    level: 'READ',
    reach: 'global',
    subscribe: 'automatic',
    appliesTo: { any: [{ tag }] },
    who: { when: parsed.expression },
  }
}

test('10,000 policies on a tag of 10,000 data sources', () => {
  const facts: Facts = {
    ...none,
    users: users(10),
    dataSources: sources(10_000, ['Hot']),
    policies: numbers(10_000).map(id => policy(id, 'Hot', `@isUser('u${id}')`)),
  }
  const index = entitlementIndex(facts, now)
  assert.equal(index.bindings.bindings.size, 1)
  assert.equal(whoReaches(index, facts.dataSources[7]!.id).total, 10)
  const changed = policy(3, 'Hot', "@isUser('nobody')")
  assert.equal(index.applyChange({ entity: 'policy', id: changed.id, row: changed }).counts.lost, 10_000)
})

test('a person with 10,000 values, and 10,000 tags under one key', () => {
  const facts: Facts = {
    ...none,
    users: users(2),
    attributes: numbers(10_000).map(at => ({ subject: { user: user.id }, key: 'team', value: `T${at}` })),
    dataSources: sources(10_000, []).map(one => ({ ...one, tags: [`T${one.id}.X`] })),
    policies: [
      policy(1, 'T1', "@isUser('u1')"),
      { ...policy(2, 'T1', "@hasTagAsAttribute('team', 'dataSource')"), appliesTo: { everything: true } },
    ],
  }
  const index = entitlementIndex(facts, now)
  assert.equal(whatIsReached(index, user.id, { limit: 3 }).total, 10_000)
  const lost = index.applyChange({ entity: 'user', id: user.id, row: { ...user, disabled: true } })
  assert.equal(lost.counts.lost, 10_000)
})

test('a group of 100,000 that joins, gains an attribute and goes', () => {
  const people = users(100_000)
  const group = { id: 1 as Facts['groups'][number]['id'], name: 'All of them', users: people.map(({ id }) => id) }
  const facts: Facts = {
    ...none,
    users: people,
    groups: [group],
    dataSources: sources(20, ['Hot']),
    policies: [policy(1, 'Hot', "@hasAttribute('badge') OR @isInGroups('All of them')")],
  }
  const index = entitlementIndex(facts, now)
  const row = { subject: { group: group.id }, key: 'badge', value: 'blue' }
  assert.ok(index.applyChange({ entity: 'attribute', row, holds: true }).isEmpty)
  assert.equal(index.applyChange({ entity: 'group', id: group.id }).counts.lost, 2_000_000)
  assert.equal(preview(index, [{ entity: 'group', id: group.id, row: group }]).movements.gained, 2_000_000)
})

test('a domain of 10,000 data sources that goes and comes back under 1,000 policies', () => {
  const reach = { domain: 'emea' }
  const domain = { name: 'emea', tags: ['Hot'] }
  const facts: Facts = {
    ...none,
    users: users(10),
    domains: [domain],
    dataSources: sources(10_000, ['Hot']),
    policies: numbers(1_000).map(id => ({ ...policy(id, 'Hot', `@isUser('u${id}')`), reach })),
  }
  const index = entitlementIndex(facts, now)
  assert.equal(index.bindings.bindings.size, 1)
  assert.equal(index.applyChange({ entity: 'domain', name: 'emea' }).counts.lost, 100_000)
  assert.equal(preview(index, [{ entity: 'domain', name: 'emea', row: domain }]).movements.gained, 100_000)
})

test('a manual policy with 100,000 subscribers, who stop qualifying and qualify again', () => {
  const people = users(100_000)
  const group = { id: 1 as Facts['groups'][number]['id'], name: 'Staff', users: people.map(({ id }) => id) }
  const [source, other] = sources(2, ['Hot']) as [Facts['dataSources'][number], Facts['dataSources'][number]]
  const row = { subject: { group: group.id }, key: 'badge', value: 'blue' }
  const facts: Facts = {
    ...none,
    users: people,
    groups: [group],
    attributes: [row],
    dataSources: [source, other],
    policies: [{ ...policy(1, 'Hot', "@hasAttribute('badge')"), subscribe: 'manual' }],
    // Every second one, and one on the other data source.
    subscriptions: [
      ...people
        .filter(({ id }) => id % 2 === 0)
        .map(({ id }) => ({ user: id, dataSource: source.id, level: 'READ' as const })),
      { user: user.id, dataSource: other.id, level: 'READ' },
    ],
  }
  const index = entitlementIndex(facts, now)
  assert.equal(whoReaches(index, source.id, { limit: 1 }).total, 50_000)
  const lost = index.applyChange({ entity: 'attribute', row, holds: false })
  assert.deepEqual([lost.counts.lost, [...lost.rows()].length], [50_001, 50_001])
  assert.equal(preview(index, [{ entity: 'attribute', row, holds: true }]).movements.gained, 50_001)
  assert.equal(index.applyChange({ entity: 'attribute', row, holds: true }).counts.gained, 50_001)
})

test('an expression as deep and as long as may be written', () => {
  const deep = `${'NOT ('.repeat(49)}@isUser('u1')${')'.repeat(49)}`
  const long = numbers(200)
    .map(at => `@isUser('u${at}')`)
    .join(' OR ')
  const facts: Facts = {
    ...none,
    users: users(300),
    dataSources: sources(1, ['Hot']),
    policies: [policy(1, 'Hot', deep), policy(2, 'Hot', long)],
  }
  const index = entitlementIndex(facts, now)
  assert.equal(whoReaches(index, facts.dataSources[0]!.id).total, 299 + 1)
})

test('500 data sources, each inside the one before, whose guardrails all go up', () => {
  const nested = sources(500, []).map((one, at) => ({
    ...one,
    scope: { bucket: 'lake', key: 'a/'.repeat(at + 1), kind: 'prefix' as const },
    tags: [`T${at}`],
  }))
  const guard = (id: number): Policy => ({ ...policy(id, `T${id}`, `NOT @isUser('u${id}')`), kind: 'guardrail' })
  const facts: Facts = {
    ...none,
    users: users(600),
    dataSources: nested,
    policies: [
      { ...policy(1000, 'T1', "@isUser('u1')"), appliesTo: { everything: true }, who: { everyone: true } },
      ...numbers(499).map(guard),
    ],
  }
  const index = entitlementIndex(facts, now)
  assert.equal(whoReaches(index, nested[0]!.id, { limit: 1 }).total, 600 - 499)
})

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1)
}
