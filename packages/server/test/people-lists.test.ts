/** Lists of people and groups: what they are chosen by, at the size of a company. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer()
  admin = server.admin
})
after(() => server.close())

async function found(query: Parameters<typeof admin.users.list>[0]): Promise<string[]> {
  return (await admin.users.list(query)).items.map(({ userid }) => userid)
}

test('people are found by name in whatever case, form and width, and by nothing but what is there', async () => {
  await admin.users.create({ body: { userid: 'zoe.muller', name: 'Zoë Müller', email: 'Z@Example.com' } })
  await admin.users.create({ body: { userid: 'per_cent', name: '100 %' } })
  for (const search of ['MÜLLER', 'Zoe\u0308 ', 'z@example', 'ｍüller', 'ZOE.M']) {
    assert.deepEqual(await found({ query: { search } }), ['zoe.muller'], search)
  }
  assert.deepEqual(await found({ query: { search: '%' } }), ['per_cent'])
  assert.deepEqual(await found({ query: { search: '％' } }), ['per_cent'])
  assert.deepEqual(await found({ query: { search: 'r_c' } }), ['per_cent'])
  assert.deepEqual(await found({ query: { search: 'zoe.muller Z' } }), [])
})

test('people are chosen by kind, by being disabled, by group and by lacking a principal', async () => {
  const make = (userid: string, kind: 'person' | 'service' = 'person') =>
    admin.users.create({ body: { userid, name: 'Chosen', kind } })
  const [one, two, three] = [await make('chosen-1'), await make('chosen-2', 'service'), await make('chosen-3')]
  await admin.users.update({ params: { id: three.id }, body: { disabled: true } })
  const group = await admin.groups.create({ body: { name: 'Chosen' } })
  await admin.groups.addMember({ params: { id: group.id, userId: two.id } })
  await sql`insert into principal (person_id, kind, identifier) values (${one.id}, 'iamUser', 'arn:one')`.execute(
    server.db.kysely,
  )
  const search = 'chosen'
  assert.deepEqual(await found({ query: { search, kind: 'service' } }), ['chosen-2'])
  assert.deepEqual(await found({ query: { search, disabled: 'true' } }), ['chosen-3'])
  assert.deepEqual(await found({ query: { search, disabled: 'false' } }), ['chosen-1', 'chosen-2'])
  assert.deepEqual(await found({ query: { search, group: group.id } }), ['chosen-2'])
  assert.deepEqual(await found({ query: { search, unmapped: 'true' } }), ['chosen-2', 'chosen-3'])
  assert.deepEqual(await found({ query: { search, unmapped: 'false', integration: 7 } }), ['chosen-1'])
  assert.deepEqual(await found({ query: { search, provider: 'okta' } }), [])
  assert.equal((await found({ query: { search, provider: 'local' } })).length, 3)
  const all = (await admin.groups.list({ query: { search: 'All Users' } })).items[0]
  assert.equal((await found({ query: { search, group: all?.id ?? 0 } })).length, 3)
  const groups = await admin.groups.list({ query: { member: two.id } })
  assert.deepEqual(
    groups.items.map(({ name }) => name),
    ['Chosen'],
  )
  assert.equal((await admin.groups.list({ query: { member: one.id, provider: 'local' } })).total, 0)
  await refuses(admin.users.list({ query: { kind: 'robot' as 'person' } }), 'request-invalid', 422)
})

test('a group is described otherwise, `All Users` is not', async () => {
  const group = await admin.groups.create({ body: { name: 'Described', description: 'first' } })
  const changed = await admin.groups.update({ params: { id: group.id }, body: { description: 'second' } })
  assert.deepEqual([changed.name, changed.description], ['Described', 'second'])
  const all = (await admin.groups.list({ query: { search: 'All Users' } })).items[0]
  const described = admin.groups.update({ params: { id: all?.id ?? 0 }, body: { description: 'x' } })
  await refuses(described, 'group-built-in', 409)
})

test('a page in the middle of 100,000 people is read through the index', async () => {
  await sql`insert into person (userid, name, email, kind)
    select 'crowd-' || lpad(n::text, 6, '0'), 'Person ' || n, n || '@example.com', 'person' from generate_series(1, 100000) n`.execute(
    server.db.kysely,
  )
  await sql`analyze person`.execute(server.db.kysely)
  const plan = await sql<Record<string, string>>`explain select * from person
    where deleted_at is null and userid > 'crowd-050000' order by userid limit 101`.execute(server.db.kysely)
  assert.match(JSON.stringify(plan.rows), /Index Scan using person_userid/)
  const first = await admin.users.list({ query: { search: 'person 5', limit: 1000 } })
  assert.equal(first.total, 11_111)
  const second = await admin.users.list({ query: { search: 'person 5', limit: 1000, cursor: first.next } })
  assert.equal(new Set([...first.items, ...second.items].map(({ id }) => id)).size, 2000)
})
