import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseExpression, printExpression } from '@headgate/core'
import { permissions } from '@headgate/core/api'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { findPersonId, removePerson, replacePermissions, updatePerson } from '../src/db/person.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer()
  admin = server.admin
})
after(() => server.close())

test('a user is made, read, changed and deleted, and the name is free again', async () => {
  const made = await admin.users.create({
    body: { userid: 'ann', name: 'Ann Lee', email: 'ann@example.com', permissions: ['AUDIT', 'GOVERNANCE', 'AUDIT'] },
  })
  assert.deepEqual(made.permissions, ['AUDIT', 'GOVERNANCE'])
  assert.deepEqual(await admin.users.get({ params: { id: made.id } }), made)
  const changed = await admin.users.update({
    params: { id: made.id },
    body: { name: 'Ann', email: null, disabled: true },
  })
  assert.deepEqual([changed.name, changed.email, changed.disabled], ['Ann', undefined, true])
  await refuses(admin.users.create({ body: { userid: 'ann', name: 'Other' } }), 'user-exists', 409)
  await admin.users.remove({ params: { id: made.id } })
  await refuses(admin.users.get({ params: { id: made.id } }), 'user-not-found', 404)
  await refuses(admin.users.remove({ params: { id: made.id } }), 'user-not-found', 404)
  const again = await admin.users.create({ body: { userid: 'ann', name: 'Other' } })
  assert.notEqual(again.id, made.id)
})

test('a user name or group that looks like another is refused, and who that is is said', async () => {
  const made = await admin.users.create({ body: { userid: ' Zoe\u0308.Case', name: 'x' } })
  assert.equal(made.userid, 'Zoë.Case')
  for (const userid of ['zoë.case', 'ZOË.CASE', 'Zoë.Ｃase', 'Zoe\u0308.Case ']) {
    const named = new RegExp(`\`Zoë.Case\` exists already \\(id = ${made.id}\\)`)
    await assert.rejects(admin.users.create({ body: { userid, name: 'x' } }), { code: 'user-exists', message: named })
  }
  await refuses(admin.users.create({ body: { userid: 'Zoë.Сase', name: 'x' } }), 'request-invalid')
  await admin.users.create({ body: { userid: 'сор', name: 'in Cyrillic' } })
  await refuses(admin.users.create({ body: { userid: 'cop', name: 'x' } }), 'user-exists')
  const group = await admin.groups.create({ body: { name: 'Red  Team' } })
  assert.equal(group.name, 'Red Team')
  await refuses(admin.groups.create({ body: { name: 'RED team' } }), 'group-exists')
  await refuses(admin.groups.create({ body: { name: 'Red\u2066 Team' } }), 'request-invalid')
})

test('names of before that clash stay apart: whoever is spelt so is meant, else the first, and whoever is left takes its place', async () => {
  const { kysely } = server.db
  const first = await admin.users.create({ body: { userid: 'twin', name: 'First' } })
  const { rows } = await sql<{ id: number }>`
    insert into person (userid, name, kind, twin) values ('TWIN', 'Second', 'person', 1) returning id`.execute(kysely)
  const second = rows[0]?.id
  const meant = () => Promise.all(['twin', 'TWIN', 'Twin'].map(userid => findPersonId(kysely, userid)))
  assert.deepEqual(await meant(), [first.id, second, first.id])
  await admin.users.remove({ params: { id: first.id } })
  assert.deepEqual(await meant(), [second, second, second])
  await refuses(admin.users.create({ body: { userid: 'twin', name: 'Third' } }), 'user-exists')
})

test('an expression finds a value however its accents are written', async () => {
  const dora = await admin.users.create({ body: { userid: 'dora.nfd', name: 'Dora' } })
  await admin.users.addAttribute({ params: { id: dora.id, key: 'ville', value: 'Orle\u0301ans' } })
  assert.deepEqual((await admin.users.get({ params: { id: dora.id } })).attributes, [
    { key: 'ville', value: 'Orléans', source: 'local' },
  ])
  const parsed = parseExpression("@hasAttribute('ville', 'Orle\u0301ans')")
  assert.ok(parsed.ok && printExpression(parsed.expression) === "@hasAttribute('ville', 'Orléans')")
  await admin.users.removeAttribute({ params: { id: dora.id, key: 'ville', value: 'Orle\u0301ans' } })
  assert.deepEqual((await admin.users.get({ params: { id: dora.id } })).attributes, [])
})

test('nobody changes what Headgate knows of themselves', async () => {
  const me = { id: admin.id }
  const group = await admin.groups.create({ body: { name: 'not mine' } })
  const mine = await admin.groups.create({ body: { name: 'mine' } })
  const other = await server.as(['USER_ADMIN'])
  await other.groups.addMember({ params: { id: mine.id, userId: admin.id } })
  const everyone = (await admin.groups.list({ query: { search: 'All Users' } })).items[0]
  const attribute = { key: 'team', value: 'red' }
  const attempts = [
    () => admin.users.update({ params: me, body: { name: 'Better' } }),
    () => admin.users.update({ params: me, body: { disabled: true } }),
    () => admin.users.remove({ params: me }),
    () => admin.users.setPermissions({ params: me, body: { permissions: [...permissions] } }),
    () => admin.users.setPrincipals({ params: me, body: [] }),
    () => admin.users.addAttribute({ params: { ...me, ...attribute } }),
    () => admin.users.removeAttribute({ params: { ...me, ...attribute } }),
    () => admin.groups.addMember({ params: { id: group.id, userId: admin.id } }),
    () => admin.groups.removeMember({ params: { id: mine.id, userId: admin.id } }),
    () => admin.groups.addAttribute({ params: { id: mine.id, ...attribute } }),
    () => admin.groups.removeAttribute({ params: { id: mine.id, ...attribute } }),
    () => admin.groups.remove({ params: { id: mine.id } }),
    () => admin.groups.addAttribute({ params: { id: everyone?.id ?? 0, ...attribute } }),
  ]
  for (const attempt of attempts) await refuses(attempt(), 'self-change', 403)
  const unchanged = await admin.users.me()
  assert.equal(unchanged.name, 'First Admin')
  assert.deepEqual(unchanged.attributes, [])
})

test('two user admins cannot remove each other at the same moment', async t => {
  const own = await testServer()
  t.after(own.close)
  for (let round = 0; round < 5; round += 1) {
    const other = await own.as(['USER_ADMIN'])
    const demote = (by: TestPerson, id: number) =>
      by.users.setPermissions({ params: { id }, body: { permissions: [] } })
    const results = await Promise.allSettled([demote(own.admin, other.id), demote(other, own.admin.id)])
    assert.ok(results.filter(result => result.status === 'fulfilled').length <= 1)
    const { items } = await other.users.list().catch(() => own.admin.users.list())
    const admins = items.filter(user => user.permissions.includes('USER_ADMIN'))
    assert.ok(admins.length >= 1)
    if (admins.every(user => user.id !== own.admin.id)) return
  }
})

test('the last user admin stays, whoever asks', async t => {
  const own = await testServer()
  t.after(own.close)
  const { id } = own.admin
  const sleeping = await own.as(['USER_ADMIN'])
  await own.admin.users.update({ params: { id: sleeping.id }, body: { disabled: true } })
  await refuses(
    act(own.db, system, doing => removePerson(doing, id)),
    'last-admin',
  )
  await refuses(
    act(own.db, system, doing => updatePerson(doing, id, { disabled: true })),
    'last-admin',
  )
  await refuses(
    act(own.db, system, doing => replacePermissions(doing, id, ['AUDIT'])),
    'last-admin',
  )
  await own.admin.users.update({ params: { id: sleeping.id }, body: { disabled: false } })
  await sleeping.users.remove({ params: { id } })
})

test('disabling shuts a person out at once, enabling lets them back in; both are facts', async () => {
  const bob = await server.as([])
  const disable = await admin.send(`/users/${bob.id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{"disabled": true}',
  })
  const sequence = Number(disable.headers.get('headgate-sequence'))
  await refuses(bob.users.me(), 'key-invalid', 401)
  const fact = await server.db.kysely
    .selectFrom('fact_change')
    .selectAll()
    .where('id', '=', sequence)
    .executeTakeFirst()
  assert.deepEqual([fact?.entity, fact?.entity_id, fact?.cause], ['user', String(bob.id), 'user-disabled'])
  assert.equal(fact?.actor_id, admin.id)
  await admin.users.update({ params: { id: bob.id }, body: { disabled: false } })
  assert.equal((await bob.users.me()).disabled, false)
})

test('a change that changes nothing is neither a fact nor an event', async () => {
  const bob = await server.as(['AUDIT'])
  const count = async () => {
    const facts = await server.db.kysely.selectFrom('fact_change').select('id').execute()
    const events = await server.db.kysely.selectFrom('audit_event').select('id').execute()
    return [facts.length, events.length]
  }
  const before = await count()
  await admin.users.update({ params: { id: bob.id }, body: { disabled: false } })
  await admin.users.setPermissions({ params: { id: bob.id }, body: { permissions: ['AUDIT'] } })
  await admin.users.setPrincipals({ params: { id: bob.id }, body: [] })
  await admin.users.removeAttribute({ params: { id: bob.id, key: 'a', value: 'b' } })
  assert.deepEqual(await count(), before)
})

test('deleting a person takes everything that could let them in, and keeps the history', async () => {
  const carl = await server.as(['AUDIT'], 'carl')
  const group = await admin.groups.create({ body: { name: 'carls' } })
  await admin.groups.addMember({ params: { id: group.id, userId: carl.id } })
  await admin.users.addAttribute({ params: { id: carl.id, key: 'team', value: 'red.dark' } })
  const arn = 'arn:aws:iam::123456789012:role/carl'
  await admin.users.setPrincipals({ params: { id: carl.id }, body: [{ kind: 'iamRole', identifier: arn }] })
  await admin.users.remove({ params: { id: carl.id } })
  await refuses(carl.users.me(), 'key-invalid', 401)
  assert.equal((await admin.groups.get({ params: { id: group.id } })).members, 0)
  const facts = await server.db.kysely
    .selectFrom('fact_change')
    .select('entity')
    .where('cause', '=', 'user-deleted')
    .where(sql<boolean>`after = 'null'`)
    .orderBy('id')
    .execute()
  assert.deepEqual(
    facts.slice(-4).map(fact => fact.entity),
    ['principal', 'groupMember', 'attribute', 'user'],
  )
  const { userid } = await server.as([], 'carl')
  assert.equal(userid, 'carl')
  const heir = await server.as([])
  await admin.users.setPrincipals({ params: { id: heir.id }, body: [{ kind: 'iamRole', identifier: arn }] })
})

test('attributes are values under keys, given once and taken back', async () => {
  const dora = await server.as([])
  const params = { id: dora.id, key: 'Bereich/ä "x"', value: 'Finance.Payroll & more' }
  await admin.users.addAttribute({ params })
  await admin.users.addAttribute({ params })
  const { key, value } = params
  assert.deepEqual((await dora.users.me()).attributes, [{ key, value, source: 'local' }])
  await admin.users.removeAttribute({ params })
  assert.deepEqual((await dora.users.me()).attributes, [])
  await refuses(admin.users.addAttribute({ params: { ...params, value: 'a..b' } }), 'request-invalid', 422)
  await refuses(admin.users.addAttribute({ params: { ...params, id: 999_999 } }), 'user-not-found', 404)
})

test('a value from another source is left alone', async () => {
  const dora = await server.as([])
  const row = { person_id: dora.id, key: 'team', value: 'red', source: 'okta' }
  await server.db.kysely.insertInto('person_attribute').values(row).execute()
  await admin.users.removeAttribute({ params: { id: dora.id, key: 'team', value: 'red' } })
  assert.deepEqual((await dora.users.me()).attributes, [{ key: 'team', value: 'red', source: 'okta' }])
})

test('names of the marketplace are reserved everywhere, however they are dressed up', async () => {
  const dora = await server.as([])
  const reserved = [
    'Headgate Marketplace',
    'Headgate Marketplace Data Product',
    'Headgate Marketplace Data Product.7',
    'headgate marketplace',
    'Ｈeadgate  Marketplace',
  ]
  for (const name of reserved) {
    await refuses(admin.tags.create({ body: { name } }), 'name-reserved', 422)
    await refuses(admin.tags.remove({ params: { name } }), 'name-reserved')
    await refuses(admin.groups.create({ body: { name } }), 'name-reserved')
    await refuses(admin.users.create({ body: { userid: name, name: 'x' } }), 'name-reserved')
    await refuses(admin.users.addAttribute({ params: { id: dora.id, key: name, value: 'x' } }), 'name-reserved')
    await refuses(admin.users.addAttribute({ params: { id: dora.id, key: 'x', value: name } }), 'name-reserved')
    await refuses(admin.users.removeAttribute({ params: { id: dora.id, key: name, value: 'x' } }), 'name-reserved')
  }
  const disguised = { id: dora.id, key: 'x', value: 'Неаdgate Маrketрlасе' }
  await refuses(admin.users.addAttribute({ params: disguised }), 'name-reserved')
  await refuses(admin.tags.create({ body: { name: 'Head\u200bgate Marketplace' } }), 'request-invalid')
})

test('a group has members and attributes; everyone sees them counted', async () => {
  const group = await admin.groups.create({ body: { name: 'Analysts', description: 'who analyse' } })
  const [eve, finn] = [await server.as([], 'eve'), await server.as([], 'finn')]
  for (const { id } of [finn, eve, eve]) await admin.groups.addMember({ params: { id: group.id, userId: id } })
  await admin.groups.addAttribute({ params: { id: group.id, key: 'team', value: 'red' } })
  const read = await admin.groups.get({ params: { id: group.id } })
  assert.deepEqual([read.members, read.attributes], [2, [{ key: 'team', value: 'red', source: 'local' }]])
  const { items } = await admin.groups.members({ params: { id: group.id } })
  assert.deepEqual(
    items.map(item => [item.userid, item.source]),
    [
      ['eve', 'local'],
      ['finn', 'local'],
    ],
  )
  assert.deepEqual((await eve.users.me()).groups, [{ id: group.id, name: 'Analysts', source: 'local' }])
  await admin.groups.removeMember({ params: { id: group.id, userId: eve.id } })
  await admin.groups.removeMember({ params: { id: group.id, userId: eve.id } })
  await admin.groups.removeAttribute({ params: { id: group.id, key: 'team', value: 'red' } })
  assert.equal((await admin.groups.get({ params: { id: group.id } })).members, 1)
  await refuses(admin.groups.create({ body: { name: 'Analysts' } }), 'group-exists', 409)
  await admin.groups.remove({ params: { id: group.id } })
  await refuses(admin.groups.get({ params: { id: group.id } }), 'group-not-found', 404)
  assert.deepEqual((await finn.users.me()).groups, [])
})

test('All Users is built in: everyone is in it, nobody is put in, and it stays', async () => {
  const all = (await admin.groups.list({ query: { search: 'All Users' } })).items[0]
  assert.ok(all)
  const { total } = await admin.users.list()
  assert.equal(all.members, total)
  assert.equal((await admin.groups.members({ params: { id: all.id } })).total, total)
  const zoe = await server.as([])
  await refuses(admin.groups.create({ body: { name: 'All Users' } }), 'group-exists', 409)
  await refuses(admin.groups.remove({ params: { id: all.id } }), 'group-built-in', 409)
  await refuses(admin.groups.addMember({ params: { id: all.id, userId: zoe.id } }), 'group-built-in')
  await refuses(admin.groups.removeMember({ params: { id: all.id, userId: zoe.id } }), 'group-built-in')
})

test('people see themselves; others only with a permission to', async () => {
  const gil = await server.as([])
  assert.equal((await gil.users.get({ params: { id: gil.id } })).id, gil.id)
  await refuses(gil.users.get({ params: { id: admin.id } }), 'permission-missing', 403)
  await refuses(gil.users.get({ params: { id: 999_999 } }), 'permission-missing', 403)
  const auditor = await server.as(['AUDIT'])
  assert.equal((await auditor.users.get({ params: { id: gil.id } })).userid, gil.userid)
})
