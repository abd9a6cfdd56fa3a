import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { refuses } from './support/refuses.ts'
import { personAt, type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
const logged: string[] = []
before(async () => {
  server = await testServer({ log: pino({ level: 'trace' }, { write: line => void logged.push(line) }) })
  admin = server.admin
})
after(() => server.close())

/** The same person with another key. */
function withKey(person: TestPerson, key: string): TestPerson {
  return personAt(server.url, { id: person.id, userid: person.userid, key })
}

test('a key is shown once, works, and stops working when revoked', async () => {
  const made = await admin.apiKeys.create({ body: { name: 'laptop' } })
  assert.match(made.key, /^hg_[\w-]{43}$/)
  const again = withKey(admin, made.key)
  assert.equal((await again.users.me()).id, admin.id)
  const { items } = await again.apiKeys.list()
  const listed = items.find(item => item.id === made.id)
  assert.ok(listed?.lastUsedAt)
  assert.equal('key' in (listed ?? {}), false)
  await again.apiKeys.revoke({ params: { id: made.id } })
  await refuses(again.users.me(), 'key-invalid', 401)
  await refuses(admin.apiKeys.revoke({ params: { id: made.id } }), 'api-key-not-found', 404)
  assert.equal(
    (await admin.apiKeys.list()).items.some(item => item.id === made.id),
    false,
  )
})

test('no key, a wrong key and an expired key are refused', async () => {
  const soon = new Date(Date.now() + 60_000).toISOString()
  const { key, id } = await admin.apiKeys.create({ body: { name: 'short', expiresAt: soon } })
  assert.equal((await withKey(admin, key).users.me()).id, admin.id)
  await server.db.kysely.updateTable('api_key').set({ expires_at: new Date() }).where('id', '=', id).execute()
  await refuses(withKey(admin, key).users.me(), 'key-invalid', 401)
  for (const wrong of [
    'hg_',
    `hg_${'A'.repeat(43)}`,
    `${admin.key}x`,
    admin.key.slice(0, -1),
    'Basic YTpi',
    '\u00e4',
  ]) {
    await refuses(withKey(admin, wrong).users.me(), 'key-invalid', 401)
  }
  for (const authorization of ['', 'Bearer', 'Bearer ', '   ']) {
    const answer = await fetch(`${server.url}/users/me`, { headers: { authorization } })
    assert.equal(answer.status, 401)
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
    const told = (await answer.json()) as { code: string }
    assert.match(told.code, /^key-(missing|invalid)$/)
  }
  const none = await fetch(`${server.url}/users/me`)
  assert.equal(((await none.json()) as { code: string }).code, 'key-missing')
})

test('the end of a key lies in the future', async () => {
  const expiresAt = '2020-01-01T00:00:00+02:00'
  await refuses(admin.apiKeys.create({ body: { name: 'late', expiresAt } }), 'request-invalid', 422)
})

test('a narrowed key may do less than its owner, and makes no key that may do more', async () => {
  const narrow = await admin.apiKeys.create({ body: { name: 'narrow', permissions: ['AUDIT'] } })
  assert.deepEqual(narrow.permissions, ['AUDIT'])
  const auditor = withKey(admin, narrow.key)
  await auditor.users.list()
  await refuses(auditor.tags.create({ body: { name: 'X' } }), 'permission-missing', 403)
  await refuses(
    auditor.apiKeys.create({ body: { name: 'wide', permissions: ['GOVERNANCE'] } }),
    'permission-missing',
    403,
  )
  const child = await auditor.apiKeys.create({ body: { name: 'child' } })
  assert.deepEqual(child.permissions, ['AUDIT'])
  await refuses(withKey(admin, child.key).tags.create({ body: { name: 'X' } }), 'permission-missing', 403)
})

// A key that was to end made itself one that did not.
test('a key that ends makes no key that lasts longer', async () => {
  const soon = new Date(Date.now() + 3_600_000).toISOString()
  const later = new Date(Date.now() + 7_200_000).toISOString()
  const ending = withKey(admin, (await admin.apiKeys.create({ body: { name: 'ending', expiresAt: soon } })).key)
  const made = async (more: { expiresAt?: string; userId?: number }) =>
    (await ending.apiKeys.create({ body: { name: 'child', ...more } })).expiresAt
  assert.equal(await made({}), soon)
  assert.equal(await made({ expiresAt: later }), soon)
  assert.equal(await made({ userId: (await server.as()).id }), soon)
  const sooner = new Date(Date.now() + 1_800_000).toISOString()
  assert.equal(await made({ expiresAt: sooner }), sooner)
})

test('a key narrowed to what its owner does not hold gives nothing', async () => {
  const bob = await server.as([])
  const made = await admin.apiKeys.create({ body: { name: 'for bob', permissions: ['GOVERNANCE'], userId: bob.id } })
  await refuses(withKey(bob, made.key).tags.create({ body: { name: 'X' } }), 'permission-missing', 403)
})

test('a key for somebody else needs USER_ADMIN and holds no more than its maker', async () => {
  const maker = await server.as(['USER_ADMIN', 'AUDIT'])
  const governor = await server.as(['GOVERNANCE', 'AUDIT'])
  const made = await maker.apiKeys.create({ body: { name: 'lent', userId: governor.id } })
  assert.deepEqual(made.permissions, ['AUDIT', 'USER_ADMIN'])
  const lent = withKey(governor, made.key)
  assert.equal((await lent.users.me()).id, governor.id)
  await refuses(lent.tags.create({ body: { name: 'X' } }), 'permission-missing', 403)
  await refuses(governor.apiKeys.create({ body: { name: 'x', userId: maker.id } }), 'permission-missing', 403)
  await refuses(maker.apiKeys.create({ body: { name: 'x', userId: 999_999 } }), 'user-not-found', 404)
})

test("another person's key is not there, unless for a user admin", async () => {
  const bob = await server.as([])
  const carl = await server.as([])
  const [key] = (await bob.apiKeys.list()).items
  assert.ok(key)
  await refuses(carl.apiKeys.revoke({ params: { id: key.id } }), 'api-key-not-found', 404)
  assert.equal((await carl.apiKeys.list()).items.length, 1)
  await admin.apiKeys.revoke({ params: { id: key.id } })
  await refuses(bob.users.me(), 'key-invalid', 401)
})

test('the time of last use is written at most once a minute', async () => {
  const bob = await server.as([])
  const lastUsed = async () => (await bob.apiKeys.list()).items[0]?.lastUsedAt
  await bob.users.me()
  const first = await lastUsed()
  assert.ok(first)
  await bob.users.me()
  assert.equal(await lastUsed(), first)
  const longAgo = new Date(Date.now() - 3_600_000)
  await server.db.kysely.updateTable('api_key').set({ last_used_at: longAgo }).where('person_id', '=', bob.id).execute()
  await bob.users.me()
  assert.ok(Date.parse((await lastUsed()) ?? '') > longAgo.getTime())
})

test('a key stands in no table and in no log', async () => {
  const { key } = await admin.apiKeys.create({ body: { name: 'secret' } })
  const bob = await server.as([])
  await withKey(admin, key).users.list()
  await withKey(admin, key).send('/nowhere')
  await withKey(admin, key).send('/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{',
  })
  await fetch(`${server.url}/users/me`, { headers: { authorization: `Bearer ${key}x` } })
  assert.ok(logged.length > 0)
  for (const secret of [key, admin.key, bob.key]) {
    assert.equal(logged.filter(line => line.includes(secret.slice(3))).length, 0)
    for (const table of ['api_key', 'audit_event', 'fact_change', 'person'] as const) {
      const rows = await server.db.kysely.selectFrom(table).selectAll().execute()
      assert.equal(JSON.stringify(rows).includes(secret.slice(3)), false)
    }
  }
})
