/** Whom a provider sees and touches: its own people and groups, and nobody else's. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { act } from '../../src/db/act.ts'
import { deleteScimTokens } from '../../src/db/scim-provider.ts'
import { refuses } from '../support/refuses.ts'
import { type TestServer, testServer } from '../support/server.ts'
import {
  coreGroup,
  coreUser,
  enterprise,
  patchOp,
  provider,
  sender,
  type TestProvider,
  type Told,
} from './scim-world.ts'

let server: TestServer
let okta: TestProvider
let entra: TestProvider
before(async () => {
  server = await testServer()
  okta = await provider(server, 'okta', { groupPatterns: ['team-*', 'research'] })
  entra = await provider(server, 'entra')
})
after(() => server.close())

const user = (userName: string, more: Told = {}) => ({ schemas: [coreUser, enterprise], userName, ...more })
const group = (displayName: string, ...members: readonly string[]) => ({
  schemas: [coreGroup],
  displayName,
  members: members.map(value => ({ value })),
})
const patch = (...Operations: readonly object[]) => ({ schemas: [patchOp], Operations })

async function made(from: TestProvider, path: '/Users' | '/Groups', body: object): Promise<string> {
  const answer = await from.send(`POST ${path}`, body)
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return String(answer.body.id)
}

test('no call is answered without a good token, nor with the key of a person', async () => {
  for (const token of ['', 'hgs_wrong', server.admin.key]) {
    const { status, headers, body } = await sender(server.url, token)('GET /Users')
    assert.deepEqual([status, headers.get('www-authenticate'), body.status], [401, 'Bearer', '401'])
  }
  const unknown = await sender(server.url, 'hgs_wrong')('GET /Nothing')
  assert.ok([401, 404].includes(unknown.status))
})

test('local people and groups, and those of another provider, are not there', async () => {
  const local = await server.admin.users.create({ body: { userid: 'local-lee', name: 'Lee' } })
  const localGroup = await server.admin.groups.create({ body: { name: 'local-group', description: '' } })
  const theirs = await made(entra, '/Users', user('theirs@example.com'))
  const theirGroup = await made(entra, '/Groups', group('their-group', theirs))
  const [before] = [(await okta.send('GET /Users')).body.totalResults]
  for (const id of [String(local.id), theirs]) {
    const change = patch({ op: 'replace', value: { active: false } })
    for (const [call, body] of [
      [`GET /Users/${id}`],
      [`PUT /Users/${id}`, user('taken@example.com')],
      [`PATCH /Users/${id}`, change],
      [`DELETE /Users/${id}`],
    ] as const) {
      assert.equal((await okta.send(call, body)).status, 404, call)
    }
  }
  for (const id of [String(localGroup.id), theirGroup]) {
    const change = patch({ op: 'replace', path: 'members', value: [] })
    for (const [call, body] of [
      [`GET /Groups/${id}`],
      [`PUT /Groups/${id}`, group('team-x')],
      [`PATCH /Groups/${id}`, change],
      [`DELETE /Groups/${id}`],
    ] as const) {
      assert.equal((await okta.send(call, body)).status, 404, call)
    }
  }
  const strangers = await okta.send('POST /Groups', group('team-strangers', theirs))
  assert.deepEqual([strangers.status, strangers.body.scimType], [400, 'invalidValue'])
  assert.equal((await okta.send('GET /Groups?filter=displayName%20eq%20"team-strangers"')).body.totalResults, 0)
  assert.equal((await okta.send('GET /Users')).body.totalResults, before)
  assert.equal((await server.admin.users.get({ params: { id: local.id } })).disabled, false)
})

test('a user name that a local person has is refused with the way out; once linked, the person is theirs', async () => {
  const { id } = await server.admin.users.create({ body: { userid: 'ann', name: 'Ann' } })
  const refused = await okta.send('POST /Users', user('Ann', { displayName: 'Ann of Okta' }))
  assert.deepEqual([refused.status, refused.body.scimType], [409, 'uniqueness'])
  assert.match(String(refused.body.detail), /local user `ann` .*link that user to `okta`/)
  // As a user admin links somebody.
  await sql`insert into person_identity (provider, person_id) values ('okta', ${id})`.execute(server.db.kysely)
  assert.equal(await made(okta, '/Users', user('Ann', { displayName: 'Ann of Okta' })), String(id))
  assert.equal((await server.admin.users.get({ params: { id } })).name, 'Ann of Okta')
})

test('a group called like a local one gets the name of its provider before it', async () => {
  const local = await server.admin.groups.create({ body: { name: 'research', description: '' } })
  const rita = await made(okta, '/Users', user('rita'))
  const id = await made(okta, '/Groups', group('research', rita))
  assert.notEqual(id, String(local.id))
  const { rows } = await sql<{ event: string }>`
    select event from audit_event where target_type = 'GROUP' order by sequence desc limit 1`.execute(server.db.kysely)
  const { targets, auditPayload } = JSON.parse(rows[0]?.event ?? '{}')
  assert.deepEqual(
    [auditPayload.type, targets],
    ['GroupMembersChanged', [{ type: 'GROUP', id, name: 'okta/research' }]],
  )
  assert.equal((await server.admin.groups.get({ params: { id: Number(id) } })).name, 'okta/research')
  assert.equal((await okta.send(`GET /Groups/${id}`)).body.displayName, 'research')
})

test('groups outside of the patterns and reserved names are refused, and nothing is stored', async () => {
  const count = async () => (await okta.send('GET /Groups?count=0')).body.totalResults
  const before = await count()
  const outside = await okta.send('POST /Groups', group('finance'))
  assert.equal(outside.status, 403)
  const reserved = await okta.send('POST /Groups', group('Headgate Marketplace Data Product 7'))
  assert.deepEqual([reserved.status, reserved.body.scimType], [400, 'invalidValue'])
  const id = await made(okta, '/Groups', group('team-a'))
  const renamed = await okta.send(
    `PATCH /Groups/${id}`,
    patch({ op: 'replace', path: 'displayName', value: 'finance' }),
  )
  assert.equal(renamed.status, 403)
  assert.equal((await okta.send(`GET /Groups/${id}`)).body.displayName, 'team-a')
  assert.equal(await count(), Number(before) + 1)
})

test('attributes come by the mapping and the allow-list, change with the user, and go with what is unset', async () => {
  const id = await made(
    okta,
    '/Users',
    user('mapped@example.com', { title: 'Analyst', [enterprise]: { department: 'Finance' } }),
  )
  const attributes = async () => {
    const found = await server.admin.users.get({ params: { id: Number(id) } })
    return found.attributes.map(({ key, value }) => `${key}=${value}`).sort()
  }
  assert.deepEqual(await attributes(), ['department=Finance', 'title=Analyst'])
  await server.admin.users.addAttribute({ params: { id: Number(id), key: 'title', value: 'Local' } })
  const change = patch(
    { op: 'remove', path: 'title' },
    { op: 'replace', path: `${enterprise}:department`, value: 'Legal' },
  )
  assert.equal((await okta.send(`PATCH /Users/${id}`, change)).status, 200)
  assert.deepEqual(await attributes(), ['department=Legal', 'title=Local'], 'what others say stays')
})

test('a user whom an admin disabled stays disabled, whatever the provider says', async () => {
  const id = await made(okta, '/Users', user('disabled@example.com'))
  const isDisabled = async () => (await server.admin.users.get({ params: { id: Number(id) } })).disabled
  const active = (value: boolean) => okta.send(`PATCH /Users/${id}`, patch({ op: 'replace', path: 'active', value }))
  await active(false)
  assert.equal(await isDisabled(), true)
  await active(true)
  assert.equal(await isDisabled(), false)
  await server.admin.users.update({ params: { id: Number(id) }, body: { disabled: true } })
  await active(false)
  await active(true)
  assert.equal(await isDisabled(), true)
})

// Deleting was refused, making inactive was not.
test('the last user admin is neither deleted nor made inactive by a provider', async () => {
  const id = await made(okta, '/Users', user('last@example.com'))
  const { rows: others } = await sql<{ person_id: number }>`
    delete from person_permission where permission = 'USER_ADMIN' returning person_id`.execute(server.db.kysely)
  const give = (person: number | string) =>
    sql`insert into person_permission (person_id, permission) values (${person}, 'USER_ADMIN')`.execute(
      server.db.kysely,
    )
  await give(id)
  const inactive = patch({ op: 'replace', path: 'active', value: false })
  for (const answer of [await okta.send(`PATCH /Users/${id}`, inactive), await okta.send(`DELETE /Users/${id}`)]) {
    assert.deepEqual([answer.status, answer.body.code], [409, 'last-admin'])
  }
  for (const { person_id } of others) await give(person_id)
  assert.equal((await okta.send(`PATCH /Users/${id}`, inactive)).status, 200)
})

test('a write that names an older version is refused, and a read of the version one has is empty', async () => {
  const id = await made(okta, '/Users', user('versioned@example.com'))
  const { headers } = await okta.send(`GET /Users/${id}`)
  const etag = headers.get('etag') ?? ''
  assert.equal(etag, 'W/"1"')
  assert.equal((await okta.send(`GET /Users/${id}`, undefined, { 'if-none-match': etag })).status, 304)
  const body = user('versioned@example.com', { title: 'New' })
  assert.equal((await okta.send(`PUT /Users/${id}`, body, { 'if-match': etag })).status, 200)
  assert.equal((await okta.send(`PUT /Users/${id}`, body, { 'if-match': etag })).status, 412)
  assert.equal((await okta.send(`DELETE /Users/${id}`, undefined, { 'if-match': etag })).status, 412)
  assert.equal((await okta.send(`DELETE /Users/${id}`, undefined, { 'if-match': '*' })).status, 204)
})

test('pages begin at one, may be empty, and end where people do', async () => {
  const paged = await provider(server, 'paged')
  for (let n = 0; n < 5; n += 1) await made(paged, '/Users', user(`paged-${n}`))
  const page = async (query: string) => {
    const { body } = await paged.send(`GET /Users?${query}`)
    const names = (body.Resources as Told[]).map(one => String(one.userName))
    return [body.totalResults, body.startIndex, body.itemsPerPage, names.join(' ')]
  }
  assert.deepEqual(await page('count=2'), [5, 1, 2, 'paged-0 paged-1'])
  assert.deepEqual(await page('startIndex=5&count=2'), [5, 5, 1, 'paged-4'])
  assert.deepEqual(await page('startIndex=6&count=2'), [5, 6, 0, ''])
  assert.deepEqual(await page('startIndex=0&count=1'), [5, 1, 1, 'paged-0'])
  assert.deepEqual(await page('startIndex=-3&count=-1'), [5, 1, 0, ''])
  assert.deepEqual(await page('count=0'), [5, 1, 0, ''])
})

test('of each resource as much is answered as was asked for', async () => {
  const id = await made(
    okta,
    '/Users',
    user('asked@example.com', { title: 'T', name: { givenName: 'A', familyName: 'B' } }),
  )
  const keys = async (query: string) =>
    Object.keys((await okta.send(`GET /Users/${id}?${query}`)).body)
      .sort()
      .join(' ')
  assert.equal(await keys('attributes=userName,NAME.givenName'), 'id name schemas userName')
  assert.equal(await keys('excludedAttributes=name,meta,id,title'), 'active id schemas userName')
})

test('a token that was replaced serves for a while, and none of them once SCIM is switched off', async () => {
  const { rows } = await sql<{ id: number }>`select id from identity_provider where name = 'entra'`.execute(
    server.db.kysely,
  )
  const id = rows[0]?.id ?? assert.fail('no provider')
  const { token } = await server.admin.scimSettings.rotateToken({ params: { id } })
  const newer = sender(server.url, token)
  assert.deepEqual([(await newer('GET /Users')).status, (await entra.send('GET /Users')).status], [200, 200])
  const { tokens, mapping } = await server.admin.scimSettings.get({ params: { id } })
  assert.deepEqual(
    tokens.map(one => one.expiresAt === undefined),
    [true, false],
  )
  assert.ok(!JSON.stringify(await server.admin.scimSettings.get({ params: { id } })).includes(token))
  await act(server.db, { type: 'system', userid: 'test', name: 'test' }, doing => deleteScimTokens(doing, 'entra'))
  assert.equal((await newer('GET /Users')).status, 401)
  const again = await server.admin.scimSettings.rotateToken({ params: { id } })
  assert.equal((await sender(server.url, again.token)('GET /Users')).status, 200)
  await server.admin.scimSettings.replace({ params: { id }, body: { attributes: mapping.attributes } })
  await server.admin.scimSettings.remove({ params: { id } })
  assert.equal((await sender(server.url, again.token)('GET /Users')).status, 401)
})

test('a group that the provider may assert no more takes no members any more', async () => {
  const narrowed = await provider(server, 'narrowed')
  const who = await made(narrowed, '/Users', user('narrowed@example.com'))
  const id = await made(narrowed, '/Groups', group('secret'))
  await sql`update identity_provider set group_patterns = '{public}' where name = 'narrowed'`.execute(server.db.kysely)
  const change = patch({ op: 'add', path: 'members', value: [{ value: who }] })
  assert.equal((await narrowed.send(`PATCH /Groups/${id}`, change)).status, 403)
})

test('a principal goes at the next sync once the mapping speaks of none, like values do', async () => {
  const spoken = await provider(server, 'spoken')
  const { rows } = await sql<{ id: number }>`select id from identity_provider where name = 'spoken'`.execute(
    server.db.kysely,
  )
  const params = { id: rows[0]?.id ?? assert.fail('no provider') }
  const entitlements = [{ type: 'aws', value: 'arn:aws:iam::111122223333:role/spoken' }]
  const body = user('spoken@example.com', { entitlements })
  const id = await made(spoken, '/Users', body)
  const principals = async () => {
    assert.equal((await spoken.send(`PUT /Users/${id}`, body)).status, 200)
    return (await server.admin.users.get({ params: { id: Number(id) } })).principals.length
  }
  const path = 'entitlements[type eq "aws"].value'
  for (const none of [undefined, { path, kind: 'none' as const }]) {
    const principal = { path, kind: 'iamRole' as const }
    await server.admin.scimSettings.replace({ params, body: { principal } })
    assert.equal(await principals(), 1)
    await server.admin.scimSettings.replace({ params, body: none ? { principal: none } : {} })
    assert.equal(await principals(), 0)
  }
})

test('a mapping of what may not be asserted, of attributes that are not there, or beside claims, is refused with the reason', async () => {
  await provider(server, 'mapped')
  const { rows } = await sql<{ id: number }>`select id from identity_provider where name = 'mapped'`.execute(
    server.db.kysely,
  )
  const params = { id: rows[0]?.id ?? assert.fail('no provider') }
  const replace = (body: Parameters<typeof server.admin.scimSettings.replace>[0]['body']) =>
    server.admin.scimSettings.replace({ params, body })
  await refuses(replace({ attributes: [{ path: 'title', key: 'salary' }] }), 'identity-provider-invalid')
  await refuses(replace({ attributes: [{ path: 'shoeSize', key: 'title' }] }), 'identity-provider-invalid')
  await refuses(replace({ principal: { path: 'emails[', kind: 'iamUser' } }), 'identity-provider-invalid')
  await refuses(server.admin.scimSettings.rotateToken({ params: { id: 999_999 } }), 'identity-provider-not-found')
  const oidc = JSON.stringify({ mapping: { groups: [{ claim: 'groups' }], attributes: [] } })
  await sql`update identity_provider set oidc = ${oidc} where id = ${params.id}`.execute(server.db.kysely)
  await refuses(replace({ attributes: [{ path: 'title', key: 'title' }] }), 'identity-provider-invalid')
  const stranger = await server.as(['USER_ADMIN'])
  await refuses(stranger.scimSettings.get({ params }), 'permission-missing')
})

test('another mapping is read into everybody whom the provider names again, though they did not change', async () => {
  const remapped = await provider(server, 'remapped')
  const body = user('remapped@example.com', { title: 'Analyst', nickName: 'Ann' })
  const id = await made(remapped, '/Users', body)
  const { rows } = await sql<{ id: number }>`select id from identity_provider where name = 'remapped'`.execute(
    server.db.kysely,
  )
  await server.admin.scimSettings.replace({
    params: { id: rows[0]?.id ?? assert.fail('no provider') },
    body: { attributes: [{ path: 'nickName', key: 'title' }] },
  })
  assert.equal((await remapped.send(`PUT /Users/${id}`, body)).status, 200)
  const { attributes } = await server.admin.users.get({ params: { id: Number(id) } })
  assert.deepEqual(
    attributes.map(({ key, value }) => `${key}=${value}`),
    ['title=Ann'],
  )
})

test("an external id is one user's and one group's", async () => {
  const external = await provider(server, 'external')
  const first = await made(external, '/Users', user('external-1', { externalId: 'x' }))
  const second = await made(external, '/Users', user('external-2', { externalId: 'y' }))
  await made(external, '/Groups', { ...group('external-a'), externalId: 'x' })
  for (const [call, body] of [
    ['POST /Users', user('external-3', { externalId: 'x' })],
    [`PATCH /Users/${second}`, patch({ op: 'replace', path: 'externalId', value: 'x' })],
    ['POST /Groups', { ...group('external-b'), externalId: 'x' }],
  ] as const) {
    const { status, body: told } = await external.send(call, body)
    assert.deepEqual([status, told.scimType], [409, 'uniqueness'], call)
  }
  const { body } = await external.send('GET /Users')
  assert.deepEqual(
    (body.Resources as Told[]).map(one => one.id),
    [first, second],
  )
})

test('a provider that calls too often is told to wait, and nobody else', async () => {
  const slow = await testServer({ environment: { HEADGATE_SCIM_RATE_LIMIT: '3' } })
  try {
    const [one, other] = [await provider(slow, 'one'), await provider(slow, 'other')]
    for (let n = 0; n < 3; n += 1) assert.equal((await one.send('GET /Users?count=0')).status, 200)
    const { status, headers, body } = await one.send('GET /Users?count=0')
    assert.deepEqual([status, body.status, body.code], [429, '429', 'rate-limited'])
    assert.ok(Number(headers.get('retry-after')) > 0)
    assert.equal((await other.send('GET /Users?count=0')).status, 200)
    assert.equal((await slow.admin.users.me()).userid, 'admin')
  } finally {
    await slow.close()
  }
})

test('of calls that say the same at one moment one makes it, and no two wait for each other', async () => {
  const busy = await provider(server, 'busy')
  const all = <T>(make: (n: number) => Promise<T>) => Promise.all(Array.from({ length: 12 }, (_, n) => make(n)))
  const same = await all(() => busy.send('POST /Users', user('busy@example.com', { externalId: 'busy' })))
  assert.deepEqual(same.map(({ status }) => status).sort(), [201, ...Array.from({ length: 11 }, () => 409)])
  const ids = await all(n => made(busy, '/Users', user(`busy-${n}`)))
  const groups = await all(n => made(busy, '/Groups', group(`busy-${n}`)))
  // Every group gets everybody, in another order each, while everybody changes.
  const changes = await all(async n => {
    const value = ids.map((_, at) => ({ value: ids[(at + n) % ids.length] }))
    const [grouped, titled] = await Promise.all([
      busy.send(`PATCH /Groups/${groups[n]}`, patch({ op: 'add', path: 'members', value })),
      busy.send(`PATCH /Users/${ids[n]}`, patch({ op: 'replace', path: 'title', value: `T${n}` })),
    ])
    return [grouped.status, titled.status]
  })
  assert.deepEqual(
    changes,
    Array.from({ length: 12 }, () => [204, 200]),
  )
  const { body } = await busy.send(`GET /Groups/${groups[3]}`)
  assert.equal((body.members as object[]).length, 12)
})

test('a provider alone names its people and takes its members away: an admin may disable, delete and add', async () => {
  const { admin } = server
  const [nora, owen] = [await made(okta, '/Users', user('nora')), await made(okta, '/Users', user('owen'))]
  const id = Number(await made(okta, '/Groups', group('team-managed', nora)))
  await refuses(admin.users.update({ params: { id: Number(nora) }, body: { name: 'Else' } }), 'user-managed', 409)
  await refuses(
    admin.users.update({ params: { id: Number(nora) }, body: { email: null, name: 'X' } }),
    'user-managed',
    409,
  )
  await admin.users.update({ params: { id: Number(nora) }, body: { disabled: true, name: 'nora' } })
  await refuses(admin.groups.remove({ params: { id } }), 'group-managed', 409)
  await admin.groups.addMember({ params: { id, userId: Number(owen) } })
  assert.deepEqual((await okta.send(`GET /Groups/${id}`)).status, 200)

  await okta.send(`PATCH /Groups/${id}`, patch({ op: 'replace', path: 'members', value: [] }))
  await admin.groups.remove({ params: { id } })
  assert.equal((await okta.send(`GET /Groups/${id}`)).status, 404)
  assert.deepEqual((await admin.users.get({ params: { id: Number(owen) } })).groups, [])
})

test('no provider is in, names, or changes `All Users`, however it writes that', async () => {
  const { admin } = server
  const ping = await provider(server, 'ping')
  const everyone = (await admin.groups.list({ query: { search: 'All Users', provider: 'local' } })).items[0]
  const zed = await made(ping, '/Users', user('zed'))
  const theirs = await made(ping, '/Groups', group('all users', zed))
  assert.equal((await admin.groups.get({ params: { id: Number(theirs) } })).name, 'ping/all users')
  for (const name of ['All Users', 'ALL  USERS', ' Ａll Users ']) {
    assert.equal((await ping.send('POST /Groups', group(name, zed))).status, 409, name)
  }
  for (const name of ['\u0410ll Users', 'All\u200b Users']) {
    assert.equal((await ping.send('POST /Groups', group(name, zed))).status, 400, name)
  }
  const other = await made(ping, '/Groups', group('research-2', zed))
  const renamed = patch({ op: 'replace', path: 'displayName', value: 'ALL USERS' })
  assert.equal((await ping.send(`PATCH /Groups/${other}`, renamed)).status, 409)
  assert.equal((await ping.send(`PATCH /Groups/${everyone?.id}`, renamed)).status, 404)
  assert.equal((await ping.send(`DELETE /Groups/${everyone?.id}`)).status, 404)
  const { rows } = await sql`select from group_member where group_id = ${everyone?.id ?? 0}`.execute(server.db.kysely)
  assert.equal(rows.length, 0)
  const again = (await admin.groups.list({ query: { search: 'All Users', provider: 'local' } })).items[0]
  assert.deepEqual([again?.name, again?.attributes], ['All Users', []])
})
