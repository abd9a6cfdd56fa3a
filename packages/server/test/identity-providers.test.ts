import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { lockPerson, updatePerson } from '../src/db/person.ts'
import { lockPrincipals } from '../src/db/principal.ts'
import { insertSession } from '../src/db/sign-in-session.ts'
import { type Assertion, assertPerson } from '../src/directory/assert.ts'
import { rewrapClientSecrets } from '../src/directory/client-secrets.ts'
import { createVault } from '../src/secrets.ts'
import { testClientSecret, testIdentityProvider } from './support/identity-provider.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testKey, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer({ environment: { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8' } })
  admin = server.admin
})
after(() => server.close())

const issuer = 'https://login.example.com'
const oidc = { issuer, clientId: 'headgate', clientSecret: testClientSecret }

test('an identity provider is made, read, changed and deleted; its secret is never answered', async () => {
  const made = await admin.identityProviders.create({ body: { name: ' Okta  one ', oidc, attributeKeys: ['Team'] } })
  assert.deepEqual(
    [made.name, made.enabled, made.oidc?.hasClientSecret, made.oidc?.scopes, made.attributeKeys, made.groupPatterns],
    ['Okta one', true, true, ['openid', 'profile', 'email'], ['Team'], []],
  )
  const params = { id: made.id }
  const answer = await admin.send(`/identity-providers/${made.id}`)
  assert.equal(answer.headers.get('etag'), '"1"')
  assert.ok(!(await answer.text()).includes(testClientSecret))
  await refuses(admin.identityProviders.create({ body: { name: 'OKTA ONE' } }), 'identity-provider-exists', 409)

  const { clientSecret: _, ...kept } = oidc
  const body = {
    enabled: true,
    groupPatterns: ['data-*'],
    oidc: { ...kept, mapping: { groups: [{ claim: 'groups' }] } },
  }
  const changed = await admin.identityProviders.replace({ params, body, ifMatch: '"1"' })
  assert.deepEqual([changed.oidc?.hasClientSecret, changed.attributeKeys, changed.version], [true, [], 2])
  await refuses(admin.identityProviders.replace({ params, body, ifMatch: '"1"' }), 'version-stale', 412)
  const off = await admin.identityProviders.replace({ params, body: { oidc: null }, ifMatch: '"2"' })
  assert.equal(off.oidc, null)
  assert.equal(await saysSecretChanged(), true)
  await admin.identityProviders.replace({ params, body: { oidc: null, attributeKeys: ['Team'] }, ifMatch: '"3"' })
  assert.equal(await saysSecretChanged(), false, 'there was none')
  const without = { oidc: { issuer, clientId: 'headgate' } }
  await refuses(
    admin.identityProviders.replace({ params, body: without, ifMatch: '"4"' }),
    'identity-provider-invalid',
    422,
  )
  await admin.identityProviders.remove({ params })
  await refuses(admin.identityProviders.get({ params }), 'identity-provider-not-found', 404)
})

async function saysSecretChanged(): Promise<boolean> {
  const { rows } = await sql<{ event: string }>`
    select event from audit_event where target_type = 'IDENTITY_PROVIDER' order by sequence desc limit 1`.execute(
    server.db.kysely,
  )
  return (JSON.parse(rows[0]?.event ?? '{}') as { auditPayload: { clientSecretChanged: boolean } }).auditPayload
    .clientSecretChanged
}

test('what cannot work is refused with what to do, and nothing is stored', async () => {
  const create = (body: object) => admin.identityProviders.create({ body: body as { name: string } })
  for (const name of ['local', 'LOCAL', 'Marketplace', 'built-in', 'a/b']) {
    await refuses(create({ name }), 'identity-provider-invalid', 422)
  }
  const reserved = 'headgate  marketplace'
  for (const one of [{ name: reserved }, { attributeKeys: [reserved] }, { groupPatterns: [`${reserved}*`] }]) {
    await refuses(create({ name: 'x', ...one }), 'name-reserved', 422)
  }
  const mapping = { attributes: [{ claim: 'team', key: 'Team' }] }
  const unusable = [
    { ...oidc, clientSecret: undefined },
    { ...oidc, clientSecret: null },
    { ...oidc, mapping },
    { ...oidc, mapping: { groups: [{ claim: 'groups' }] } },
  ]
  for (const one of unusable) await refuses(create({ name: 'x', oidc: one }), 'identity-provider-invalid', 422)
  const wrong = [
    { ...oidc, issuer: 'ftp://x' },
    { ...oidc, issuer: 'https://u:p@x' },
    { ...oidc, issuer: 'https://x/?a=b' },
    { ...oidc, scopes: ['profile'] },
    { ...oidc, scopes: ['openid', 'a b'] },
    { ...oidc, clientAuthentication: 'none' },
    { ...oidc, mapping: { principal: { claim: 'arn', kind: 'root' } } },
    { ...oidc, surplus: 1 },
  ]
  for (const one of wrong) await refuses(create({ name: 'x', oidc: one }), 'request-invalid', 422)
  assert.deepEqual((await admin.identityProviders.list()).items, [])
})

/** A provider with a person of its own, and what it said of them and of somebody local. */
async function inUse(name: string) {
  const lists = { attributeKeys: ['Team'], groupPatterns: ['*'] }
  const made = await admin.identityProviders.create({
    body: { name, ...lists, oidc: { ...oidc, issuer: `${issuer}/${name}` } },
  })
  const ann = await server.as([], `ann of ${name}`)
  const ben = await server.as([], `ben of ${name}`)
  const kysely = server.db.kysely
  await kysely.updateTable('person').set({ provider: name }).where('id', '=', ann.id).execute()
  await kysely.insertInto('person_identity').values({ provider: name, person_id: ann.id, subject: 's' }).execute()
  const said: Assertion = {
    groups: [`Analysts of ${name}`],
    attributes: [{ key: 'Team', value: 'risk' }],
    principal: { kind: 'iamUser', identifier: `arn:aws:iam::111122223333:user/${name}` },
  }
  await act(server.db, system, doing => assertPerson(doing, { name, ...lists }, ann.id, said))
  await act(server.db, system, doing => assertPerson(doing, { name, ...lists }, ben.id, { groups: said.groups }))
  return { params: { id: made.id }, made, ann, ben }
}

test('a provider in use goes only by force, with all that it asserted, and its people and groups stay', async () => {
  const { params, ann, ben } = await inUse('leaving')
  const asleep = await server.as([], 'asleep')
  await server.db.kysely.updateTable('person').set({ provider: 'leaving' }).where('id', '=', asleep.id).execute()
  await act(server.db, system, doing => updatePerson(doing, asleep.id, { activeAtProvider: false }))
  await admin.users.addAttribute({ params: { id: ann.id, key: 'Team', value: 'local' } })
  const [group] = (await admin.groups.list({ query: { search: 'Analysts of leaving' } })).items
  await refuses(admin.identityProviders.remove({ params }), 'identity-provider-in-use', 409)
  const answer = await admin.send(`/identity-providers/${params.id}?force=true`, { method: 'DELETE' })
  assert.equal(answer.status, 204)
  const seen = await admin.users.get({ params: { id: ann.id } })
  assert.deepEqual([seen.groups, seen.principals], [[], []])
  assert.deepEqual(seen.attributes, [{ key: 'Team', value: 'local', source: 'local' }])
  assert.deepEqual((await admin.users.get({ params: { id: ben.id } })).groups, [])
  assert.equal((await admin.groups.get({ params: { id: group?.id ?? 0 } })).members, 0)
  // Not active at a provider that is gone is not active.
  assert.equal((await admin.users.get({ params: { id: asleep.id } })).disabled, true)
  const facts = await server.db.kysely
    .selectFrom('fact_change')
    .select(['entity', 'cause', 'after'])
    .where('id', '<=', Number(answer.headers.get('headgate-sequence')))
    .orderBy('id', 'desc')
    .limit(4)
    .execute()
  assert.ok(facts.every(({ cause, after }) => cause === 'identity-provider' && after === null))
  assert.deepEqual(facts.map(({ entity }) => entity).sort(), ['attribute', 'groupMember', 'groupMember', 'principal'])
})

test('the issuer stays once somebody has signed in by it, and whoever the provider manages stays with it', async () => {
  const { params, made, ann, ben } = await inUse('fixed')
  const { clientSecret: _, ...kept } = oidc
  const other = { oidc: kept, attributeKeys: ['Team'] }
  await refuses(
    admin.identityProviders.replace({ params, body: other, ifMatch: '"1"' }),
    'identity-provider-invalid',
    422,
  )
  const same = {
    enabled: false,
    attributeKeys: ['Team'],
    groupPatterns: ['*'],
    oidc: { ...kept, issuer: made.oidc?.issuer ?? '' },
  }
  await admin.identityProviders.replace({ params, body: same, ifMatch: '"1"' })
  // Switched off, what it asserted stays.
  assert.equal((await admin.users.get({ params: { id: ann.id } })).groups.length, 1)
  const link = (userId: number, subject?: string) =>
    admin.identityProviders.link({ params: { ...params, userId }, body: subject === undefined ? {} : { subject } })
  await refuses(link(ben.id, 's'), 'identity-taken', 409)
  await refuses(link(admin.id), 'self-change', 403)
  await link(ben.id, 'other')
  const known = await admin.identityProviders.people({ params, query: { search: 'of fixed' } })
  assert.deepEqual(
    known.items.map(({ userid, subject, isManaged }) => [userid, subject, isManaged]),
    [
      ['ann of fixed', 's', true],
      ['ben of fixed', 'other', false],
    ],
  )
  await refuses(admin.identityProviders.unlink({ params: { ...params, userId: ann.id } }), 'identity-managed', 409)
  await admin.identityProviders.unlink({ params: { ...params, userId: ben.id } })
  assert.deepEqual((await admin.users.get({ params: { id: ben.id } })).groups, [])
})

test('what a provider may assert no more goes, and nothing else', async () => {
  const { params, made, ann } = await inUse('narrowed')
  const { clientSecret: _, ...kept } = oidc
  const body = { oidc: { ...kept, issuer: made.oidc?.issuer ?? '' }, attributeKeys: ['Team'], groupPatterns: ['other'] }
  await admin.identityProviders.replace({ params, body, ifMatch: '"1"' })
  const seen = await admin.users.get({ params: { id: ann.id } })
  assert.deepEqual(
    [seen.groups, seen.attributes.length, seen.provider, seen.activeAtProvider],
    [[], 1, 'narrowed', true],
  )
  await admin.identityProviders.replace({ params, body: { ...body, attributeKeys: [] }, ifMatch: '"2"' })
  assert.deepEqual((await admin.users.get({ params: { id: ann.id } })).attributes, [])
})

test('nobody links somebody who may do more than they do', async () => {
  const { id } = await admin.identityProviders.create({ body: { name: 'linking' } })
  const userAdmin = await server.as(['USER_ADMIN'])
  const [governor, plain] = [await server.as(['GOVERNANCE']), await server.as([])]
  const link = (userId: number) => userAdmin.identityProviders.link({ params: { id, userId }, body: {} })
  await refuses(link(governor.id), 'permission-missing', 403)
  await link(plain.id)
})

// Whoever had signed in as the subject of before went on as somebody who is not known by it any more.
test('whoever is linked to another subject is signed out of the sessions of the one before', async () => {
  const { id } = await admin.identityProviders.create({ body: { name: 're-linking' } })
  const person = await server.as([])
  const link = (subject: string) =>
    admin.identityProviders.link({ params: { id, userId: person.id }, body: { subject } })
  const sessions = async () => {
    const { rows } = await sql`select from sign_in_session where person_id = ${person.id}`.execute(server.db.kysely)
    return rows.length
  }
  await link('one')
  await server.db.transaction(tx =>
    insertSession(tx, {
      hash: randomBytes(32),
      person: person.id,
      via: 're-linking',
      userAgent: null,
      ip: '127.0.0.1',
    }),
  )
  await link('one')
  assert.equal(await sessions(), 1)
  await link('two')
  assert.equal(await sessions(), 0)
})

test('a provider does not enable whom an admin disabled, nor the other way round', async () => {
  const { ann } = await inUse('doubly')
  const isDisabled = async () => (await admin.users.get({ params: { id: ann.id } })).disabled
  const says = (active: boolean) =>
    act(server.db, system, doing => updatePerson(doing, ann.id, { activeAtProvider: active }))
  const admins = (disabled: boolean) => admin.users.update({ params: { id: ann.id }, body: { disabled } })
  await admins(true)
  await says(false)
  await says(true)
  assert.equal(await isDisabled(), true)
  await says(false)
  await admins(false)
  assert.equal(await isDisabled(), true)
  await says(true)
  assert.equal(await isDisabled(), false)
})

test('the check says in words what is wrong', async t => {
  const at = await testIdentityProvider()
  t.after(at.close)
  at.serve([])
  const check = async (one: object, name: string) => {
    const body = { name, oidc: { ...oidc, ...one } }
    const { id } = await admin.identityProviders.create({ body })
    const { status, steps } = await admin.identityProviders.check({ params: { id } })
    return { status, told: steps.flatMap(({ status, message }) => (status === 'failed' ? [message] : [])).join('\n') }
  }
  const missing = await check({ issuer: at.issuer }, 'no address')
  assert.match(missing.told, /publicUrl/)
  const settings = await admin.settings.get()
  await admin.settings.replace({ body: { ...settings, publicUrl: server.url }, ifMatch: '"1"' })
  assert.deepEqual(await check({ issuer: at.issuer, scopes: ['openid', 'profile'] }, 'right'), {
    status: 'passed',
    told: '',
  })
  assert.match((await check({ issuer: `${at.issuer}/` }, 'slash')).told, /calls itself|another issuer/)
  assert.match((await check({ issuer: `${at.issuer}/nowhere` }, 'path')).told, /404/)
  assert.match((await check({ issuer: 'http://127.0.0.1:9' }, 'closed')).told, /ECONNREFUSED/)
  assert.match((await check({ issuer: 'http://169.254.169.254' }, 'metadata')).told, /not public/)
  assert.match((await check({ issuer: 'https://[fd00:ec2::254]' }, 'metadata 6')).told, /not public/)
  const scoped = await check({ issuer: at.issuer, scopes: ['openid', 'other'] }, 'scoped')
  assert.equal(scoped.status, 'warning')
})

test('a start with a new key wraps the secrets of clients with it', async () => {
  const { id } = await admin.identityProviders.create({ body: { name: 'kept', oidc } })
  const newest = randomBytes(32)
  const start = () =>
    rewrapClientSecrets(server.db, createVault([newest, testKey]), one => assert.fail(`provider ${one}`))
  assert.ok((await start()) > 0)
  assert.equal(await start(), 0)
  const { client_secret: sealed } = await server.db.kysely
    .selectFrom('identity_provider')
    .select('client_secret')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  assert.ok(sealed)
  assert.equal(createVault([newest]).open(sealed, `identity-provider/${id}/clientSecret`), testClientSecret)
})

// Unlinking locked the person before the principals, everybody else the other way round: each waited for the other.
test('whoever unlinks somebody and whoever changes their principals wait for each other in one order', async () => {
  const { id } = await admin.identityProviders.create({ body: { name: 'in order' } })
  const person = await server.as([])
  const params = { id, userId: person.id }
  await admin.identityProviders.link({ params, body: {} })
  const unlinked = await server.db.transaction(async tx => {
    await lockPrincipals(tx)
    const unlinking = admin.identityProviders.unlink({ params })
    const waits = sql<{ n: number }>`select count(*)::int as n from pg_locks
      where not granted and database = (select oid from pg_database where datname = current_database())`
    while ((await waits.execute(server.db.kysely)).rows[0]?.n === 0) await setTimeout(5)
    await lockPerson(tx, person.id)
    return { unlinking }
  })
  await unlinked.unlinking
})
