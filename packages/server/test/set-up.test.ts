import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { permissions } from '@headgate/core/api'
import { sql } from 'kysely'
import { pino } from 'pino'
import { adminLink } from '../src/admin-link.ts'
import { readConfig } from '../src/config.ts'
import { firstAdminKey, firstSetUpLink } from '../src/directory/first-admin.ts'
import type { Client } from '../src/directory/session-cookie.ts'
import { linkForAdmin } from '../src/directory/set-up.ts'
import { startSession } from '../src/directory/start-session.ts'
import { startServer } from '../src/start-server.ts'
import { browserAt } from './support/browser.ts'
import { testDatabase } from './support/database.ts'
import { givePassword, password } from './support/password.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

let server: TestServer
before(async () => {
  server = await testServer()
})
after(() => server.close())

const tokenOf = ({ path }: { path: string }) => path.split('#')[1] ?? ''

test('a link sets a password once, and tells before whose', async () => {
  const ann = await server.as([], 'ann')
  const link = await server.admin.setUp.link({ params: { id: ann.id } })
  assert.equal(link.path, `/app/set-up#${link.token}`)
  assert.equal(link.url, undefined)
  const look = await server.admin.setUp.look({ body: { token: link.token } })
  assert.deepEqual(look, { kind: 'person', userid: 'ann', name: 'Name of ann', expiresAt: link.expiresAt })
  const used = await server.admin.setUp.use({ body: { token: link.token, password } })
  assert.deepEqual(used, { id: ann.id, userid: 'ann' })
  const browser = browserAt(server.url)
  await browser.signIn('ann', password)
  const replay = { token: link.token, password: 'chosen by somebody else' }
  await refuses(server.admin.setUp.use({ body: replay }), 'set-up-link-invalid', 404)
  await refuses(server.admin.setUp.look({ body: { token: link.token } }), 'set-up-link-invalid', 404)
  await browser.session.get()
})

test('of two who use a link at the same moment, one does', async () => {
  const bea = await server.as([], 'bea')
  const { token } = await server.admin.setUp.link({ params: { id: bea.id } })
  const passwords = ['the first of the two', 'the second of the two']
  const results = await Promise.allSettled(
    passwords.map(chosen => server.admin.setUp.use({ body: { token, password: chosen } })),
  )
  const won = results.findIndex(({ status }) => status === 'fulfilled')
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  await browserAt(server.url).signIn('bea', passwords[won] ?? '')
})

test('a refused password leaves the link as it was', async () => {
  const cid = await server.as([], 'cid')
  const { token } = await server.admin.setUp.link({ params: { id: cid.id } })
  await refuses(server.admin.setUp.use({ body: { token, password: 'short' } }), 'password-refused', 422)
  await refuses(server.admin.setUp.use({ body: { token, password, userid: 'x' } }), 'request-invalid', 422)
  await server.admin.setUp.use({ body: { token, password } })
})

test('a link that is replaced, expired, tampered with, or of somebody disabled or deleted is none', async () => {
  const dot = await server.as([], 'dot')
  const params = { id: dot.id }
  const use = (token: string) => server.admin.setUp.use({ body: { token, password } })
  const older = await server.admin.setUp.link({ params })
  const newer = await server.admin.setUp.link({ params })
  await refuses(use(older.token), 'set-up-link-invalid', 404)
  await refuses(use(`${newer.token}x`), 'set-up-link-invalid', 404)
  await sql`update set_up_link set expires_at = now() where person_id = ${dot.id}`.execute(server.db.kysely)
  await refuses(use(newer.token), 'set-up-link-invalid', 404)
  const third = await server.admin.setUp.link({ params })
  await server.admin.users.update({ params, body: { disabled: true } })
  await refuses(server.admin.setUp.link({ params }), 'user-disabled', 409)
  await server.admin.users.update({ params, body: { disabled: false } })
  await refuses(use(third.token), 'set-up-link-invalid', 404)
  const fourth = await server.admin.setUp.link({ params })
  await server.admin.users.remove({ params })
  await refuses(use(fourth.token), 'set-up-link-invalid', 404)
  await refuses(server.admin.setUp.link({ params }), 'user-not-found', 404)
})

test('using a link ends every session of the person', async () => {
  const eve = await server.as([], 'eve')
  await givePassword(server, eve)
  const browser = browserAt(server.url)
  await browser.signIn('eve', password)
  await givePassword(server, eve, 'a new way to walk')
  await refuses(browser.session.get(), 'session-ended', 401)
})

test('nobody makes a link for themselves, nor one that would take over more than they hold', async () => {
  const uma = await server.as(['USER_ADMIN'], 'uma')
  const gus = await server.admin.users.create({ body: { userid: 'gus', name: 'Gus', permissions: ['GOVERNANCE'] } })
  const params = { id: gus.id }
  await refuses(uma.setUp.link({ params: { id: uma.id } }), 'self-change', 403)
  await refuses((await server.as(['GOVERNANCE'])).setUp.link({ params: { id: uma.id } }), 'permission-missing', 403)
  // Nobody has come in as him: the first password may be given.
  await givePassword({ admin: uma }, gus)
  await refuses(uma.setUp.link({ params }), 'permission-missing', 403)
  await server.admin.setUp.link({ params })
  await givePassword({ admin: uma }, await server.as([], 'plain'))
})

// Only whoever had a password was protected: the first admin, who begins with a key, was not.
test('whoever comes in by a key or through a provider is not taken over either', async () => {
  const una = await server.as(['USER_ADMIN'], 'una')
  const byKey = await server.as(['GOVERNANCE'], 'by-key')
  await refuses(una.setUp.link({ params: { id: byKey.id } }), 'permission-missing', 403)
  const body = { userid: 'by-provider', name: 'By Provider', permissions: ['GOVERNANCE'] as const }
  const byProvider = await server.admin.users.create({ body: { ...body, permissions: [...body.permissions] } })
  const { id } = await server.admin.identityProviders.create({ body: { name: 'somewhere' } })
  await server.admin.identityProviders.link({ params: { id, userId: byProvider.id }, body: { subject: 'x' } })
  await refuses(una.setUp.link({ params: { id: byProvider.id } }), 'permission-missing', 403)
  // Nor whoever came in by a way that is no more.
  const client: Client = { ip: '127.0.0.1', requestId: 'r', userAgent: undefined, protocol: 'http', cookies: {} }
  await startSession(server.world, byProvider.id, 'local', client)
  await server.admin.identityProviders.remove({ params: { id }, query: { force: 'true' } })
  await refuses(una.setUp.link({ params: { id: byProvider.id } }), 'permission-missing', 403)
})

test('a link is over once the person has come to hold more, or has another password', async () => {
  const uli = await server.as(['USER_ADMIN'], 'uli')
  const pat = await server.as([], 'pat')
  const params = { id: pat.id }
  await givePassword(server, pat)
  const made = await uli.setUp.link({ params })
  await server.admin.users.setPermissions({ params, body: { permissions: ['GOVERNANCE'] } })
  await refuses(server.admin.setUp.use({ body: { token: made.token, password } }), 'set-up-link-invalid', 404)
  await server.admin.users.setPermissions({ params, body: { permissions: [] } })
  const kept = await uli.setUp.link({ params })
  await pat.session.changePassword({ body: { current: password, password: 'another long walk' } })
  await refuses(server.admin.setUp.use({ body: { token: kept.token, password } }), 'set-up-link-invalid', 404)
})

test('whoever signs in through a provider is given no password, which would be a way round it', async () => {
  const pia = await server.as([], 'pia')
  await sql`insert into identity_provider (name, look_alike, oidc) values ('okta', 'okta', '{}')`.execute(
    server.db.kysely,
  )
  await sql`update person set provider = 'okta' where id = ${pia.id}`.execute(server.db.kysely)
  await refuses(server.admin.setUp.link({ params: { id: pia.id } }), 'user-of-provider', 409)
  await sql`update identity_provider set enabled = false`.execute(server.db.kysely)
  await givePassword(server, pia)
})

test('each start offers one link until the first admin has come in, and the log never has it', async () => {
  const database = await testDatabase()
  const config = readConfig({
    DATABASE_URL: database.url,
    HEADGATE_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
    HEADGATE_PORT: '0',
    HEADGATE_AWS_ENDPOINT: 'http://127.0.0.1:9',
  })
  const logged: string[] = []
  const log = pino({ level: 'trace' }, { write: line => void logged.push(line) })
  const started = await startServer(config, { log })
  try {
    const replaced = (await started.setUpLink()) ?? assert.fail('no link')
    const link = (await started.setUpLink()) ?? assert.fail('no link')
    assert.ok(link.startsWith(`${started.url}/app/set-up#hgl_`))
    const api = browserAt(started.url)
    const body = { token: tokenOf({ path: link }), password, userid: 'first', name: 'First' }
    await refuses(api.setUp.look({ body: { token: tokenOf({ path: replaced }) } }), 'set-up-link-invalid', 404)
    assert.equal((await api.setUp.look({ body: { token: body.token } })).kind, 'first-admin')
    await api.setUp.use({ body })
    assert.equal((await api.signIn('first', password)).permissions.length, permissions.length)
    assert.equal(await started.setUpLink(), undefined)
    assert.ok(logged.length > 0)
    assert.equal(logged.join().includes('hgl_'), false)
  } finally {
    await started.close()
    await database.close()
  }
})

test('a link for an admin makes one who may do everything, under the name that they choose', async () => {
  const link = await linkForAdmin(server.db)
  const token = tokenOf(link)
  assert.equal((await server.admin.setUp.look({ body: { token } })).kind, 'first-admin')
  for (const body of [
    { token, password },
    { token, password, userid: 'ada' },
    { token, password, userid: '', name: 'Ada' },
  ]) {
    await refuses(server.admin.setUp.use({ body }), 'request-invalid', 422)
  }
  const names = { userid: 'Headgate Marketplace', name: 'Ada' }
  await refuses(server.admin.setUp.use({ body: { token, password, ...names } }), 'name-reserved', 422)
  await refuses(server.admin.setUp.use({ body: { token, password, userid: 'ann', name: 'Ada' } }), 'user-exists', 409)
  await server.admin.setUp.use({ body: { token, password, userid: 'ada', name: 'Ada Lovelace' } })
  const session = await browserAt(server.url).signIn('ada', password)
  assert.deepEqual(session.permissions, [...permissions].sort())
  assert.deepEqual(session.user.name, 'Ada Lovelace')
})

test('who was made so that a program could begin takes the name that the link is used with, and keeps the key', async () => {
  const fresh = await testServer()
  try {
    // The test's own admin is such a person.
    const link = await firstSetUpLink(fresh.db)
    assert.ok(link)
    assert.deepEqual(await fresh.admin.session.ways(), { localAccounts: true, needsSetUp: true })
    const body = { token: tokenOf(link), password, userid: 'lin', name: 'Lin Oh' }
    assert.deepEqual(await fresh.admin.setUp.use({ body }), { id: fresh.admin.id, userid: 'lin' })
    assert.deepEqual(await fresh.admin.session.ways(), { localAccounts: true, needsSetUp: false })
    assert.deepEqual((await fresh.admin.users.me()).userid, 'lin')
    await browserAt(fresh.url).signIn('lin', password)
    assert.equal(await firstSetUpLink(fresh.db), undefined)
  } finally {
    await fresh.close()
  }
})

test('a deployment in use is offered no link at its start', async () => {
  await server.as([], 'another')
  assert.equal(await firstSetUpLink(server.db), undefined)
  assert.ok(await firstAdminKey(server.db))
})

test('whoever holds the machine gets a link beside the running server, also where passwords are off', async () => {
  const config = readConfig({ DATABASE_URL: server.databaseUrl, HEADGATE_ENCRYPTION_KEY: 'AA==' })
  const zed = await server.as(['USER_ADMIN'], 'Zed')
  const link = await adminLink(config, { userid: 'zed' })
  assert.equal(link.publicUrl, null)
  await server.admin.setUp.use({ body: { token: tokenOf(link), password } })
  await browserAt(server.url).signIn('zed', password)
  await refuses(adminLink(config, { userid: 'nobody' }), 'user-not-found')
  await sql`update settings set local_accounts = false`.execute(server.db.kysely)
  await refuses(adminLink(config, {}), 'local-accounts-off')
  await refuses(server.admin.setUp.link({ params: { id: zed.id } }), 'local-accounts-off', 409)
  const another = await adminLink(config, { switchOn: true })
  await server.admin.setUp.use({ body: { token: tokenOf(another), password, userid: 'new-admin', name: 'New' } })
  assert.ok((await browserAt(server.url).signIn('new-admin', password)).permissions.includes('USER_ADMIN'))
})
