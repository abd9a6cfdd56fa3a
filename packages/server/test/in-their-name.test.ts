/** Opening the account of somebody else, by every door there is: a set-up link, a provider, an API key. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ApiError } from '@headgate/core/api'
import { act, system } from '../src/db/act.ts'
import { linkForAdmin } from '../src/directory/set-up.ts'
import { setTaggedSources } from '../src/market/tagged-sources.ts'
import { browserAt } from './support/browser.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { givePassword, password } from './support/password.ts'
import { storeProduct } from './support/products.ts'
import { refuses } from './support/refuses.ts'
import { personAt, type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
let integration: number
before(async () => {
  server = await testServer()
  admin = server.admin
  integration = await storedIntegration(server)
  await admin.domains.create({ body: { name: 'Sales' } })
})
after(() => server.close())

const tokenOf = ({ path }: { path: string }) => path.split('#')[1] ?? ''

/** The same person with another key. */
const withKey = (person: TestPerson, key: string): TestPerson => personAt(server.url, { ...person, key })

const own = (name: string, owner: TestPerson): Promise<number> =>
  storeDataSource(server, integration, { name, scope: `s3://research-data/${name}/*`, owner })

// Permissions alone were compared: whoever owns data or manages a domain holds none and decides all the same.
test('who decides by what they own, by a right in a domain or by a review flow is not taken over either', async () => {
  const { admin } = server
  const uta = await server.as(['USER_ADMIN'], 'uta')
  const owner = await server.as([], 'owner')
  const source = await own('owned', owner)
  const { id: owners } = await admin.groups.create({ body: { name: 'Owners' } })
  await admin.dataSources.setGroupOwner({ params: { id: String(source), groupId: String(owners) } })
  const byGroup = await server.as([], 'by-group')
  const manages = await server.as([], 'manages')
  const named = await server.as([], 'named')
  const right = { rights: ['MANAGE_DATA_PRODUCTS' as const] }
  const taken = async (id: number) => uta.setUp.link({ params: { id } })
  const before = await taken(manages.id)
  await admin.groups.addMember({ params: { id: owners, userId: byGroup.id } })
  await admin.domains.setUserRights({ params: { name: 'Sales', userId: manages.id }, body: right })
  const stages = [{ any: [{ user: 'named' }, { group: 'All Users' }] }]
  await admin.reviewFlows.create({ body: { name: 'by name', otherwise: { review: { stages } } } })
  const byAttribute = await server.as([], 'by-attribute')
  await admin.users.addAttribute({ params: { id: byAttribute.id, key: 'role', value: 'steward.head' } })
  const asked = { review: { stages: [{ all: [{ attribute: { key: 'role', value: 'steward.head' } }] }] } }
  const applies = { appliesTo: { everything: true as const }, kind: 'grant' as const, level: 'READ' as const }
  await admin.policies.create({ body: { ...applies, name: 'on request', who: { onRequest: asked }, state: 'active' } })
  const { id: provider } = await admin.identityProviders.create({ body: { name: 'elsewhere' } })
  for (const { id } of [owner, byGroup, manages, named, byAttribute]) {
    await refuses(taken(id), 'account-mightier', 403)
    const link = { params: { id: provider, userId: id }, body: { subject: `of ${id}` } }
    await refuses(uta.identityProviders.link(link), 'account-mightier', 403)
    await admin.setUp.link({ params: { id } })
  }
  // Nor while they are disabled, to be enabled afterwards.
  await admin.users.update({ params: { id: named.id }, body: { disabled: true } })
  const asAnother = { params: { id: provider, userId: named.id }, body: { subject: 'another' } }
  await refuses(uta.identityProviders.link(asAnother), 'account-mightier', 403)
  await taken((await server.as([], 'nobody-special')).id)
  const body = { token: before.token, password }
  await refuses(admin.setUp.use({ body }), 'set-up-link-invalid', 404)
  // Somebody new is given all of it, and comes in for the first time by the link of any user admin.
  const fresh = await admin.users.create({ body: { userid: 'fresh', name: 'Fresh' } })
  await admin.domains.setUserRights({ params: { name: 'Sales', userId: fresh.id }, body: right })
  await givePassword({ admin: uta }, fresh)
  await refuses(taken(fresh.id), 'account-mightier', 403)
})

test('a link made before its person came to own something opens nothing any more', async () => {
  const ula = await server.as(['USER_ADMIN'], 'ula')
  const pia = await server.as([], 'will-manage')
  const { token } = await ula.setUp.link({ params: { id: pia.id } })
  const other = await linkForAdmin(server.db, 'will-manage').then(tokenOf)
  await refuses(server.admin.setUp.use({ body: { token, password } }), 'set-up-link-invalid', 404)
  const mine = await ula.setUp.link({ params: { id: pia.id } })
  const rights = { rights: ['MANAGE_POLICIES' as const] }
  await server.admin.domains.setUserRights({ params: { name: 'Sales', userId: pia.id }, body: rights })
  await refuses(server.admin.setUp.use({ body: { token: mine.token, password } }), 'set-up-link-invalid', 404)
  await refuses(server.admin.setUp.use({ body: { token: other, password } }), 'set-up-link-invalid', 404)
  const again = await linkForAdmin(server.db, 'will-manage').then(tokenOf)
  await server.admin.setUp.use({ body: { token: again, password } })
})

test('a link of an admin who is out by now, or may not make it any more, opens no account in use', async () => {
  const ends: ((params: { id: number }) => Promise<unknown>)[] = [
    params => admin.users.update({ params, body: { disabled: true } }),
    params => admin.users.remove({ params }),
    params => admin.users.setPermissions({ params, body: { permissions: [] } }),
  ]
  for (const end of ends) {
    const maker = await server.as(['USER_ADMIN'])
    const { token } = await maker.setUp.link({ params: { id: (await server.as()).id } })
    await end({ id: maker.id })
    await refuses(admin.setUp.use({ body: { token, password } }), 'set-up-link-invalid', 404)
  }
})

// Whoever made it could act as the owner: the permission of data owners was enough.
test('a key made for a person carries nothing that they own, however many keys lie between', async () => {
  const owner = await server.as(['CREATE_S3_DATASOURCE'], 'owns')
  const source = await own('lent', owner)
  const maker = await server.as(['USER_ADMIN', 'CREATE_S3_DATASOURCE'])
  const params = { id: String(source) }
  const sees = (key: string) => withKey(owner, key).dataSources.get({ params })
  const mine = await owner.apiKeys.create({ body: { name: 'mine', permissions: ['CREATE_S3_DATASOURCE'] } })
  await sees(mine.key)
  const lent = await maker.apiKeys.create({ body: { name: 'lent', userId: owner.id } })
  await refuses(sees(lent.key), 'data-source-not-found', 404)
  const child = await withKey(owner, lent.key).apiKeys.create({ body: { name: 'child' } })
  await refuses(sees(child.key), 'data-source-not-found', 404)
  const { userCode, deviceCode } = await admin.deviceSignIns.begin({ body: { device: 'there' } })
  await withKey(owner, lent.key).deviceSignIns.decide({ body: { userCode, verdict: 'approve', days: 1 } })
  const polled = await admin.deviceSignIns.poll({ body: { deviceCode } })
  assert.ok(polled.state === 'approved')
  await refuses(sees(polled.key), 'data-source-not-found', 404)
})

test('a key for a service that owns data sources carries them, and takes a governor to make', async () => {
  const { id, userid } = await admin.users.create({
    body: { userid: 'ingest', name: 'Ingest', kind: 'service', permissions: ['CREATE_S3_DATASOURCE'] },
  })
  const maker = await server.as(['USER_ADMIN', 'CREATE_S3_DATASOURCE'])
  const make = (by: TestPerson, more: object = {}) =>
    by.apiKeys.create({ body: { name: 'for it', userId: id, ...more } })
  const early = personAt(server.url, { id, userid, key: (await make(maker)).key })
  const source = await own('ingested', early)
  await early.dataSources.get({ params: { id: String(source) } })
  await refuses(make(maker), 'account-mightier', 403)
  await make(maker, { permissions: [] })
  const { key } = await make(admin)
  await withKey(early, key).dataSources.get({ params: { id: String(source) } })
})

// Whoever administers people and governs made themselves a key of another governor, and decided with it.
const asks = (person: TestPerson, more: { readonly idempotencyKey?: string } = {}) =>
  person.requests.askForProduct({
    params: { id: 'sales' },
    body: { answers: { purpose: 'a report' }, duration: '30d', ...more },
  })
const decides = (person: TestPerson, id: number, body: object = {}) =>
  person.requests.decide({ params: { id }, body: { verdict: 'approve', ...body } })

async function offer(): Promise<void> {
  const dataSources = [await own('asked-for', admin)]
  await storeProduct(server.db, { id: 'sales', levels: ['READ'] })
  await act(server.db, system, doing =>
    setTaggedSources(doing, 'sales', { dataSources, levels: ['READ'] }, 'product-published'),
  )
}

test('nobody decides on their own request with a key that they made for somebody else', async () => {
  const both = await server.as(['GOVERNANCE', 'USER_ADMIN'], 'both')
  const gina = await server.as(['GOVERNANCE'], 'gina')
  await offer()
  const { id } = await asks(both)
  const body = { name: 'lent', userId: gina.id }
  const { key } = await both.apiKeys.create({ body })
  const lent = personAt(server.url, { ...gina, key })
  const child = await lent.apiKeys.create({ body: { name: 'child' } })
  for (const one of [key, child.key]) {
    const asGina = personAt(server.url, { ...gina, key: one })
    const waits = await asGina.requests.list({ query: { box: 'toDecide' } })
    assert.equal(
      waits.items.some(waiting => waiting.id === id),
      false,
    )
    await refuses(decides(asGina, id), 'decision-not-yours', 403)
    await refuses(decides(asGina, id, { verdict: 'deny', reason: 'no' }), 'decision-not-yours', 403)
  }
  const other = await asks(await server.as([], 'other'))
  assert.equal((await decides(lent, other.id)).state, 'approved', "others' requests it decides")
  assert.equal((await decides(gina, id)).state, 'approved')
})

test('nor by an account that they opened anew', async () => {
  const opener = await server.as(['GOVERNANCE', 'USER_ADMIN'], 'opener')
  const gus = await server.as(['GOVERNANCE'], 'gus')
  await givePassword({ admin: opener }, gus)
  const { id } = await asks(opener)
  const asGus = browserAt(server.url)
  await asGus.signIn('gus', password)
  const decision = { params: { id }, body: { verdict: 'approve' as const } }
  await refuses(asGus.requests.decide(decision), 'decision-not-yours', 403)
  // Nor by what is made from there.
  const { key } = await asGus.apiKeys.create({ body: { name: 'mine' } })
  await refuses(decides(withKey(gus, key), id), 'decision-not-yours', 403)
  await asGus.session.changePassword({ body: { current: password, password: 'another long walk' } })
  await refuses(asGus.requests.decide(decision), 'decision-not-yours', 403)
  // The machine's holder gives it back to him alone.
  const token = tokenOf(await linkForAdmin(server.db, 'gus'))
  await admin.setUp.use({ body: { token, password } })
  const again = browserAt(server.url)
  await again.signIn('gus', password)
  assert.equal((await again.requests.decide(decision)).state, 'approved')
})

test('nor what they asked for in the name of another', async () => {
  const both = await server.as(['GOVERNANCE', 'USER_ADMIN'], 'asks-as-another')
  const hal = await server.as([], 'hal')
  const { key } = await both.apiKeys.create({ body: { name: 'lent', userId: hal.id } })
  const { id } = await asks(withKey(hal, key))
  await refuses(decides(both, id), 'decision-not-yours', 403)
  const waits = await both.requests.list({ query: { box: 'toDecide' } })
  assert.ok(!waits.items.some(one => one.id === id))
  const own = await asks(await server.as([], 'asks-alone'))
  assert.equal((await decides(both, own.id)).state, 'approved')
  assert.equal((await decides(admin, id)).state, 'approved')
})

test('sent again by another way in, a request stays whose it was', async () => {
  const both = await server.as(['GOVERNANCE', 'USER_ADMIN'], 'sends-again')
  const ida = await server.as([], 'ida')
  const { id } = await asks(ida, { idempotencyKey: 'once' })
  const { key } = await both.apiKeys.create({ body: { name: 'lent', userId: ida.id } })
  assert.equal((await asks(withKey(ida, key), { idempotencyKey: 'once' })).id, id)
  assert.equal((await decides(both, id)).state, 'approved')
})

test('nobody changes what is known of themselves with a key that they made for another', async () => {
  const [raises, lends] = [await server.as(['USER_ADMIN'], 'raises'), await server.as(['USER_ADMIN'], 'lends')]
  const { key } = await raises.apiKeys.create({ body: { name: 'lent', userId: lends.id } })
  const asLends = withKey(lends, key)
  const { id: group } = await admin.groups.create({ body: { name: 'Raised' } })
  await admin.groups.addMember({ params: { id: group, userId: raises.id } })
  const params = { id: raises.id }
  const at = { params: { ...params, key: 'clearance', value: 'high' } }
  const csv = 'user,group,key,value\nraises,,clearance,high\n,Raised,clearance,high\n'
  await refuses(asLends.users.setPermissions({ params, body: { permissions: ['GOVERNANCE'] } }), 'self-change', 403)
  await refuses(asLends.users.addAttribute(at), 'self-change', 403)
  await refuses(asLends.groups.addAttribute({ params: { ...at.params, id: group } }), 'self-change', 403)
  await refuses(asLends.groups.removeMember({ params: { id: group, userId: raises.id } }), 'self-change', 403)
  const taken = asLends.bulk.import({ params: { kind: 'attributes' }, query: {}, body: csv })
  const { code, body } = await taken.then(
    () => assert.fail('taken'),
    (error: ApiError) => error,
  )
  assert.deepEqual([code, (body.findings as unknown[]).length], ['import-refused', 2])
})
