/** Signing in through identity providers, against a real one on loopback. */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { IdentityProvider } from '@headgate/core/api'
import { sql } from 'kysely'
import { lockProvider } from '../src/db/identity-provider.ts'
import {
  type TestClaims,
  type TestIdentityProvider,
  testClientSecret,
  testIdentityProvider,
} from './support/identity-provider.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'
import { type Arrival, type Surfer, surfer } from './support/surfer.ts'

let server: TestServer
let admin: TestPerson
let okta: TestIdentityProvider
let provider: IdentityProvider

const mapping = {
  groups: [{ claim: 'groups' }],
  attributes: [{ claim: 'team', key: 'Team' }],
  principal: { claim: 'arn', kind: 'iamUser' as const },
}
const lists = { attributeKeys: ['Team'], groupPatterns: ['data-*', 'Shared'] }

function oidcOf({ issuer }: TestIdentityProvider, more: object = {}) {
  return { issuer, clientId: 'headgate', clientSecret: testClientSecret, createsUsers: true, mapping, ...more }
}

async function setUp(name: string, at: TestIdentityProvider, more: object = {}): Promise<IdentityProvider> {
  const made = await admin.identityProviders.create({ body: { name, ...lists, oidc: oidcOf(at, more) } })
  at.serve([{ client_id: 'headgate', redirect_uris: [made.redirectUri ?? ''] }])
  return made
}

before(async () => {
  server = await testServer({ environment: { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8' } })
  admin = server.admin
  const { version: _, ...settings } = { version: 0, ...(await admin.settings.get()) }
  await admin.settings.replace({ body: { ...settings, publicUrl: server.url }, ifMatch: '"1"' })
  okta = await testIdentityProvider()
  provider = await setUp('okta', okta)
})
after(async () => {
  await okta.close()
  await server.close()
})
afterEach(() => {
  okta.claimsInstead = undefined
  okta.tokenInstead = undefined
})

function begin(at: Surfer, id = provider.id, returnTo?: string, until?: (url: URL) => boolean): Promise<Arrival> {
  const query = returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`
  return at.go(`${server.url}/sign-in/${id}${query}`, {}, until)
}

const isCallback = (url: URL) => url.pathname.endsWith('/callback')

/** Where somebody with these claims ends up. */
async function signIn(account: string, claims: TestClaims, id = provider.id, at = okta, browser = surfer()) {
  at.accounts.set(account, claims)
  const { url } = await browser.pickAccount(await begin(browser, id), account)
  return { browser, path: url.pathname + url.search, me: () => me(browser) }
}

async function me(browser: Surfer) {
  const answer = await browser.go(`${server.url}/users/me`)
  assert.equal(answer.response?.status, 200)
  return (await answer.response?.json()) as Awaited<ReturnType<TestPerson['users']['me']>>
}

/** Another one at the same issuer, of which nothing is known yet. */
async function copyOf({ name, oidc }: IdentityProvider): Promise<number> {
  const { hasClientSecret: _, ...rest } = oidc ?? assert.fail()
  const body = { name: `another ${name}`, ...lists, oidc: { ...rest, clientSecret: testClientSecret } }
  return (await admin.identityProviders.create({ body })).id
}

/** What an address of the sign-in page says is wrong. */
function problemIn(path: string): string | null {
  assert.ok(path.startsWith('/app/sign-in?'), path)
  return new URL(path, server.url).searchParams.get('problem')
}

async function isSignedIn(browser: Surfer): Promise<boolean> {
  return (await browser.go(`${server.url}/session`)).response?.status === 200
}

test('somebody new signs in, and what the claims say is what they are', async () => {
  const arn = 'arn:aws:iam::111122223333:user/ann'
  const groups = ['data-eng', 'admins', 'Headgate Marketplace Data Product.1']
  const claims = {
    preferred_username: 'ann',
    name: 'Ann Lee',
    email: 'ann@example.com',
    groups,
    team: ['risk', 'fx'],
    arn,
  }
  const { browser, path, me } = await signIn('sub-ann', claims)
  assert.equal(path, '/app/')
  const ann = await me()
  assert.deepEqual([ann.userid, ann.name, ann.email, ann.permissions], ['ann', 'Ann Lee', 'ann@example.com', []])
  assert.deepEqual(
    ann.groups.map(({ name, source }) => [name, source]),
    [['data-eng', 'okta']],
  )
  assert.deepEqual(
    ann.attributes.map(({ key, value, source }) => [key, value, source]),
    [
      ['Team', 'fx', 'okta'],
      ['Team', 'risk', 'okta'],
    ],
  )
  assert.deepEqual(
    ann.principals.map(({ kind, identifier }) => [kind, identifier]),
    [['iamUser', arn]],
  )
  const session = (await (await browser.go(`${server.url}/session`)).response?.json()) as { via: string }
  assert.equal(session.via, 'okta')

  // Less the next time, under another name there: the same person, with just that.
  const later = await signIn('sub-ann', { preferred_username: 'ann.lee', name: 'Ann', groups: [], team: 'fx' })
  const now = await later.me()
  assert.deepEqual([now.id, now.userid, now.name, now.groups, now.principals], [ann.id, 'ann', 'Ann', [], []])
  assert.deepEqual(now.attributes, [{ key: 'Team', value: 'fx', source: 'okta' }])
  const [counted] = (await admin.identityProviders.list()).items
  assert.deepEqual([counted?.people, counted?.groups], [1, 1])
})

test('somebody new who signs in twice at the same moment is one person', async () => {
  const claims = { preferred_username: 'twin', groups: ['data-twin'] }
  const both = await Promise.all([signIn('sub-twin', claims), signIn('sub-twin', claims)])
  assert.deepEqual(
    both.map(({ path }) => path),
    ['/app/', '/app/'],
  )
  const [one, other] = await Promise.all(both.map(({ me }) => me()))
  assert.equal(one?.id, other?.id)
})

test('what is missing in the id token is asked for at the user info', async t => {
  const keycloak = await testIdentityProvider('userinfo')
  t.after(keycloak.close)
  const made = await setUp('keycloak', keycloak)
  const { me } = await signIn('u-1', { preferred_username: 'kim', name: 'Kim', groups: ['data-x'] }, made.id, keycloak)
  const kim = await me()
  assert.deepEqual([kim.userid, kim.name, kim.groups.map(({ name }) => name)], ['kim', 'Kim', ['data-x']])
})

test('a page of the app is gone back to; nothing else is', async () => {
  okta.accounts.set('sub-rita', { preferred_username: 'rita' })
  const after = async (returnTo: string) => {
    const browser = surfer()
    const { url } = await browser.pickAccount(await begin(browser, provider.id, returnTo), 'sub-rita')
    assert.equal(url.origin, server.url)
    return url.pathname + url.search + url.hash
  }
  assert.equal(await after('/app/policies?a=b#c'), '/app/policies?a=b#c')
  for (const bad of [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/app/',
    '/app/../evil',
    '/app/\n//evil',
  ]) {
    assert.equal(await after(bad), '/app/', bad)
  }
})

test('a local user is never taken over, until a user admin links them', async () => {
  const local = await server.as(['GOVERNANCE'], 'governor')
  const first = await signIn('sub-evil', { preferred_username: 'Governor', groups: ['data-eng'] })
  assert.equal(problemIn(first.path), 'sign-in-user-taken')
  assert.equal(await isSignedIn(first.browser), false)
  assert.deepEqual((await local.users.me()).groups, [])

  const link = { params: { id: provider.id, userId: local.id }, body: {} }
  await assert.rejects(local.identityProviders.link(link), { status: 403 })
  await admin.identityProviders.link(link)
  const { me } = await signIn('sub-gov', { preferred_username: 'governor', groups: ['data-eng'] })
  assert.equal((await me()).id, local.id)
  // From now on it is the subject that counts.
  assert.equal(problemIn((await signIn('sub-evil', { preferred_username: 'governor' })).path), 'sign-in-user-taken')
  await admin.identityProviders.unlink({ params: { id: provider.id, userId: local.id } })
  assert.deepEqual((await admin.users.get({ params: { id: local.id } })).groups, [])
  assert.equal(problemIn((await signIn('sub-gov', { preferred_username: 'governor' })).path), 'sign-in-user-taken')
})

test('who is disabled does not come in, nor whoever lacks a usable name', async () => {
  const { me } = await signIn('sub-dora', { preferred_username: 'dora' })
  const dora = await me()
  await admin.users.update({ params: { id: dora.id }, body: { disabled: true } })
  const again = await signIn('sub-dora', { preferred_username: 'dora', groups: ['data-eng'] })
  assert.equal(problemIn(again.path), 'sign-in-user-disabled')
  assert.deepEqual((await admin.users.get({ params: { id: dora.id } })).groups, [])
  const unusable = [
    undefined,
    '',
    ['a', 'b'],
    { a: 1 },
    'x'.repeat(300),
    'headgate marketplace',
    'a\u0000b',
    'p\u0430ypal',
  ]
  for (const [at, preferred_username] of unusable.entries()) {
    const { path } = await signIn(`sub-odd-${at}`, { preferred_username })
    assert.equal(problemIn(path), 'sign-in-user-name', JSON.stringify(preferred_username))
  }
})

test('whom SCIM brought signs in by their user name, and SCIM alone says what they are', async t => {
  const synced = await testIdentityProvider()
  t.after(synced.close)
  const made = await setUp('synced', synced, { mapping: {}, createsUsers: false })
  const params = { id: made.id }
  await admin.scimSettings.replace({ params, body: { attributes: [{ path: 'title', key: 'Team' }] } })
  const { token } = await admin.scimSettings.rotateToken({ params })
  const scim = async (path: string, method: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' }
    const answer = await fetch(`${server.url}/scim/v2/${path}`, { method, headers, body: JSON.stringify(body) })
    assert.ok(answer.ok, String(answer.status))
    return (await answer.json()) as { id: string }
  }
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
  const user = { schemas, userName: 'sue@example.com', displayName: 'Sue', title: 'risk', externalId: 'e-1' }
  const { id } = await scim('Users', 'POST', user)
  const claims = { preferred_username: 'SUE@example.com', name: 'Otherwise', groups: ['data-x'], team: 'fx' }
  const sue = await (await signIn('s-1', claims, made.id, synced)).me()
  assert.deepEqual([String(sue.id), sue.name, sue.groups], [id, 'Sue', []])
  assert.deepEqual(sue.attributes, [{ key: 'Team', value: 'risk', source: 'synced' }])
  await scim(`Users/${id}`, 'PUT', { ...user, active: false })
  const { path } = await signIn('s-1', claims, made.id, synced)
  assert.equal(problemIn(path), 'sign-in-user-disabled')
  const mapped = { enabled: true, ...lists, oidc: oidcOf(synced, { clientSecret: undefined }) }
  await assert.rejects(admin.identityProviders.replace({ params, body: mapped, ifMatch: `"${made.version}"` }), {
    code: 'identity-provider-invalid',
  })
})

test('an e-mail address is a user name only when it is verified; nobody new is made where that is not meant', async () => {
  const mails = await testIdentityProvider()
  try {
    const made = await setUp('mails', mails, { userNameClaim: 'email', createsUsers: false })
    const claims = { email: 'zoe@example.com', name: 'Zoe' }
    const go = (more: object) => signIn('z', { ...claims, ...more }, made.id, mails)
    assert.equal(problemIn((await go({})).path), 'sign-in-user-name')
    assert.equal(problemIn((await go({ email_verified: false })).path), 'sign-in-user-name')
    assert.equal(problemIn((await go({ email_verified: true })).path), 'sign-in-user-unknown')
  } finally {
    await mails.close()
  }
})

test('claims of the wrong shape are left out, and groups that are somewhere else let nobody in', async () => {
  const groups = ['data-a', 7, true, null, { name: 'data-b' }, ['data-c', 'data-a'], 'data-\u202eb']
  const { me } = await signIn('sub-odd', { preferred_username: 'odd', groups, team: { a: 1 }, arn: ['a', 'b'] })
  const odd = await me()
  assert.deepEqual(
    [odd.groups.map(({ name }) => name).sort(), odd.attributes, odd.principals],
    [['data-a', 'data-c'], [], []],
  )
  const elsewhere = { preferred_username: 'odd', _claim_names: { groups: 'src1' } }
  const { path } = await signIn('sub-odd', elsewhere)
  assert.equal(problemIn(path), 'sign-in-claims-unusable')
  assert.equal((await admin.users.get({ params: { id: odd.id } })).groups.length, 2)
})

test('ten thousand groups of which most are not allowed leave those that are', async () => {
  const groups = Array.from({ length: 10_000 }, (_, at) => (at % 100 === 0 ? `data-${at}` : `other-${at}`))
  const { me } = await signIn('sub-many', { preferred_username: 'many', groups })
  assert.equal((await me()).groups.length, 100)
})

test('a second provider’s group of the same name is another group', async t => {
  const entra = await testIdentityProvider()
  t.after(entra.close)
  const made = await setUp('entra', entra)
  const one = await signIn('sub-one', { preferred_username: 'one', groups: ['Shared'] })
  const two = await signIn('sub-one', { preferred_username: 'two', groups: ['Shared'] }, made.id, entra)
  assert.deepEqual([(await one.me()).groups[0]?.name, (await two.me()).groups[0]?.name], ['Shared', 'entra/Shared'])
})

test('a token that is not meant for this very sign-in lets nobody in', async () => {
  const now = Math.floor(Date.now() / 1000)
  const claims: Record<string, (given: TestClaims) => TestClaims> = {
    audience: given => ({ ...given, aud: 'another-client' }),
    issuer: given => ({ ...given, iss: 'http://127.0.0.1:1' }),
    expired: given => ({ ...given, iat: now - 7200, exp: now - 3600 }),
    nonce: given => ({ ...given, nonce: 'another' }),
    'no nonce': ({ nonce: _, ...given }) => given,
    'no subject': ({ sub: _, ...given }) => given,
  }
  for (const [what, change] of Object.entries(claims)) {
    okta.claimsInstead = change
    const { path, browser } = await signIn('sub-tam', { preferred_username: 'tam' })
    assert.equal(problemIn(path), 'sign-in-token-invalid', what)
    assert.equal(await isSignedIn(browser), false, what)
  }
  okta.claimsInstead = undefined
  const tokens: Record<string, (token: string) => string> = {
    signature: token => token.replace(/.{8}$/, 'AAAAAAAA'),
    payload: token => {
      const [head, body = '', signature] = token.split('.')
      const said = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))
      return [head, Buffer.from(JSON.stringify({ ...said, sub: 'sub-ann' })).toString('base64url'), signature].join('.')
    },
    unsigned: token => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`,
    nonsense: () => 'x',
  }
  for (const [what, change] of Object.entries(tokens)) {
    okta.tokenInstead = change
    assert.equal(
      problemIn((await signIn('sub-tam', { preferred_username: 'tam' })).path),
      'sign-in-token-invalid',
      what,
    )
  }
  const people = (await admin.users.list({ query: { search: 'tam' } })).items
  assert.deepEqual(people, [])
})

test('keys that the provider has changed are found', async () => {
  okta.rotateKeys()
  await signIn('sub-rot', { preferred_username: 'rot' })
  const { path } = await signIn('sub-rot', { preferred_username: 'rot' })
  assert.equal(path, '/app/')
})

test('what comes back counts once, in the browser that began it, in time, at the address of its provider', async () => {
  okta.accounts.set('sub-flo', { preferred_username: 'flo' })
  const arrive = async () => {
    const browser = surfer()
    const { url } = await browser.pickAccount(await begin(browser), 'sub-flo', isCallback)
    return { browser, url }
  }
  const problemOf = async (browser: Surfer, url: URL | string) => {
    const { url: end } = await browser.go(String(url))
    return problemIn(end.pathname + end.search)
  }
  const first = await arrive()
  assert.equal(await problemOf(surfer(), first.url), 'sign-in-flow-lost', 'another browser')
  const other = await arrive()
  assert.equal(await problemOf(other.browser, first.url), 'sign-in-flow-lost', 'a flow of somebody else')
  const { url: end } = await first.browser.go(first.url.href)
  assert.equal(end.pathname, '/app/', 'the browser that began it')
  assert.equal(await problemOf(first.browser, first.url), 'sign-in-flow-lost', 'a second time')

  // A code that was used already, in a flow that was not.
  const again = await arrive()
  const replayed = new URL(again.url)
  replayed.searchParams.set('code', first.url.searchParams.get('code') ?? '')
  assert.equal(await problemOf(again.browser, replayed), 'sign-in-token-invalid')

  for (const change of ['', 'x', `${first.url.searchParams.get('state')}x`]) {
    const tampered = await arrive()
    tampered.url.searchParams.set('state', change)
    assert.equal(await problemOf(tampered.browser, tampered.url), 'sign-in-flow-lost', change)
  }
  const late = await arrive()
  await server.db.kysely
    .updateTable('oidc_flow')
    .set({ expires_at: new Date(0) })
    .execute()
  assert.equal(await problemOf(late.browser, late.url), 'sign-in-flow-lost', 'too late')
  const mixed = await arrive()
  const mixUp = await admin.identityProviders.create({ body: { name: 'mix-up', ...lists, oidc: oidcOf(okta) } })
  const elsewhere = mixed.url.href.replace(`/sign-in/${provider.id}/`, `/sign-in/${mixUp.id}/`)
  assert.equal(await problemOf(mixed.browser, elsewhere), 'sign-in-flow-lost', 'the address of another provider')
  assert.equal(await isSignedIn(mixed.browser), false)
})

// A neighbouring host could plant a flow of its own under the plain name, and have somebody signed in as somebody else.
test('over HTTPS the plain cookie of a flow is worth nothing', async () => {
  okta.accounts.set('sub-plant', { preferred_username: 'plant' })
  const browser = surfer()
  const { url } = await browser.pickAccount(await begin(browser), 'sub-plant', isCallback)
  const [settings] = await server.db.kysely.selectFrom('settings').select(['public_url']).execute()
  const at = (public_url: string | null) => server.db.kysely.updateTable('settings').set({ public_url }).execute()
  await at('https://headgate.example.com')
  try {
    const { url: end } = await browser.go(url.href)
    assert.equal(problemIn(end.pathname + end.search), 'sign-in-flow-lost')
  } finally {
    await at(settings?.public_url ?? null)
  }
})

// Whoever was on their way in when it was switched off came in all the same, for as long as a session lasts.
test('a session goes no further than the provider that it came by', async () => {
  const { browser } = await signIn('sub-gone', { preferred_username: 'gone' })
  assert.equal(await isSignedIn(browser), true)
  const enabled = (enabled: boolean) =>
    server.db.kysely.updateTable('identity_provider').set({ enabled }).where('id', '=', provider.id).execute()
  await enabled(false)
  try {
    assert.equal(await isSignedIn(browser), false)
  } finally {
    await enabled(true)
  }
})

// The token took its time: what the provider might say when the browser came back was stored though it was forbidden since.
test('whoever comes back while their provider is changed begins anew', async () => {
  okta.accounts.set('sub-late', { preferred_username: 'late', groups: ['data-late'] })
  const browser = surfer()
  const { url } = await browser.pickAccount(await begin(browser), 'sub-late', isCallback)
  let isBack = false
  const coming = await server.db.transaction(async tx => {
    await lockProvider(tx, provider.id)
    const changed = { group_patterns: ['data-*', 'Shared', 'more-*'], version: sql<number>`version + 1` }
    await tx.updateTable('identity_provider').set(changed).where('id', '=', provider.id).execute()
    const going = browser.go(url.href).finally(() => (isBack = true))
    const waits = sql<{ n: number }>`select count(*)::int as n from pg_locks
      where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`
    while (!isBack && (await waits.execute(server.db.kysely)).rows[0]?.n === 0) await setTimeout(5)
    return { going }
  })
  const { url: end } = await coming.going
  assert.equal(problemIn(end.pathname + end.search), 'sign-in-flow-lost')
  assert.equal(await isSignedIn(browser), false)
  assert.equal((await signIn('sub-late', { preferred_username: 'late', groups: ['data-late'] })).path, '/app/')
})

test('who turns back at the provider is told so, and stays out', async () => {
  const browser = surfer()
  const { url } = await browser.pickAccount(await begin(browser), '')
  assert.equal(problemIn(url.pathname + url.search), 'sign-in-denied')
  assert.equal(await isSignedIn(browser), false)
})

test('the sign-in page is told what is wrong with a provider that is off, gone, or down', async t => {
  const gone = await testIdentityProvider()
  t.after(() => gone.close().catch(() => undefined))
  const made = await setUp('gone', gone)
  const halfway = surfer()
  const back = await halfway.pickAccount(await begin(halfway, made.id), 'x', isCallback)
  await gone.close()
  const { url: end } = await halfway.go(back.url.href)
  assert.equal(problemIn(end.pathname + end.search), 'sign-in-provider-down')
  const problem = async (id: number) => {
    const { url } = await begin(surfer(), id)
    return problemIn(url.pathname + url.search)
  }
  assert.equal(await problem(await copyOf(made)), 'sign-in-provider-down')
  assert.equal(await problem(999_999), 'sign-in-provider-unknown')
  const names = async () => (await admin.providerSignIn.providers()).providers.map(({ name }) => name)
  assert.ok((await names()).includes('gone'))
  const { oidc, attributeKeys, groupPatterns } = made
  const { hasClientSecret: _, ...rest } = oidc ?? assert.fail()
  const body = { enabled: false, attributeKeys, groupPatterns, oidc: rest }
  await admin.identityProviders.replace({ params: { id: made.id }, body, ifMatch: '"1"' })
  assert.equal(await problem(made.id), 'sign-in-provider-unknown')
  assert.ok(!(await names()).includes('gone'))
})

test('neither answers, the audit trail nor the cookie hold what nobody may read', async () => {
  const { browser } = await signIn('sub-ann', { preferred_username: 'ann' })
  const held = [...(browser.cookies.get(server.url) ?? [])].map(([name]) => name)
  assert.deepEqual(held, ['headgate'], 'the cookie of the flow is gone')
  const told = [
    JSON.stringify(await admin.identityProviders.list()),
    JSON.stringify(await server.db.kysely.selectFrom('audit_event').select('event').execute()),
    JSON.stringify(await server.db.kysely.selectFrom('identity_provider').selectAll().execute()),
  ]
  for (const text of told) assert.ok(!text.includes(testClientSecret))
})

test('one place does not send browsers to providers without end', async () => {
  const problems: (string | null)[] = []
  for (let times = 0; times < 320; times += 1) {
    const { url } = await begin(surfer(), 999_999)
    problems.push(problemIn(url.pathname + url.search))
  }
  assert.equal(problems.at(0), 'sign-in-provider-unknown')
  assert.equal(problems.at(-1), 'sign-in-too-often')
})
