/** What several sources say of one person: each its own, the union in force. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { entitlementIndex } from '@headgate/core'
import fc from 'fast-check'
import { sql } from 'kysely'
import { type Actor, act } from '../src/db/act.ts'
import { type AssertingProvider, type Assertion, assertPerson } from '../src/directory/assert.ts'
import { differencesOf } from '../src/live-index/compare.ts'
import { loadFacts } from './support/facts.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
let integration: number
before(async () => {
  server = await testServer()
  admin = server.admin
  integration = await storedIntegration(server)
})
after(() => server.close())

const everything = { attributeKeys: ['team', 'Country'], groupPatterns: ['*'] }

async function provider(name: string, allowed = everything): Promise<AssertingProvider> {
  await admin.identityProviders.create({ body: { name, ...allowed } })
  return { name, ...allowed }
}

function says(from: AssertingProvider, person: number, what: Assertion) {
  const actor: Actor = { type: 'system', userid: from.name, name: from.name, identityProvider: from.name }
  return act(server.db, actor, doing => assertPerson(doing, from, person, what))
}

async function changesSince(sequence: number) {
  const rows = await server.db.kysely
    .selectFrom('fact_change')
    .selectAll()
    .where('id', '>', sequence)
    .orderBy('id')
    .execute()
  return rows.map(({ entity, entity_id, after, cause }) => ({ entity, id: entity_id, isGone: after === null, cause }))
}

async function lastChange(): Promise<number> {
  const { id } = await server.db.kysely
    .selectFrom('fact_change')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirstOrThrow()
  return id
}

test('a value that a provider says too stays held when it is taken away by hand, and the answer says so', async () => {
  const okta = await provider('okta')
  const ann = await server.as([], 'ann')
  const value = { id: ann.id, key: 'team', value: 'risk' }
  await admin.users.addAttribute({ params: value })
  await says(okta, ann.id, { attributes: [{ key: 'team', value: 'risk' }] })
  const begin = await lastChange()
  const answer = await admin.send(`/users/${ann.id}/attributes/team/risk`, { method: 'DELETE' })
  assert.deepEqual([answer.status, answer.headers.get('headgate-still-held-by')], [204, 'okta'])
  // Nothing is otherwise than before, so nothing may be told to be.
  assert.deepEqual(await changesSince(begin), [])
  const { attributes } = await admin.users.get({ params: { id: ann.id } })
  assert.deepEqual(attributes, [{ key: 'team', value: 'risk', source: 'okta' }])
  const facts = (await loadFacts(server.db)).facts.attributes.filter(({ subject }) => 'user' in subject)
  assert.deepEqual(facts, [{ subject: { user: ann.id }, key: 'team', value: 'risk' }])

  await says(okta, ann.id, { attributes: [] })
  const [gone, ...others] = await changesSince(begin)
  assert.deepEqual([gone?.isGone, gone?.cause, others], [true, 'identity-provider', []])
  const repeated = await admin.send(`/users/${ann.id}/attributes/team/risk`, { method: 'DELETE' })
  assert.equal(repeated.headers.get('headgate-still-held-by'), null)
})

test('a group that two sources put a person in is left only when both say so, and explained by who still does', async () => {
  const entra = await provider('entra')
  const ben = await server.as([], 'ben')
  const dataSource = await storeDataSource(server, integration, { name: 'A', scope: 's3://research-data/a/*' })
  await says(entra, ben.id, { groups: ['Analysts'] })
  const { items } = await admin.groups.list({ query: { search: 'Analysts' } })
  const group = items[0]?.id ?? 0
  await admin.groups.addMember({ params: { id: group, userId: ben.id } })
  const who = { when: "@isInGroups('Analysts')" }
  const body = { name: 'P', kind: 'grant' as const, level: 'READ' as const, state: 'active' as const }
  await admin.policies.create({ body: { ...body, appliesTo: { everything: true }, who } })
  const explained = async () => {
    const [why] = (await admin.access.explain({ query: { user: ben.id, dataSource } })).dataSources
    const rule = why?.grants[0]?.rule
    const [fact] = rule?.kind === 'call' ? rule.facts : []
    const said = fact && 'said' in fact ? fact.said : []
    return { verdict: why?.verdict, sources: said.map(({ source }) => source) }
  }
  assert.deepEqual(await explained(), { verdict: 'READ', sources: ['entra', 'local'] })
  await says(entra, ben.id, { groups: [] })
  assert.deepEqual(await explained(), { verdict: 'READ', sources: ['local'] })
  await says(entra, ben.id, { groups: ['Analysts'] })
  const answer = await admin.send(`/groups/${group}/members/${ben.id}`, { method: 'DELETE' })
  assert.equal(answer.headers.get('headgate-still-held-by'), 'entra')
  assert.deepEqual(await explained(), { verdict: 'READ', sources: ['entra'] })
  await says(entra, ben.id, { groups: [] })
  assert.deepEqual(await explained(), { verdict: 'none', sources: [] })
  const { facts, now } = await loadFacts(server.db)
  const { index } = await server.world.index.fresh()
  assert.deepEqual(await differencesOf(index, entitlementIndex(facts, now)), [])
})

test('two providers with a group of one name have a group each, and the second is called by its provider', async () => {
  const [one, two] = [await provider('one'), await provider('two')]
  const [cleo, dan] = [await server.as([], 'cleo'), await server.as([], 'dan')]
  await admin.groups.create({ body: { name: 'Local' } })
  await says(one, cleo.id, { groups: ['Shared', 'local'] })
  await says(two, dan.id, { groups: ['Shared', 'shared'] })
  const groupsOf = async (person: number) =>
    (await admin.users.get({ params: { id: person } })).groups.map(({ name, source }) => [name, source])
  assert.deepEqual(await groupsOf(cleo.id), [
    ['Shared', 'one'],
    ['one/local', 'one'],
  ])
  assert.deepEqual(await groupsOf(dan.id), [['two/Shared', 'two']])
})

test('what a provider may not assert is left out and audited; saying the same again changes nothing', async () => {
  const narrow = await provider('narrow', { attributeKeys: ['Country'], groupPatterns: ['data-*'] })
  const eve = await server.as([], 'eve')
  const groups = ['DATA-eng', 'admins', 'Headgate Marketplace', 'data-\u0000', `data-${'x'.repeat(300)}`]
  const attributes = [
    { key: 'country', value: 'FR' },
    { key: 'team', value: 'risk' },
    { key: 'Country', value: 'Headgate Marketplace Data Product.1' },
    { key: 'Country', value: 'a..b' },
  ]
  const { result: leftOut } = await says(narrow, eve.id, { groups, attributes })
  assert.equal(leftOut.length, 7)
  const seen = await admin.users.get({ params: { id: eve.id } })
  assert.deepEqual(
    [seen.groups.map(({ name }) => name), seen.attributes],
    [['DATA-eng'], [{ key: 'Country', value: 'FR', source: 'narrow' }]],
  )
  const { event } = await server.db.kysely
    .selectFrom('audit_event')
    .select('event')
    .where('target_type', '=', 'USER')
    .orderBy('event_timestamp', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  assert.match(JSON.stringify(event), /IdentityAsserted.*admins/)
  const begin = await lastChange()
  await says(narrow, eve.id, { groups, attributes })
  assert.deepEqual(await changesSince(begin), [])
})

test('thousands of groups are taken in one go', async () => {
  const wide = await provider('wide')
  const fay = await server.as([], 'fay')
  const groups = Array.from({ length: 3000 }, (_, at) => `unit ${at}`)
  await says(wide, fay.id, { groups })
  await says(wide, fay.id, { groups: groups.slice(1) })
  const { count } = await server.db.kysely
    .selectFrom('group_member')
    .where('person_id', '=', fay.id)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(count, 2999)
})

test('however sources come and go, the union is in force and the last word on each fact is true', async () => {
  const both = [await provider('first'), await provider('second')]
  const gus = await server.as([], 'gus')
  const values = ['a', 'b', 'c/d']
  const said = fc.subarray(values)
  const step = fc.oneof(
    fc.record({ by: fc.constantFrom(0, 1), said }),
    fc.record({ local: fc.constantFrom(...values), holds: fc.boolean() }),
  )
  const expected = new Map<string, readonly string[]>([['local', []]])
  const steps = fc.sample(fc.array(step, { minLength: 40, maxLength: 40 }), { numRuns: 1, seed: 7 }).flat()
  for (const one of steps) {
    if ('by' in one) {
      const from = both[one.by] ?? assert.fail()
      await says(from, gus.id, { attributes: one.said.map(value => ({ key: 'team', value })) })
      expected.set(from.name, one.said)
    } else {
      const params = { id: gus.id, key: 'team', value: one.local }
      await (one.holds ? admin.users.addAttribute({ params }) : admin.users.removeAttribute({ params }))
      const others = (expected.get('local') ?? []).filter(value => value !== one.local)
      expected.set('local', one.holds ? [...others, one.local] : others)
    }
    const union = [...new Set([...expected.values()].flat())].sort()
    const { facts } = await loadFacts(server.db)
    const held = facts.attributes.filter(({ subject }) => 'user' in subject && subject.user === gus.id)
    assert.deepEqual(held.map(({ value }) => value).sort(), union)
    const { rows } = await sql<{ id: string }>`
      select entity_id as id from (
        select distinct on (entity_id) entity_id, after from fact_change
        where entity = 'attribute' and entity_id like ${`user/${gus.id}/%`} order by entity_id, id desc
      ) last where after <> 'null'`.execute(server.db.kysely)
    assert.deepEqual(rows.map(({ id }) => id.slice(`user/${gus.id}/team/`.length)).sort(), union)
  }
  const { facts, now } = await loadFacts(server.db)
  const { index } = await server.world.index.fresh()
  assert.deepEqual(await differencesOf(index, entitlementIndex(facts, now)), [])
})

test('no sign-in puts anybody into a group `All Users` that is not the provider’s own', async () => {
  const loud = await provider('loud')
  const gwen = await server.as([], 'gwen')
  await says(loud, gwen.id, { groups: ['ALL USERS', 'all users', 'All\u200bUsers', 'headgate marketplace'] })
  const { groups } = await admin.users.get({ params: { id: gwen.id } })
  assert.deepEqual(groups, [{ ...groups[0], name: 'loud/ALL USERS', source: 'loud' }])
})
