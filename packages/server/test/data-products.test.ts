/** Data products: what may be in one, how it lives, whom each step gives and takes access, how it is found. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { DataProduct, ErrorCode } from '@headgate/core/api'
import { act, system } from '../src/db/act.ts'
import { noticeEnds } from '../src/market/expiry.ts'
import { addMembership } from '../src/market/memberships.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
let manager: TestPerson
let integration: number
const sources: Record<'sales' | 'orders' | 'stock' | 'hr', number> = { sales: 0, orders: 0, stock: 0, hr: 0 }

before(async () => {
  server = await testServer()
  admin = server.admin
  integration = await storedIntegration(server)
  for (const tag of ['Retail', 'Retail.Shops']) await admin.tags.create({ body: { name: tag } })
  await admin.domains.create({ body: { name: 'retail', tags: ['Retail'] } })
  await admin.domains.create({ body: { name: 'people' } })
  const at = (name: string, tags: readonly string[] = []) =>
    storeDataSource(server, integration, { name, scope: `s3://research-data/${name}/*`, tags })
  sources.sales = await at('sales', ['Retail.Shops'])
  sources.orders = await at('orders', ['Retail'])
  sources.stock = await at('stock', ['Retail'])
  sources.hr = await at('hr')
  manager = await server.as([], 'manager')
  const rights = { rights: ['MANAGE_DATA_PRODUCTS' as const] }
  await admin.domains.setUserRights({ params: { name: 'retail', userId: manager.id }, body: rights })
})
after(() => server.close())

const onlyRead = { levels: ['READ' as const] }

async function publish(who: TestPerson, body: Parameters<TestPerson['dataProducts']['create']>[0]['body']) {
  const made = await who.dataProducts.create({ body })
  return who.dataProducts.publish(at(made))
}

function at({ id, version }: Pick<DataProduct, 'id' | 'version'>) {
  return { params: { id }, ifMatch: String(version) }
}

async function approve(product: string, person: TestPerson, level: 'READ' | 'WRITE' = 'READ', until?: number) {
  const given = { product, person: person.id, level, ...(until === undefined ? {} : { until }) }
  await act(server.db, system, doing => addMembership(doing, given))
}

async function reached(person: TestPerson): Promise<string[]> {
  const { items } = await person.users.access({ params: { id: person.id } })
  return items.map(({ dataSource, level }) => `${dataSource.name} ${level}`)
}

test('members reach what a product lists, as it changes, and nobody else gains or loses', async () => {
  const [mia, other] = [await server.as([], 'mia'), await server.as([], 'other')]
  await admin.dataSources.setMember({
    params: { id: sources.sales, userId: other.id },
    body: { level: 'READ', reason: 'was there before' },
  })
  const product = await publish(manager, {
    ...onlyRead,
    name: 'Shops',
    domain: 'retail',
    dataSources: [sources.sales, sources.orders],
  })
  assert.deepEqual(
    [product.state, product.version, product.dataSources.map(({ name }) => name)],
    ['published', 2, ['orders', 'sales']],
  )
  assert.deepEqual(await reached(mia), [])
  await approve(product.id, mia)
  assert.deepEqual(await reached(mia), ['orders READ', 'sales READ'])
  assert.deepEqual(await reached(other), ['sales READ'])

  const { name, domain, description } = product
  const content = { name, domain, description, ...onlyRead }
  const edited = await manager.dataProducts.edit({
    ...at(product),
    body: { ...content, dataSources: [sources.sales, sources.stock] },
  })
  assert.deepEqual(await reached(mia), ['sales READ', 'stock READ'])
  const same = await manager.dataProducts.edit({
    ...at(edited),
    body: { ...content, dataSources: [sources.stock, sources.sales] },
  })
  assert.equal(same.version, edited.version, 'the same again is no version')

  const suspended = await manager.dataProducts.suspend(at(edited))
  assert.deepEqual(await reached(mia), ['sales READ', 'stock READ'])
  const resumed = await manager.dataProducts.resume(at(suspended))
  const restored = await manager.dataProducts.restore({ ...at(resumed), body: { version: 1 } })
  assert.deepEqual(await reached(mia), ['orders READ', 'sales READ'])
  const { changes } = await manager.dataProducts.diff({
    params: { id: product.id },
    query: { from: 3, to: restored.version },
  })
  assert.deepEqual(changes, [
    {
      field: 'dataSources',
      before: [sources.sales, sources.stock],
      after: [sources.sales, sources.orders],
      removed: [sources.stock],
      added: [sources.orders],
    },
  ])
  const draft = await manager.dataProducts.unpublish(at(restored))
  assert.deepEqual([draft.state, draft.members, await reached(mia)], ['draft', 0, []])
  assert.deepEqual(await reached(other), ['sales READ'])
  const { items } = await manager.dataProducts.versions({ params: { id: product.id } })
  assert.deepEqual(
    items.map(({ change }) => change),
    ['unpublished', 'restored', 'resumed', 'suspended', 'edited', 'published', 'created'],
  )
})

test('a retired product keeps its members until they have gone, then tags nothing; others are deleted with or without them', async () => {
  const [ina, leo] = [await server.as([], 'ina'), await server.as([], 'leo')]
  const product = await publish(admin, { ...onlyRead, name: 'Leaving', dataSources: [sources.hr] })
  await approve(product.id, ina)
  const retired = await admin.dataProducts.retire(at(product))
  await assert.rejects(approve(product.id, leo), { code: 'data-product-closed' })
  await noticeEnds(server.world)
  assert.deepEqual(await reached(ina), ['hr READ'])
  await admin.users.remove({ params: { id: ina.id } })
  await noticeEnds(server.world)
  const tagged = await server.db.kysely
    .selectFrom('data_product_source')
    .where('product_id', '=', product.id)
    .select('data_source_id')
    .execute()
  assert.deepEqual(tagged, [])
  await refuses(admin.dataProducts.edit({ ...at(retired), body: { name: 'Back' } }), 'data-product-state')
  await admin.dataProducts.remove(at(retired))
  await refuses(admin.dataProducts.get({ params: { id: product.id } }), 'data-product-not-found')

  const kept = await publish(admin, { ...onlyRead, name: 'Leaving', dataSources: [sources.hr] })
  await approve(kept.id, leo)
  await refuses(admin.dataProducts.remove(at(kept)), 'data-product-has-members')
  await admin.dataProducts.remove({ ...at(kept), query: { revoke: 'true' } })
  assert.deepEqual(await reached(leo), [])
})

test('levels are asked for one by one; who has both keeps reading when writing is no longer offered', async () => {
  const ed = await server.as([], 'ed')
  const content = { name: 'Ledger', dataSources: [sources.hr] }
  const product = await publish(admin, { ...content, levels: ['WRITE', 'READ'] })
  await approve(product.id, ed, 'WRITE')
  await approve(product.id, ed, 'READ')
  assert.deepEqual([product.levels, await reached(ed)], [['READ', 'WRITE'], ['hr WRITE']])
  await admin.dataProducts.edit({ ...at(product), body: { ...content, ...onlyRead } })
  assert.deepEqual(await reached(ed), ['hr READ'])
})

test('what publishing, changing and taking back would do is previewed, and held to', async () => {
  const [pia, tim] = [await server.as([], 'pia'), await server.as([], 'tim')]
  const product = await publish(admin, { ...onlyRead, name: 'Seen before', dataSources: [sources.hr] })
  await approve(product.id, pia)
  const edit = { name: 'Seen before', ...onlyRead, dataSources: [sources.hr, sources.stock] }
  const movements = async (changes: Parameters<TestPerson['previews']['make']>[0]['body']['changes']) =>
    (await admin.previews.make({ body: { changes } })).movements
  const none = { gained: 0, lost: 0, raised: 0, lowered: 0 }
  assert.deepEqual(await movements([{ change: 'editDataProduct', id: product.id, product: edit }]), {
    ...none,
    gained: 1,
  })
  assert.deepEqual(await movements([{ change: 'deleteDataProduct', id: product.id, revoke: true }]), {
    ...none,
    lost: 1,
  })
  const { token, movements: lost } = await admin.previews.make({
    body: { changes: [{ change: 'unpublishDataProduct', id: product.id }] },
  })
  assert.deepEqual(lost, { ...none, lost: 1 })
  await approve(product.id, tim)
  await refuses(
    admin.dataProducts.unpublish({ ...at(product), ifPreview: token as string }),
    'preview-stale' as ErrorCode,
  )
  assert.deepEqual(await reached(tim), ['hr READ'])
})

test('a file leads a product to what it says, by names, and says the same twice in vain', async () => {
  const text = `
name: Shop floor
domain: retail
description: Tills and *shelves*
dataSources: [sales, stock]
levels: [READ]
expert: manager
form: Standard form
links: [{ title: Wiki, url: https://wiki.example.com/shops }]
state: published
`
  const put = async (who: TestPerson, body: string, key = 'shop-floor') => {
    const answer = await who.send(`/data-products/by-key/${key}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/yaml' },
      body,
    })
    return { status: answer.status, body: (await answer.json()) as DataProduct & { code?: string } }
  }
  const first = await put(manager, text)
  assert.deepEqual(
    [first.status, first.body.state, first.body.key, first.body.expert?.userid],
    [200, 'published', 'shop-floor', 'manager'],
  )
  const again = await put(manager, text)
  assert.deepEqual([again.body.id, again.body.version], [first.body.id, first.body.version])
  const paused = await put(manager, text.replace('state: published', 'state: suspended'))
  assert.equal(paused.body.state, 'suspended')
  const back = await put(manager, text.replace('state: published', 'state: draft'))
  assert.equal(back.body.state, 'draft')
  const wrong = [
    [text.replace('sales', 'nothing'), 'data-product-invalid'],
    [text.replace('expert: manager', 'expert: nobody'), 'user-not-found'],
    [text.replace('Standard form', 'Odd form'), 'request-form-not-found'],
    [text.replace('domain: retail', 'domain: people'), 'permission-missing'],
    [text.replace('https://wiki', 'javascript://wiki'), 'request-invalid'],
    [text.replace('state: published', 'state: retired'), 'request-invalid'],
  ] as const
  for (const [body, code] of wrong) assert.equal((await put(manager, body, 'other')).body.code, code, body)
  assert.equal((await put(manager, text, 'Not A Key')).status, 422)
})

const unfit: readonly [string, () => object, ErrorCode][] = [
  [
    'with a data source outside its domain',
    () => ({ name: 'a', domain: 'retail', dataSources: [sources.hr] }),
    'data-product-invalid',
  ],
  ['with a data source that is not there', () => ({ name: 'a', dataSources: [999_999] }), 'data-product-invalid'],
  [
    'with ten thousand that are not there',
    () => ({ name: 'a', dataSources: Array.from({ length: 10_000 }, (_, n) => n + 1_000_000) }),
    'data-product-invalid',
  ],
  [
    'with more than that',
    () => ({ name: 'a', dataSources: Array.from({ length: 10_001 }, (_, n) => n + 1) }),
    'request-invalid',
  ],
  ['of a domain that is not there', () => ({ name: 'a', domain: 'nowhere' }), 'domain-not-found'],
  ['of a name that is taken', () => ({ name: 'Ledger' }), 'data-product-name-taken'],
  ['of a name that looks like another', () => ({ name: 'LEDGER' }), 'data-product-name-taken'],
  ['of a reserved name', () => ({ name: 'Headgate Marketplace Data Product' }), 'name-reserved'],
  ['for an expert who is not there', () => ({ name: 'a', expert: 999_999 }), 'user-not-found'],
  ['with a form that is not there', () => ({ name: 'a', form: 999_999 }), 'request-form-not-found'],
  ['with a review flow that is not there', () => ({ name: 'a', reviewFlow: 999_999 }), 'review-flow-not-found'],
  ['without a level', () => ({ name: 'a', levels: [] }), 'request-invalid'],
  ['with a duration that is none', () => ({ name: 'a', longest: 'a week' }), 'request-invalid'],
  ['with a colour that is none', () => ({ name: 'a', colour: 'red' }), 'request-invalid'],
]
for (const [what, body, code] of unfit) {
  test(`a data product ${what} is refused`, async () => {
    await refuses(admin.dataProducts.create({ body: body() as never }), code)
  })
}

test('a step that its state does not allow names those that it does', async () => {
  const draft = await admin.dataProducts.create({ body: { name: 'Empty' } })
  await refuses(admin.dataProducts.publish(at(draft)), 'data-product-invalid')
  const problem = await admin.dataProducts.suspend(at(draft)).then(
    () => assert.fail(),
    (error: Error) => error,
  )
  assert.match(problem.message, /is draft: it cannot be suspended now; possible: publish, delete/)
  await refuses(admin.dataProducts.publish({ ...at(draft), ifMatch: '7' }), 'version-stale')
  const product = await publish(admin, { name: 'Once', dataSources: [sources.hr] })
  await refuses(admin.dataProducts.publish(at(product)), 'data-product-state')
})

test('the manager of a domain manages its products alone', async () => {
  const draft = await admin.dataProducts.create({ body: { name: 'Staff', domain: 'people' } })
  await refuses(manager.dataProducts.get({ params: { id: draft.id } }), 'data-product-not-found')
  await refuses(manager.dataProducts.publish(at(draft)), 'data-product-not-found')
  await refuses(manager.dataProducts.create({ body: { name: 'Mine' } }), 'permission-missing')
  const mine = await manager.dataProducts.create({ body: { name: 'Mine', domain: 'retail' } })
  await refuses(
    manager.dataProducts.edit({ ...at(mine), body: { name: 'Mine', domain: 'people' } }),
    'permission-missing',
  )
  const listed = (await manager.dataProducts.list()).items
  assert.ok(listed.length > 0 && listed.every(({ domain, managed }) => domain === 'retail' && managed))
})

test('everybody finds what is published, by words and tags, and what they have through it; never where it lies', async () => {
  const finder = await server.as([], 'finder')
  const product = await publish(manager, {
    ...onlyRead,
    name: 'Été au magasin',
    domain: 'retail',
    description: 'Summer figures of all tills',
    dataSources: [sources.sales],
  })
  const end = Date.now() + 86_400_000
  await approve(product.id, finder, 'READ', end - 1000)
  await approve(product.id, finder, 'READ', end)
  const found = async (search: string) => {
    const { items } = await finder.marketplace.list({ query: { search, domain: 'retail' } })
    return items.some(({ id }) => id === product.id)
  }
  for (const word of ['été', 'MAGASIN', 'mag sum', 'till', 'retail', 'retail.shops', "'; drop :* & |"]) {
    assert.equal(await found(word), !word.includes('drop'), word)
  }
  assert.equal(await found('winter'), false)
  const { items, domains } = await finder.marketplace.list({ query: { mine: 'true' } })
  assert.deepEqual(
    [items.map(({ name, mine }) => [name, mine]), domains],
    [[['Été au magasin', [{ level: 'READ', until: new Date(end).toISOString() }]]], [{ name: 'retail', products: 1 }]],
  )
  const one = await finder.marketplace.get({ params: { id: product.id } })
  assert.deepEqual(one.contents, [
    { id: sources.sales, name: 'sales', description: '', tags: ['Retail.Shops'], disabled: false },
  ])
  assert.equal(JSON.stringify(one).includes('s3://'), false)
  const draft = await manager.dataProducts.create({ body: { name: 'Hidden', domain: 'retail' } })
  await refuses(finder.marketplace.get({ params: { id: draft.id } }), 'data-product-not-found')
})
