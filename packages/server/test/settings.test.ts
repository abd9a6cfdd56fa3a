import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import type { Settings } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Client } from '../src/directory/session-cookie.ts'
import { linkForAdmin } from '../src/directory/set-up.ts'
import { startSession } from '../src/directory/start-session.ts'
import { browserAt } from './support/browser.ts'
import { givePassword, password } from './support/password.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

let server: TestServer
beforeEach(async () => {
  server ??= await testServer()
  await sql`insert into identity_provider (name, look_alike, oidc) values ('okta', 'okta', '{}')
    on conflict do nothing`.execute(server.db.kysely)
  await sql`update settings set public_url = null, local_accounts = true, separation_of_duties = false,
    session_idle_minutes = 60, session_hours = 12`.execute(server.db.kysely)
})
after(() => server.close())

const client: Client = { ip: '127.0.0.1', requestId: 'r', userAgent: undefined, protocol: 'http', cookies: {} }

const initial: Settings = {
  publicUrl: null,
  localAccounts: true,
  separationOfDuties: false,
  sessionIdleMinutes: 60,
  sessionHours: 12,
}

async function change(some: Partial<Settings>, by = server.admin): Promise<Settings> {
  const version = (await by.send('/settings')).headers.get('etag') ?? ''
  return by.settings.replace({ body: { ...initial, ...some }, ifMatch: version })
}

test('settings are read and replaced as a whole, by version, and audited', async () => {
  assert.deepEqual(await server.admin.settings.get(), initial)
  const wanted = { ...initial, publicUrl: 'https://headgate.example.com', sessionHours: 8 }
  const version = (await server.admin.send('/settings')).headers.get('etag') ?? ''
  assert.deepEqual(await server.admin.settings.replace({ body: wanted, ifMatch: version }), wanted)
  await refuses(server.admin.settings.replace({ body: initial, ifMatch: version }), 'version-stale', 412)
  assert.deepEqual(await server.admin.settings.get(), wanted)
  const { rows } = await sql<{ event: string }>`
    select event from audit_event where target_type = 'SETTINGS' order by sequence desc limit 1`.execute(
    server.db.kysely,
  )
  const { auditPayload, actor } = JSON.parse(rows[0]?.event ?? '{}')
  assert.deepEqual([auditPayload.before, auditPayload.after, actor.id], [initial, wanted, server.admin.id])
})

test('an auditor reads the settings, and nobody but an application admin changes them', async () => {
  const auditor = await server.as(['AUDIT'])
  assert.deepEqual(await auditor.settings.get(), initial)
  await refuses(change({}, auditor), 'permission-missing', 403)
  await refuses((await server.as(['USER_ADMIN'])).settings.get(), 'permission-missing', 403)
})

test('a setting that makes no sense is refused, and nothing is stored', async () => {
  for (const wrong of [
    { publicUrl: 'headgate.example.com' },
    { publicUrl: 'javascript:alert(1)' },
    { publicUrl: 'https://headgate.example.com/app' },
    { publicUrl: 'https://user:secret@headgate.example.com' },
    { publicUrl: 'https://headgate.example.com?x=1' },
    { publicUrl: '' },
    { sessionIdleMinutes: 0 },
    { sessionIdleMinutes: 1.5 },
    { sessionIdleMinutes: 600, sessionHours: 1 },
    { sessionHours: 10_000 },
    { localAccounts: 'no' as unknown as boolean },
    { other: 1 } as Partial<Settings>,
  ]) {
    await refuses(change(wrong), 'request-invalid', 422)
  }
  assert.deepEqual(await server.admin.settings.get(), initial)
  assert.equal(
    (await change({ publicUrl: 'https://headgate.example.com:8443/' })).publicUrl,
    'https://headgate.example.com:8443',
  )
})

test('the address makes links whole, cookies secure, and its own origin ours', async () => {
  await change({ publicUrl: 'https://headgate.example.com' })
  const person = await server.as(['USER_ADMIN'])
  const link = await server.admin.setUp.link({ params: { id: person.id } })
  assert.equal(link.url, `https://headgate.example.com/app/set-up#${link.token}`)
  const { cookie, csrfToken } = await startSession(server.world, person.id, 'okta', client)
  assert.deepEqual([cookie.name, cookie.options.secure], ['__Host-headgate', true])
  const browser = browserAt(server.url)
  browser.cookies.set(cookie.name, cookie.value)
  Object.assign(browser.headers, { origin: 'https://headgate.example.com', 'x-csrf-token': csrfToken })
  await browser.groups.create({ body: { name: 'behind the address' } })
  browser.headers.origin = 'http://headgate.example.com'
  await refuses(browser.groups.create({ body: { name: 'from elsewhere' } }), 'csrf-refused', 403)
})

test('shorter sessions hold at once for those that go on', async () => {
  const person = await server.as()
  const { session } = await startSession(server.world, person.id, 'okta', client)
  await sql`update sign_in_session set last_seen_at = now() - interval '10 minutes' where id = ${session.sessionId}`.execute(
    server.db.kysely,
  )
  const params = { id: person.id }
  assert.equal((await server.admin.sessions.listOf({ params })).items.length, 1)
  await change({ sessionIdleMinutes: 5 })
  assert.equal((await server.admin.sessions.listOf({ params })).items.length, 0)
})

test('without local accounts no password is taken or given, and the sessions of passwords are over', async () => {
  const person = await server.as([], 'ann')
  await givePassword(server, person)
  const [byPassword, byProvider] = [browserAt(server.url), browserAt(server.url)]
  await byPassword.signIn('ann', password)
  const { cookie } = await startSession(server.world, person.id, 'okta', client)
  byProvider.cookies.set(cookie.name, cookie.value)
  const { token } = await server.admin.setUp.link({ params: { id: (await server.as()).id } })
  await change({ localAccounts: false })
  await refuses(byPassword.session.get(), 'session-ended', 401)
  await byProvider.session.get()
  assert.equal((await server.admin.session.ways()).localAccounts, false)
  for (const userid of ['ann', 'nobody']) {
    await refuses(browserAt(server.url).signIn(userid, password), 'local-accounts-off', 409)
  }
  await refuses(server.admin.setUp.look({ body: { token } }), 'local-accounts-off', 409)
  await refuses(server.admin.setUp.use({ body: { token, password } }), 'local-accounts-off', 409)
  const body = { current: password, password: 'another long walk' }
  await refuses(person.session.changePassword({ body }), 'local-accounts-off', 409)
  // Switched on again, the sessions of before stay over.
  await change({ localAccounts: true })
  await refuses(byPassword.session.get(), 'session-ended', 401)
  await byPassword.signIn('ann', password)
})

test('nobody switches passwords off who came by one, since that would show no other way in', async () => {
  const admin = await server.as(['APPLICATION_ADMIN'], 'app-admin')
  await givePassword(server, admin)
  const browser = browserAt(server.url)
  await browser.signIn('app-admin', password)
  const version = (await server.admin.send('/settings')).headers.get('etag') ?? ''
  const off = { body: { ...initial, localAccounts: false }, ifMatch: version }
  await refuses(browser.settings.replace(off), 'local-accounts-needed', 409)
  const { cookie, csrfToken } = await startSession(server.world, admin.id, 'okta', client)
  const provided = browserAt(server.url)
  provided.cookies.set(cookie.name, cookie.value)
  provided.headers['x-csrf-token'] = csrfToken
  assert.equal((await provided.settings.replace(off)).localAccounts, false)
})

test('with duties kept apart, nobody comes to hold GOVERNANCE and USER_ADMIN together', async () => {
  const admin = await server.as(['APPLICATION_ADMIN'])
  const uma = await server.as(['USER_ADMIN'])
  const both = ['GOVERNANCE', 'USER_ADMIN'] as const
  const disabled = await server.as([...both], 'both-and-disabled')
  await server.admin.users.update({ params: { id: disabled.id }, body: { disabled: true } })
  const refused = await change({ separationOfDuties: true }, admin).then(
    () => assert.fail('switched on'),
    error => error,
  )
  assert.equal(refused.code, 'duties-held-together')
  // Whoever is disabled may be enabled again.
  assert.deepEqual(
    refused.body.users.map(({ userid }: { userid: string }) => userid),
    ['admin', 'both-and-disabled'],
  )
  assert.match(refused.message, /2 people .*`admin`, `both-and-disabled`/)
  await server.admin.users.remove({ params: { id: disabled.id } })
  await uma.users.setPermissions({ params: { id: server.admin.id }, body: { permissions: ['USER_ADMIN'] } })
  await change({ separationOfDuties: true }, admin)

  const body = { permissions: [...both, 'AUDIT' as const] }
  await refuses(uma.users.setPermissions({ params: { id: admin.id }, body }), 'duties-separated', 409)
  await refuses(uma.users.create({ body: { userid: 'new', name: 'New', ...body } }), 'duties-separated', 409)
  assert.deepEqual((await admin.users.me()).permissions, ['APPLICATION_ADMIN'])
  await uma.users.setPermissions({
    params: { id: admin.id },
    body: { permissions: ['APPLICATION_ADMIN', 'GOVERNANCE'] },
  })
  // Not even by a link of whoever holds the machine.
  const token = (await linkForAdmin(server.db)).path.split('#')[1] ?? ''
  const { id } = await admin.setUp.use({ body: { token, password, userid: 'rescue', name: 'Rescue' } })
  const { permissions } = await uma.users.get({ params: { id } })
  assert.ok(permissions.includes('USER_ADMIN') && !permissions.includes('GOVERNANCE'))
  await change({ separationOfDuties: false }, admin)
  await uma.users.setPermissions({ params: { id: server.admin.id }, body })
})

test('of two at the same moment, one who keeps duties apart and one who gives both, one is refused', async () => {
  const person = await server.as(['GOVERNANCE'])
  const uma = await server.as(['USER_ADMIN'])
  await uma.users.setPermissions({ params: { id: server.admin.id }, body: { permissions: ['APPLICATION_ADMIN'] } })
  const both = { permissions: ['GOVERNANCE' as const, 'USER_ADMIN' as const] }
  const results = await Promise.allSettled([
    change({ separationOfDuties: true }),
    uma.users.setPermissions({ params: { id: person.id }, body: both }),
  ])
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
})
