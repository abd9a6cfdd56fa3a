/** Terminals signed in through a browser: one key, for whoever asked, from whoever approved, and for nobody else. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Caller, caller } from '@headgate/core/api'
import { sql } from 'kysely'
import { refuses } from './support/refuses.ts'
import { personAt, type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
before(async () => {
  server = await testServer()
})
after(() => server.close())

const begin = () => nobody().deviceSignIns.begin({ body: { device: 'ann’s laptop' } })
const poll = (deviceCode: string) => nobody().deviceSignIns.poll({ body: { deviceCode } })

/** As a terminal: without any key. */
function nobody(): Caller {
  return caller((path, init) => fetch(server.url + path, init))
}

function withKey(person: TestPerson, key: string): TestPerson {
  return personAt(server.url, { id: person.id, userid: person.userid, key })
}

test('approved, the terminal gets a key of its own once, which ends and is told of', async () => {
  const ann = await server.as([], 'ann')
  const { deviceCode, userCode, path } = await begin()
  assert.match(userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  assert.equal(path, '/app/device')
  assert.deepEqual(await poll(deviceCode), { state: 'waiting' })
  const typed = userCode.toLowerCase().replace('-', ' ')
  const { device, ip } = await ann.deviceSignIns.look({ body: { userCode: typed } })
  assert.deepEqual([device, ip], ['ann’s laptop', '127.0.0.1'])
  await ann.deviceSignIns.decide({ body: { userCode: typed, verdict: 'approve', days: 7 } })

  const answers = await Promise.allSettled(Array.from({ length: 8 }, () => poll(deviceCode)))
  const got = answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
  assert.equal(got.length, 1, 'one of eight that come at once')
  const [approved] = got
  assert.ok(approved?.state === 'approved')
  assert.equal(approved.user.userid, 'ann')
  const left = Date.parse(approved.expiresAt) - Date.now()
  assert.ok(left > 6.9 * 86_400_000 && left < 7.1 * 86_400_000)
  assert.equal((await withKey(ann, approved.key).users.me()).userid, 'ann')
  await refuses(poll(deviceCode), 'device-sign-in-not-found', 404)

  const { items } = await server.admin.audit.list({ query: { limit: 50 } })
  const told = items.map(({ auditPayload }) => auditPayload.type)
  assert.ok(told.includes('DeviceSignInApproved') && told.includes('ApiKeyCreated'))
  assert.ok(!JSON.stringify(items).includes(approved.key))
  await withKey(ann, approved.key).apiKeys.revoke({ params: { id: approved.keyId } })
  await refuses(withKey(ann, approved.key).users.me(), 'key-invalid', 401)
})

test('denied, decided twice, unknown or expired: no key', async () => {
  const bob = await server.as([], 'bob')
  const denied = await begin()
  await bob.deviceSignIns.decide({ body: { userCode: denied.userCode, verdict: 'deny' } })
  assert.deepEqual(await poll(denied.deviceCode), { state: 'denied' })
  const again = { userCode: denied.userCode, verdict: 'approve' } as const
  await refuses(bob.deviceSignIns.decide({ body: again }), 'device-sign-in-not-found', 404)
  await refuses(bob.deviceSignIns.look({ body: { userCode: 'BBBB-BBBB' } }), 'device-sign-in-not-found', 404)
  await refuses(poll('hgd_made-up'), 'device-sign-in-not-found', 404)

  for (const isApproved of [false, true]) {
    const late = await begin()
    if (isApproved) await bob.deviceSignIns.decide({ body: { userCode: late.userCode, verdict: 'approve' } })
    await sql`update device_sign_in set expires_at = now() - interval '1 second'`.execute(server.db.kysely)
    await refuses(poll(late.deviceCode), 'device-sign-in-not-found', 404)
    await refuses(bob.deviceSignIns.look({ body: { userCode: late.userCode } }), 'device-sign-in-not-found', 404)
  }
  assert.equal((await bob.apiKeys.list()).items.length, 1)
})

test('whoever approves by a key that is narrowed or ends lets in no more and no longer', async () => {
  const soon = new Date(Date.now() + 3_600_000).toISOString()
  const made = await server.admin.apiKeys.create({ body: { name: 'narrow', permissions: ['AUDIT'], expiresAt: soon } })
  const { deviceCode, userCode } = await begin()
  await withKey(server.admin, made.key).deviceSignIns.decide({ body: { userCode, verdict: 'approve', days: 365 } })
  const approved = await poll(deviceCode)
  assert.ok(approved.state === 'approved')
  assert.equal(approved.expiresAt, soon)
  assert.deepEqual((await withKey(server.admin, approved.key).session.get()).permissions, ['AUDIT'])
})

test('disabled or deleted before the terminal comes for it: no key', async () => {
  const cy = await server.as([], 'cy')
  const { id } = cy
  const { deviceCode, userCode } = await begin()
  await cy.deviceSignIns.decide({ body: { userCode, verdict: 'approve' } })
  await server.admin.users.update({ params: { id }, body: { disabled: true } })
  await refuses(poll(deviceCode), 'user-disabled', 409)
  await server.admin.users.remove({ params: { id } })
  await refuses(poll(deviceCode), 'user-not-found', 404)
  const { rows } = await sql`select 1 from api_key where name like 'headgate login%' and person_id = ${id}`.execute(
    server.db.kysely,
  )
  assert.deepEqual(rows, [])
})

test('codes are not tried out, and terminals do not ask without end', async () => {
  const eve = await server.as([], 'eve')
  const wrong = () => eve.deviceSignIns.look({ body: { userCode: 'CCCC-CCCC' } })
  for (let times = 0; times < 20; times++) await refuses(wrong(), 'device-sign-in-not-found', 404)
  await refuses(wrong(), 'rate-limited', 429)
  const asked = await Promise.allSettled(Array.from({ length: 61 }, begin))
  assert.ok(asked.some(({ status }) => status === 'rejected'))
})

test('what is stored lets nobody in', async () => {
  await sql`delete from sign_in_attempt`.execute(server.db.kysely)
  const { deviceCode } = await begin()
  const { rows } = await sql`select * from device_sign_in`.execute(server.db.kysely)
  const stored = JSON.stringify(rows, (_, value) => (Buffer.isBuffer(value) ? value.toString('base64url') : value))
  assert.ok(!stored.includes(deviceCode.slice(4)))
})
