import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Client } from '../src/directory/session-cookie.ts'
import { startSession } from '../src/directory/start-session.ts'
import { type Browser, browserAt } from './support/browser.ts'
import { givePassword, password } from './support/password.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
before(async () => {
  server = await testServer({ streamBeatMs: 50 })
  await sql`insert into identity_provider (name, look_alike, oidc)
    values ('okta', 'okta', '{}'), ('entra', 'entra', '{}')`.execute(server.db.kysely)
})
after(() => server.close())

/** Somebody signed in without a password, which would take its time. */
async function signedIn(person: TestPerson, via = 'okta'): Promise<Browser> {
  const browser = browserAt(server.url)
  const client: Client = { ip: '127.0.0.1', requestId: 'r', userAgent: 'test', protocol: 'http', cookies: {} }
  const { cookie, csrfToken } = await startSession(server.world, person.id, via, client)
  browser.cookies.set(cookie.name, cookie.value)
  browser.headers['x-csrf-token'] = csrfToken
  return browser
}

const age = (person: TestPerson, column: 'created_at' | 'last_seen_at', minutes: number) =>
  sql`update sign_in_session set ${sql.ref(column)} = now() - make_interval(mins => ${minutes})
    where person_id = ${person.id}`.execute(server.db.kysely)

test('the cookie is out of reach of scripts and other sites, and the answer tells the token', async () => {
  const person = await server.as([], 'cora')
  await givePassword(server, person)
  const answer = await browserAt(server.url).send('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userid: 'cora', password }),
  })
  assert.match(answer.headers.get('set-cookie') ?? '', /^headgate=hgs_[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
})

test('over HTTPS the cookie is bound to this very host, and the plain one is worth nothing', async () => {
  const proxied = await testServer({ environment: { HEADGATE_TRUSTED_PROXIES: '127.0.0.1' } })
  try {
    const person = await proxied.as([], 'cora')
    await givePassword(proxied, person)
    const browser = browserAt(proxied.url)
    browser.headers['x-forwarded-proto'] = 'https'
    const answer = await browser.send('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userid: 'cora', password }),
    })
    const set = answer.headers.get('set-cookie') ?? ''
    assert.match(set, /^__Host-headgate=hgs_[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    await browser.session.get()
    const planted = browserAt(proxied.url)
    planted.headers['x-forwarded-proto'] = 'https'
    planted.cookies.set('headgate', [...browser.cookies.values()][0] ?? '')
    await refuses(planted.session.get(), 'session-ended', 401)
  } finally {
    await proxied.close()
  }
})

test('nobody but a trusted proxy says where a call comes from', async () => {
  const person = await server.as()
  const browser = await signedIn(person)
  browser.headers['x-forwarded-for'] = '203.0.113.9'
  await givePassword(server, person)
  await browser.signIn(person.userid, password)
  const { items } = await browser.sessions.list()
  assert.deepEqual(
    items.map(({ ip }) => ip),
    ['127.0.0.1'],
  )
})

test('signing in makes a new secret and ends the session the browser had', async () => {
  const person = await server.as([], 'fay')
  await givePassword(server, person)
  const browser = browserAt(server.url)
  browser.cookies.set('headgate', 'planted-by-somebody')
  await browser.signIn('fay', password)
  const [first = ''] = browser.cookies.values()
  assert.notEqual(first, 'planted-by-somebody')
  await browser.signIn('fay', password)
  const [second = ''] = browser.cookies.values()
  assert.notEqual(second, first)
  const old = browserAt(server.url)
  old.cookies.set('headgate', first)
  await refuses(old.session.get(), 'session-ended', 401)
  assert.equal((await browser.sessions.list()).items.length, 1)
})

test('a tampered, a made-up and an empty cookie are no session', async () => {
  const browser = await signedIn(await server.as())
  const [secret = ''] = browser.cookies.values()
  for (const wrong of [`${secret}x`, secret.slice(0, -1), secret.toUpperCase(), 'x', '%00', '"', 'a'.repeat(4000)]) {
    const tampered = browserAt(server.url)
    tampered.cookies.set('headgate', wrong)
    await refuses(tampered.session.get(), 'session-ended', 401)
  }
  const none = browserAt(server.url)
  none.cookies.set('headgate', '')
  none.cookies.set('other', secret)
  await refuses(none.session.get(), 'key-missing', 401)
})

test('a session ends when nobody uses it, and in any case after its longest time', async () => {
  const person = await server.as()
  const browser = await signedIn(person)
  await age(person, 'last_seen_at', 59)
  const { endsAt = '' } = await browser.session.get()
  // That call counts as use.
  const { endsAt: later = '' } = await browser.session.get()
  assert.ok(Date.parse(later) > Date.parse(endsAt))
  await age(person, 'last_seen_at', 61)
  await refuses(browser.session.get(), 'session-ended', 401)
  const again = await signedIn(person)
  await age(person, 'created_at', 12 * 60 + 1)
  await refuses(again.session.get(), 'session-ended', 401)
  // Its row goes with the next sign-in of anybody.
  await signedIn(await server.as())
  const { rows } = await sql`select 1 from sign_in_session where person_id = ${person.id}`.execute(server.db.kysely)
  assert.equal(rows.length, 0)
})

test('one signs out, and the cookie is worth nothing even where it was kept', async () => {
  const browser = await signedIn(await server.as())
  const kept = browserAt(server.url)
  for (const [name, value] of browser.cookies) kept.cookies.set(name, value)
  await browser.session.end()
  assert.equal(browser.cookies.size, 0)
  await refuses(kept.session.get(), 'session-ended', 401)
})

test('one sees one’s own sessions and ends them, and nobody else’s', async () => {
  const [mine, other] = [await server.as(), await server.as()]
  const [here, there] = [await signedIn(mine), await signedIn(mine, 'entra')]
  const elsewhere = await signedIn(other)
  const { items } = await here.sessions.list()
  assert.deepEqual(items.map(({ via, isCurrent, userAgent }) => [via, isCurrent, userAgent]).toSorted(), [
    ['entra', false, 'test'],
    ['okta', true, 'test'],
  ])
  const theirs = (await elsewhere.sessions.list()).items[0]?.id ?? 0
  await refuses(here.sessions.end({ params: { id: theirs } }), 'session-not-found', 404)
  assert.deepEqual(await here.sessions.endOthers(), { ended: 1 })
  await refuses(there.session.get(), 'session-ended', 401)
  const own = (await here.sessions.list()).items[0]?.id ?? 0
  await here.sessions.end({ params: { id: own } })
  await refuses(here.session.get(), 'session-ended', 401)
  await elsewhere.session.get()
})

test('a user admin sees and ends the sessions of a person, and their keys', async () => {
  const person = await server.as()
  const [one, two] = [await signedIn(person), await signedIn(person)]
  const admin = await server.as(['USER_ADMIN'])
  const params = { id: person.id }
  assert.equal((await admin.sessions.listOf({ params })).items.length, 2)
  assert.deepEqual(await admin.sessions.endOf({ params }), { ended: 2 })
  for (const browser of [one, two]) await refuses(browser.session.get(), 'session-ended', 401)
  const [key] = (await admin.apiKeys.listOf({ params })).items
  assert.ok(key && !('key' in key))
  await admin.apiKeys.revoke({ params: { id: key.id } })
  await refuses(person.users.me(), 'key-invalid', 401)
  for (const call of [admin.sessions.listOf, admin.sessions.endOf, admin.apiKeys.listOf]) {
    await refuses(call({ params: { id: 999_999 } }), 'user-not-found', 404)
  }
})

test('whoever is disabled or deleted is out at once, and stays out when enabled again', async () => {
  const person = await server.as()
  const params = { id: person.id }
  const browser = await signedIn(person)
  await server.admin.users.update({ params, body: { disabled: true } })
  await refuses(browser.session.get(), 'session-ended', 401)
  await refuses(person.users.me(), 'key-invalid', 401)
  await refuses(signedIn(person), 'user-disabled')
  await server.admin.users.update({ params, body: { disabled: false } })
  await refuses(browser.session.get(), 'session-ended', 401)
  // The same by whoever's word: here it is the provider's.
  const provided = await signedIn(person)
  for (const active of [false, true]) {
    await sql`update person set active_at_provider = ${active} where id = ${person.id}`.execute(server.db.kysely)
  }
  await refuses(provided.session.get(), 'session-ended', 401)
  const again = await signedIn(person)
  await server.admin.users.remove({ params })
  await refuses(again.session.get(), 'session-ended', 401)
  await refuses(person.users.me(), 'key-invalid', 401)
  const { rows } = await sql`select 1 from sign_in_session where person_id = ${person.id}`.execute(server.db.kysely)
  assert.equal(rows.length, 0)
})

test('a permission that is taken away is gone from a session that goes on', async () => {
  const person = await server.as(['GOVERNANCE', 'AUDIT'])
  const browser = await signedIn(person)
  await browser.tags.create({ body: { name: 'Session.One' } })
  await server.admin.users.setPermissions({ params: { id: person.id }, body: { permissions: ['AUDIT'] } })
  await refuses(browser.tags.create({ body: { name: 'Session.Two' } }), 'permission-missing', 403)
  assert.deepEqual((await browser.session.get()).permissions, ['AUDIT'])
})

test('a write by cookie needs the token of the session and must come from our own pages', async () => {
  const browser = await signedIn(await server.as(['USER_ADMIN']))
  const token = browser.headers['x-csrf-token']
  const origin = browser.headers.origin
  const other = await signedIn(await server.as())
  const make = (name: string) => browser.groups.create({ body: { name } })
  for (const wrong of [undefined, '', 'x', `${token}x`, other.headers['x-csrf-token']]) {
    browser.headers['x-csrf-token'] = wrong
    await refuses(make('forged'), 'csrf-refused', 403)
  }
  browser.headers['x-csrf-token'] = token
  for (const wrong of [undefined, 'null', 'https://evil.example', 'http://127.0.0.1:1', `${origin}.evil.example`, '']) {
    browser.headers.origin = wrong
    await refuses(make('forged'), 'csrf-refused', 403)
  }
  for (const site of ['cross-site', 'same-site', 'none', 'x']) {
    Object.assign(browser.headers, { origin, 'sec-fetch-site': site })
    await refuses(make('forged'), 'csrf-refused', 403)
  }
  // Behind a proxy that changes the host, the browser's own word is what there is.
  Object.assign(browser.headers, { origin: 'https://headgate.example', 'sec-fetch-site': 'same-origin' })
  await make('by the browser’s word')
  Object.assign(browser.headers, { origin, 'sec-fetch-site': undefined })
  await make('by the origin')
  const { items } = await server.admin.groups.list({ query: { search: 'forged' } })
  assert.deepEqual(items, [])
})

test('reading by cookie needs no token, and signing out does', async () => {
  const browser = await signedIn(await server.as())
  browser.headers['x-csrf-token'] = undefined
  browser.headers.origin = undefined
  await browser.users.me()
  await refuses(browser.session.end(), 'csrf-refused', 403)
  await refuses(browser.sessions.endOthers(), 'csrf-refused', 403)
})

test('another site signs nobody in, nor uses a set-up link', async () => {
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const browser = browserAt(server.url)
    Object.assign(browser.headers, headers)
    await refuses(browser.session.start({ body: { userid: 'a', password: 'b' } }), 'csrf-refused', 403)
    await refuses(browser.setUp.use({ body: { token: 'a', password: 'b' } }), 'csrf-refused', 403)
  }
})

test('a key wins over the cookie, needs no token, and tells none', async () => {
  const [person, other] = [await server.as(['USER_ADMIN']), await server.as()]
  const browser = await signedIn(other)
  browser.headers['x-csrf-token'] = undefined
  browser.headers.origin = 'https://elsewhere.example'
  browser.headers.authorization = `Bearer ${person.key}`
  assert.equal((await browser.users.me()).id, person.id)
  await browser.groups.create({ body: { name: 'made by a key' } })
  const { via, csrfToken, endsAt } = await browser.session.get()
  assert.deepEqual([via, csrfToken, endsAt], ['api-key', undefined, undefined])
  // Nothing but the key itself counts, not even where it is wrong.
  for (const wrong of ['hg_wrong', 'Bearer ']) {
    browser.headers.authorization = wrong
    const answer = await browser.send('/users/me')
    assert.equal(answer.status, 401)
  }
  await person.session.end()
  await person.users.me()
})

test('a stream ends with the session, and does not keep it alive', async () => {
  const person = await server.as(['AUDIT'])
  const browser = await signedIn(person)
  const stream = await browser.runs.events()
  let told = 0
  const reading = (async () => {
    for await (const _ of stream) told += 1
  })()
  while (told === 0) await new Promise(resolve => setTimeout(resolve, 10))
  await age(person, 'last_seen_at', 30)
  const before = await server.admin.sessions.listOf({ params: { id: person.id } })
  await new Promise(resolve => setTimeout(resolve, 200))
  const after = await server.admin.sessions.listOf({ params: { id: person.id } })
  assert.equal(after.items[0]?.lastSeenAt, before.items[0]?.lastSeenAt)
  await server.admin.sessions.endOf({ params: { id: person.id } })
  await reading
})

test('calls are limited for each session by itself', async () => {
  const limited = await testServer({ environment: { HEADGATE_RATE_LIMIT: '5' } })
  try {
    const people = [await limited.as(), await limited.as()]
    const client: Client = { ip: '127.0.0.1', requestId: 'r', userAgent: undefined, protocol: 'http', cookies: {} }
    const [one, two] = await Promise.all(
      people.map(async person => {
        const { cookie } = await startSession(limited.world, person.id, 'local', client)
        const browser = browserAt(limited.url)
        browser.cookies.set(cookie.name, cookie.value)
        return browser
      }),
    )
    for (let calls = 0; calls < 5; calls++) await one?.users.me()
    await refuses(one?.users.me() ?? Promise.resolve(), 'rate-limited', 429)
    await two?.users.me()
  } finally {
    await limited.close()
  }
})
