/** Data products beside what they speak of: domains, experts and people who go, many who write at once, odd words. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { ApiError } from '@headgate/core/api'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { lockDataSource } from '../src/db/data-source.ts'
import { addMembership } from '../src/market/memberships.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
let sales: number
let stock: number
let integration: number

before(async () => {
  server = await testServer()
  admin = server.admin
  integration = await storedIntegration(server)
  const at = (name: string) => storeDataSource(server, integration, { name, scope: `s3://research-data/${name}/*` })
  sales = await at('sales')
  stock = await at('stock')
})
after(() => server.close())

function at({ id, version }: { readonly id: string; readonly version: number }) {
  return { params: { id }, ifMatch: String(version) }
}

test('a domain stays while a data product is in it, and may go once that is deleted', async () => {
  await admin.domains.create({ body: { name: 'shops' } })
  const product = await admin.dataProducts.create({ body: { name: 'Shop figures', domain: 'shops' } })
  await refuses(admin.domains.remove({ params: { name: 'shops' } }), 'domain-in-use')
  await admin.dataProducts.remove(at(product))
  await admin.domains.remove({ params: { name: 'shops' } })
})

test('a version comes back without an expert who has gone', async () => {
  const expert = await server.as([], 'eva')
  const product = await admin.dataProducts.create({ body: { name: 'Asked of Eva', expert: expert.id } })
  const edited = await admin.dataProducts.edit({ ...at(product), body: { name: 'Asked of nobody' } })
  await admin.users.remove({ params: { id: expert.id } })
  const { name, expert: now } = await admin.dataProducts.restore({ ...at(edited), body: { version: 1 } })
  assert.deepEqual([name, now], ['Asked of Eva', undefined])
})

// Whoever manages one domain went through everybody by number: the answer gave user name and name.
test('a manager names nobody as expert whom they may not see, and cannot tell whether they are there', async () => {
  await admin.domains.create({ body: { name: 'asks' } })
  const [manager, colleague, stranger] = [
    await server.as([], 'asks-manager'),
    await server.as([], 'asks-colleague'),
    await server.as([], 'asks-stranger'),
  ]
  const rights = { rights: ['MANAGE_DATA_PRODUCTS' as const] }
  for (const { id } of [manager, colleague]) {
    await admin.domains.setUserRights({ params: { name: 'asks', userId: id }, body: rights })
  }
  const body = { name: 'Who knows', domain: 'asks' }
  const made = await manager.dataProducts.create({ body: { ...body, expert: manager.id } })
  let now = await manager.dataProducts.edit({ ...at(made), body: { ...body, expert: colleague.id } })
  const refusals = await Promise.all(
    [stranger.id, 999_999].flatMap(expert =>
      [
        manager.dataProducts.create({ body: { ...body, name: 'Another', expert } }),
        manager.dataProducts.edit({ ...at(now), body: { ...body, expert } }),
      ].map(call =>
        call.then(
          () => assert.fail('named'),
          (error: ApiError) => [error.code, error.message.replace(`${expert}`, '')],
        ),
      ),
    ),
  )
  assert.deepEqual(new Set(refusals.map(refusal => refusal.join())).size, 1)
  assert.equal(refusals[0]?.[0], 'user-not-found')
  for (const expert of ['asks-stranger', 'nobody-at-all']) {
    const put = { params: { key: 'who-knows' }, body: { ...body, name: 'Who knew', expert, dataSources: [] } }
    await refuses(manager.dataProducts.putByKey(put), 'user-not-found', 404)
  }
  // Whom somebody else named stays named, whoever writes.
  now = await admin.dataProducts.edit({ ...at(now), body: { ...body, expert: stranger.id } })
  now = await manager.dataProducts.edit({ ...at(now), body: { ...body, description: 'x', expert: stranger.id } })
  assert.equal(now.expert?.userid, 'asks-stranger')
})

test('a file that is said by many at once makes one data product', async () => {
  const say = () =>
    admin.dataProducts.putByKey({
      params: { key: 'at-once' },
      body: { name: 'At once', dataSources: ['sales'], state: 'published' },
    })
  const said = await Promise.all([say(), say(), say(), say()])
  assert.deepEqual(new Set(said.map(({ id, version }) => `${id} ${version}`)).size, 1)
})

// Whoever wrote a product held it and waited for its data source; whoever deleted that held it and waited for the product.
test('a data source that is deleted and its product that is written wait for each other in one order', async () => {
  const state = 'published' as const
  const writes: Record<string, (product: { id: string; version: number }, source: number) => Promise<unknown>> = {
    edit: (product, source) => {
      const body = { name: 'edit', dataSources: [stock, source], description: 'changed' }
      return admin.dataProducts.edit({ ...at(product), body })
    },
    restore: product => admin.dataProducts.restore({ ...at(product), body: { version: 1 } }),
    publish: product => admin.dataProducts.publish(at(product)),
    named: (_, source) => {
      const body = { name: 'named', dataSources: [source, 'stock'], description: 'changed', state }
      return admin.dataProducts.putByKey({ params: { key: 'ring-named' }, body })
    },
  }
  for (const [name, write] of Object.entries(writes)) {
    const scope = `s3://research-data/ring-${name}/*`
    const source = await storeDataSource(server, integration, { name: `ring-${name}`, scope })
    const put = { name, dataSources: [source, 'stock'], ...(name === 'publish' ? {} : { state }) }
    const product = await admin.dataProducts.putByKey({ params: { key: `ring-${name}` }, body: put })
    const both = await server.db.transaction(async tx => {
      await lockDataSource(tx, source)
      const deleted = admin.dataSources.remove({ params: { id: source }, query: { hard: 'true' } })
      await waiting(1)
      const written = write(product, source)
      await waiting(2)
      return [deleted, written]
    })
    const codes = (await Promise.allSettled(both)).map(one => (one.status === 'rejected' ? one.reason.code : 'done'))
    assert.ok(['done,data-product-invalid', 'done,done'].includes(codes.join()), `${name}: ${codes}`)
  }
})

/** Until so many transactions wait for a lock. */
async function waiting(count: number): Promise<void> {
  const waits = sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  while ((await waits.execute(server.db.kysely)).rows[0]?.n !== count) await setTimeout(5)
}

test('words are found wherever they stand in a name, whatever stands between them', async () => {
  for (const name of ['finance/ledger_2026', 'A&B (north-east)', 'v2.orders@home', '売上 Übersicht']) {
    const made = await admin.dataProducts.create({ body: { name, dataSources: [sales] } })
    await admin.dataProducts.publish(at(made))
  }
  const found = async (search: string) =>
    (await admin.marketplace.list({ query: { search } })).items.map(({ name }) => name)
  assert.deepEqual(await found('ledger'), ['finance/ledger_2026'])
  assert.deepEqual(await found('2026 fin'), ['finance/ledger_2026'])
  assert.deepEqual(await found('finance/ledger_2026'), ['finance/ledger_2026'])
  assert.deepEqual(await found('east'), ['A&B (north-east)'])
  assert.deepEqual(await found('orders'), ['v2.orders@home'])
  assert.deepEqual(await found('home'), ['v2.orders@home'])
  assert.deepEqual(await found('übersicht'), ['売上 Übersicht'])
  assert.deepEqual(await found('売'), ['売上 Übersicht'])
  assert.deepEqual(await found('& | !'), await found(''))
  const dora = await server.as([], 'dora')
  await admin.dataProducts
    .create({ body: { name: 'Helped along', dataSources: [sales], expert: dora.id } })
    .then(made => admin.dataProducts.publish(at(made)))
  assert.deepEqual(await found('of dora'), ['Helped along'])
})

test('whoever puts a data source into a product that they may use has given it to themselves', async () => {
  const gil = await server.as(['GOVERNANCE'], 'gil')
  const made = await admin.dataProducts.create({ body: { name: 'Growing', dataSources: [sales] } })
  const product = await admin.dataProducts.publish(at(made))
  await act(server.db, system, doing => addMembership(doing, { product: product.id, person: gil.id, level: 'READ' }))
  await gil.dataProducts.edit({ ...at(product), body: { name: 'Growing', dataSources: [sales, stock] } })
  const { items } = await gil.users.access({ params: { id: gil.id } })
  assert.deepEqual(
    items.map(({ dataSource, selfGiven }) => [dataSource.name, selfGiven]),
    [
      ['sales', false],
      ['stock', true],
    ],
  )
})

test('members and managers are told what becomes of a product, and members that their access ended with it', async () => {
  await admin.domains.create({ body: { name: 'told' } })
  await admin.domains.addDataSource({ params: { name: 'told', id: sales } })
  const [member, manager] = [await server.as([], 'member'), await server.as([], 'domain-manager')]
  const rights = { rights: ['MANAGE_DATA_PRODUCTS' as const] }
  await admin.domains.setUserRights({ params: { name: 'told', userId: manager.id }, body: rights })
  const made = await admin.dataProducts.create({ body: { name: 'Told', domain: 'told', dataSources: [sales] } })
  const product = await admin.dataProducts.publish(at(made))
  await act(server.db, system, doing => addMembership(doing, { product: made.id, person: member.id, level: 'READ' }))
  const suspended = await admin.dataProducts.suspend(at(product))
  await admin.dataProducts.unpublish(at(suspended))
  const read = async (who: TestPerson) => (await who.notifications.list()).items.map(({ title }) => title)
  assert.deepEqual(await read(member), ['Your access to Told was taken back', 'Told takes no requests for now'])
  assert.deepEqual(await read(manager), ['Told takes no requests for now', 'Told was published'])
  assert.deepEqual(await read(admin), [])
})

test('the marketplace tells what waits for a decision for oneself, and of nobody else', async () => {
  const [asking, other] = [await server.as([], 'asking'), await server.as([], 'somebody-else')]
  const made = await admin.dataProducts.create({ body: { name: 'Asked for', dataSources: [sales] } })
  await admin.dataProducts.publish(at(made))
  const { rows } = await sql<{ id: number }>`
    insert into request (product_id, name, requester_id, beneficiary_id, level, extension, form_id, form_version, answers,
      agreements, advice, stages, expires_at)
    select ${made.id}, 'Asked for', ${other.id}, ${asking.id}, 'READ', false, id, 1, '[]', '[]', '[]', '[]', now() + interval '1 day'
    from template where kind = 'form' and built_in returning id`.execute(server.db.kysely)
  const pending = async (who: TestPerson) => (await who.marketplace.get({ params: { id: made.id } })).pending
  assert.deepEqual(await pending(asking), [{ request: rows[0]?.id, level: 'READ' }])
  assert.deepEqual(await pending(other), [])
})

test('what a file or an older version would give is previewed, and held to', async () => {
  const polly = await server.as([], 'polly')
  const file = { name: 'Filed', dataSources: ['sales'], state: 'published' as const }
  const { id } = await admin.dataProducts.putByKey({ params: { key: 'filed' }, body: file })
  await act(server.db, system, doing => addMembership(doing, { product: id, person: polly.id, level: 'READ' }))
  const wider = { ...file, dataSources: ['sales', 'stock'] }
  const put = await admin.previews.make({
    body: { changes: [{ change: 'putDataProduct', key: 'filed', product: wider }] },
  })
  assert.equal(put.movements.gained, 1)
  const ifPreview = put.token as string
  const product = await admin.dataProducts.putByKey({ params: { key: 'filed' }, body: wider, ifPreview })
  const back = await admin.previews.make({ body: { changes: [{ change: 'restoreDataProduct', id, version: 1 }] } })
  assert.equal(back.movements.lost, 1)
  const restored = await admin.dataProducts.restore({
    ...at(product),
    body: { version: 1 },
    ifPreview: back.token as string,
  })
  assert.deepEqual(
    restored.dataSources.map(({ name }) => name),
    ['sales'],
  )
})

test('a manager learns nothing of data sources and products outside the domain, by whatever name', async () => {
  await admin.domains.create({ body: { name: 'walled' } })
  const wall = await server.as([], 'wall')
  const rights = { rights: ['MANAGE_DATA_PRODUCTS' as const] }
  await admin.domains.setUserRights({ params: { name: 'walled', userId: wall.id }, body: rights })
  const told = async (name: string) => {
    const body = { name: 'Through the wall', domain: 'walled', dataSources: [name] }
    const refused = await wall.dataProducts.putByKey({ params: { key: 'wall' }, body }).then(
      () => assert.fail(),
      ({ body: { requestId: _, ...rest } }: ApiError) => rest,
    )
    return JSON.stringify(refused).replaceAll(name, '…')
  }
  assert.equal(await told('stock'), await told('nothing at all'))
  const hidden = await admin.dataProducts.create({ body: { name: 'Merger plans' } })
  const taken = await wall.dataProducts.create({ body: { name: 'merger plans', domain: 'walled' } }).then(
    () => assert.fail(),
    (error: ApiError) => error,
  )
  assert.equal(taken.code, 'data-product-name-taken')
  assert.ok(!JSON.stringify(taken.body).includes(hidden.id))
  const keyed = await admin.dataProducts.putByKey({ params: { key: 'plans' }, body: { name: 'Plans of others' } })
  const body = { name: 'Plans of mine', domain: 'walled' }
  const refused = await wall.dataProducts.putByKey({ params: { key: 'plans' }, body }).then(
    () => assert.fail(),
    (error: ApiError) => error,
  )
  assert.equal(refused.code, 'data-product-not-found')
  assert.ok(!JSON.stringify(refused.body).includes(keyed.id))
})

test('what has left the domain of a draft is not published with it', async () => {
  await admin.domains.create({ body: { name: 'left' } })
  for (const id of [sales, stock]) await admin.domains.addDataSource({ params: { name: 'left', id } })
  const manager = await server.as([], 'left-manager')
  const rights = { rights: ['MANAGE_DATA_PRODUCTS' as const] }
  await admin.domains.setUserRights({ params: { name: 'left', userId: manager.id }, body: rights })
  const body = { name: 'Left behind', domain: 'left', dataSources: [sales, stock] }
  const draft = await manager.dataProducts.create({ body })
  await admin.domains.removeDataSource({ params: { name: 'left', id: stock } })
  await refuses(manager.dataProducts.publish(at(draft)), 'data-product-invalid')
  const smaller = await manager.dataProducts.edit({ ...at(draft), body: { ...body, dataSources: [sales] } })
  const published = await manager.dataProducts.publish(at(smaller))
  assert.equal(published.state, 'published')
  // What is published goes on, and says so.
  const leftOut = async () => {
    const { dataSources } = await manager.dataProducts.get({ params: { id: draft.id } })
    return dataSources.flatMap(({ id, leftDomain }) => (leftDomain ? [id] : []))
  }
  assert.deepEqual(await leftOut(), [])
  await admin.domains.removeDataSource({ params: { name: 'left', id: sales } })
  assert.deepEqual(await leftOut(), [sales])
  await admin.domains.addDataSource({ params: { name: 'left', id: sales } })
  assert.deepEqual(await leftOut(), [])
})

test('a retired product is shown to whoever still has something through it, and to nobody else', async () => {
  const [stays, other] = [await server.as([], 'stays'), await server.as([], 'other')]
  const made = await admin.dataProducts.create({ body: { name: 'Going away', dataSources: [sales] } })
  const product = await admin.dataProducts.publish(at(made))
  await act(server.db, system, doing => addMembership(doing, { product: made.id, person: stays.id, level: 'READ' }))
  const suggested = async () => {
    const query = { user: String(other.id), dataSource: String(sales) }
    const { dataSources } = await admin.access.explain({ query })
    return dataSources.some(({ fixes }) => fixes.some(one => one.product === made.id))
  }
  assert.equal(await suggested(), true)
  await admin.dataProducts.retire(at(product))
  assert.equal(await suggested(), false, 'nobody is sent to ask in vain')
  const mine = await stays.marketplace.list({ query: { mine: 'true' } })
  assert.deepEqual(
    mine.items.map(({ name, retired, suspended }) => [name, retired, suspended]),
    [['Going away', true, true]],
  )
  assert.equal((await stays.marketplace.get({ params: { id: made.id } })).name, 'Going away')
  assert.equal((await stays.marketplace.list({ query: { search: 'going' } })).total, 0)
  await refuses(other.marketplace.get({ params: { id: made.id } }), 'data-product-not-found')
})

test('whoever asked for somebody else is told too when a product goes, and a rule that let its manager in is no decision', async () => {
  const [asker, keeper] = [await server.as([], 'asker'), await server.as(['GOVERNANCE'], 'keeper')]
  const { id: bot } = await admin.users.create({ body: { userid: 'night-load', name: 'Night load', kind: 'service' } })
  const made = await keeper.dataProducts.create({ body: { name: 'Short-lived', dataSources: [sales] } })
  const product = await keeper.dataProducts.publish(at(made))
  const approvedOf = async (requester: number, beneficiary: number) => {
    const { rows } = await sql<{ id: number }>`
      insert into request (product_id, name, requester_id, beneficiary_id, level, extension, form_id, form_version,
        answers, agreements, advice, stages, expires_at, state, decided_at)
      select ${made.id}, 'Short-lived', ${requester}, ${beneficiary}, 'READ', false, id, 1, '[]', '[]', '[]', '[]',
        now() + interval '1 day', 'approved', now()
      from template where kind = 'form' and built_in returning id`.execute(server.db.kysely)
    const request = rows[0]?.id ?? assert.fail()
    await act(server.db, system, doing =>
      addMembership(doing, { product: made.id, person: beneficiary, level: 'READ', request }),
    )
    return request
  }
  await approvedOf(asker.id, bot)
  const byRule = await approvedOf(keeper.id, keeper.id)
  const selfGiven = async () => (await keeper.users.access({ params: { id: keeper.id } })).items[0]?.selfGiven
  assert.equal(await selfGiven(), true)
  await sql`insert into request_decision (request_id, number, stage, by_id, verdict, criteria, criteria_text)
    values (${byRule}, 1, 0, ${admin.id}, 'approve', '{0}', '{GOVERNANCE}')`.execute(server.db.kysely)
  assert.equal(await selfGiven(), false)
  await keeper.dataProducts.remove({ ...at(product), query: { revoke: 'true' } })
  const titles = (await asker.notifications.list()).items.map(({ title }) => title)
  assert.deepEqual(titles, ['Night load’s access to Short-lived was taken back'])
})

test('nobody is approved by a rule of their own making: it goes before governors', async () => {
  const [maker, other] = [await server.as(['GOVERNANCE'], 'rule-maker'), await server.as([], 'ruled')]
  const body = { name: 'Everybody', otherwise: { approve: { for: '30d' } } }
  const flow = await maker.reviewFlows.create({ body })
  const content = { name: 'By rule', dataSources: [sales], reviewFlow: flow.id }
  const made = await admin.dataProducts.create({ body: content })
  await admin.dataProducts.publish(at(made))
  const ask = (who: TestPerson, more: object = {}) =>
    who.requests.askForProduct({
      params: { id: made.id },
      body: { answers: { purpose: 'a report' }, duration: '7d', ...more },
    })
  assert.equal((await ask(other)).state, 'approved')
  const own = await ask(maker)
  assert.equal(own.state, 'pending')
  const approving = { params: { id: own.id }, body: { verdict: 'approve' as const } }
  await refuses(maker.requests.decide(approving), 'decision-not-yours')
  const { id: bot } = await admin.users.create({ body: { userid: 'maker-bot', name: 'Bot', kind: 'service' } })
  assert.equal((await ask(maker, { for: bot })).state, 'pending')
  const tried = (beneficiary: number) =>
    admin.reviewFlows.tryOut({ params: { id: flow.id }, body: { beneficiary, duration: '7d' } })
  assert.deepEqual([(await tried(maker.id)).outcome, (await tried(other.id)).outcome], ['review', 'approve'])
  assert.equal((await admin.requests.decide(approving)).state, 'approved')
  const draft = await admin.dataProducts.unpublish(at(await admin.dataProducts.get({ params: { id: made.id } })))
  assert.equal((await admin.requests.ofProduct({ params: { id: draft.id } })).total, 3, 'its history stays')
  await refuses(other.requests.ofProduct({ params: { id: draft.id } }), 'data-product-not-found')
})

test('a guardrail that comes with a hidden data source is told without it', async () => {
  await admin.tags.create({ body: { name: 'Sealed' } })
  const inside = { name: 'takeover', scope: 's3://research-data/stock/takeover/*', tags: ['Sealed'] }
  await storeDataSource(server, integration, inside)
  const who = { when: "@hasAttribute('cleared')" }
  const appliesTo = { any: [{ tag: 'Sealed' }] }
  await admin.policies.create({
    body: { name: 'sealed', kind: 'guardrail', level: 'READ', appliesTo, who, state: 'active' },
  })
  const made = await admin.dataProducts.create({ body: { name: 'With something inside', dataSources: [stock] } })
  await admin.dataProducts.publish(at(made))
  const curious = await server.as([], 'curious')
  const told = async (person: TestPerson) => {
    const { dataSources } = await person.requests.statusOfProduct({ params: { id: made.id } })
    return dataSources.map(one => [one.status, one.guardrails.map(({ name, via }) => [name, via?.name])])
  }
  assert.deepEqual(await told(curious), [['prevented', [['sealed', undefined]]]])
  assert.deepEqual(await told(admin), [['prevented', [['sealed', 'takeover']]]])
})

test('nobody buries what others wait for under requests of their own', async () => {
  const [eager, other] = [await server.as([], 'eager'), await server.as([], 'unhurried')]
  const made = await admin.dataProducts.create({ body: { name: 'In demand', dataSources: [sales] } })
  await admin.dataProducts.publish(at(made))
  await sql`
    with bots as (
      insert into person (userid, name, kind) select 'bot-' || n, 'Bot', 'service' from generate_series(1, 200) n
      returning id)
    insert into request (product_id, name, requester_id, beneficiary_id, level, extension, form_id, form_version, answers,
      agreements, advice, stages, expires_at)
    select ${made.id}, 'In demand', ${eager.id}, bots.id, 'READ', false, template.id, 1, '{}', '[]', '[]', '[]',
      now() + interval '1 day'
    from bots, template where template.kind = 'form' and built_in`.execute(server.db.kysely)
  const ask = (who: TestPerson) =>
    who.requests.askForProduct({ params: { id: made.id }, body: { answers: { purpose: 'x' }, duration: '1d' } })
  await refuses(ask(eager), 'requests-too-many')
  assert.equal((await ask(other)).state, 'pending')
})
