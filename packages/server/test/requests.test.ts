/** Asking for access, deciding, and what time does to it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ApiError } from '@headgate/core/api'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { lookAtClock } from '../src/market/request-clock.ts'
import { setTaggedSources } from '../src/market/tagged-sources.ts'
import { prepareAccount } from './support/aws-account.ts'
import { create } from './support/integrations.ts'
import { storeDataSource } from './support/lake.ts'
import { storeProduct } from './support/products.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

describe('requests', () => {
  let server: TestServer
  let source: number
  let [gina, gus]: TestPerson[] = []
  before(async () => {
    server = await testServer({ sandbox: true })
    const account = await prepareAccount(server.sandbox)
    const integration = Number((await create(server, account, { awsLocationPath: 's3://research-data' })).id)
    const owner = await server.as(['CREATE_S3_DATASOURCE'], 'owner')
    await server.admin.tags.create({ body: { name: 'Secret' } })
    source = await storeDataSource(server, integration, { name: 'sales', scope: 's3://research-data/sales/*', owner })
    gina = await server.as(['GOVERNANCE'], 'gina')
    gus = await server.as(['GOVERNANCE'], 'gus')
    await product('sales1')
  })
  after(() => server.close())

  async function product(id: string, sources = [source]): Promise<void> {
    await storeProduct(server.db, { id, levels: ['READ'] })
    await act(server.db, system, doing =>
      setTaggedSources(doing, id, { dataSources: sources, levels: ['READ'] }, 'product-published'),
    )
  }

  const asked = (person: TestPerson, id = 'sales1', more: object = {}) =>
    person.requests.askForProduct({
      params: { id },
      body: { answers: { purpose: 'a report' }, duration: '30d', ...more },
    })
  const decided = (person: TestPerson | undefined, id: number, body: object = {}) =>
    (person as TestPerson).requests.decide({ params: { id }, body: { verdict: 'approve', ...body } })

  async function refused(work: Promise<unknown>, code: string): Promise<void> {
    await assert.rejects(work, error => {
      assert.ok(error instanceof ApiError)
      assert.equal(error.code, code, error.message)
      return true
    })
  }

  async function reaches(person: TestPerson): Promise<boolean> {
    const { dataSources } = await server.admin.access.explain({
      query: { user: String(person.id), dataSource: String(source) },
    })
    return dataSources[0]?.verdict !== 'none'
  }

  test('an approval lets in, once, and never oneself', async () => {
    const ann = await server.as([], 'ann')
    const status = await ann.requests.statusOfProduct({ params: { id: 'sales1' }, query: {} })
    assert.equal(status.dataSources[0]?.status, 'ifApproved')
    assert.equal(status.requestable, true)
    const { id, state } = await asked(ann)
    assert.equal(state, 'pending')
    await refused(decided(ann, id), 'decision-not-yours')
    await refused(asked(ann), 'request-waits')
    const waiting = await (gina as TestPerson).requests.list({ query: { box: 'toDecide' } })
    assert.ok(waiting.items.some(one => one.id === id))
    const review = await (gina as TestPerson).requests.review({ params: { id } })
    assert.equal(review.effect.gained, 1)
    const results = await Promise.allSettled([decided(gina, id), decided(gus, id)])
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1, 'two at once: one decides')
    assert.ok(await reaches(ann))
    const detail = await ann.requests.get({ params: { id } })
    assert.equal(detail.state, 'approved')
    assert.equal(detail.decisions.length, 1)
    assert.equal(detail.answers[0]?.answer, 'a report')
    await refused(decided(gus, id), 'request-over')
  })

  test('what is revoked ends, and only that', async () => {
    const bea = await server.as([], 'bea')
    const first = await asked(bea)
    await decided(gina, first.id)
    const second = await asked(bea, 'sales1', { duration: '90d' })
    assert.equal(second.extension, true)
    await decided(gina, second.id, { duration: '60d' })
    await refused(bea.requests.revoke({ params: { id: first.id }, body: { reason: 'no' } }), 'permission-missing')
    const { stillGivenBy } = await (gina as TestPerson).requests.revoke({
      params: { id: first.id },
      body: { reason: 'moved on' },
    })
    assert.deepEqual(
      stillGivenBy.map(({ id }) => id),
      [second.id],
    )
    assert.ok(await reaches(bea))
    await (gina as TestPerson).requests.revoke({ params: { id: second.id }, body: { reason: 'moved on' } })
    assert.equal(await reaches(bea), false)
  })

  test('one key is one request, and bad answers are told', async () => {
    const cid = await server.as([], 'cid')
    const [one, two] = await Promise.all([
      asked(cid, 'sales1', { idempotencyKey: 'k' }),
      asked(cid, 'sales1', { idempotencyKey: 'k' }),
    ])
    assert.equal(one.id, two.id)
    await refused(asked(cid, 'sales1', { idempotencyKey: 'k', duration: '1d' }), 'idempotency-key-used')
    await refused(asked(cid, 'sales1', { answers: {} }), 'request-invalid')
    await refused(asked(cid, 'sales1', { level: 'WRITE' }), 'request-invalid')
    await cid.requests.comment({ params: { id: one.id }, body: { text: 'please' } })
    const comments = await (gina as TestPerson).requests.comments({ params: { id: one.id }, query: {} })
    assert.equal(comments.items[0]?.text, 'please')
    const canceled = await cid.requests.cancel({ params: { id: one.id }, body: {} })
    assert.equal(canceled.state, 'canceled')
    await refused(decided(gina, one.id), 'request-over')
    const dan = await server.as([], 'dan')
    await refused(dan.requests.get({ params: { id: one.id } }), 'request-not-found')
    await refused(asked(dan, 'sales1', { for: cid.id }), 'request-on-behalf-refused')
  })

  test('a denial says why, and denies', async () => {
    const eve = await server.as([], 'eve')
    const { id } = await asked(eve)
    await refused(decided(gina, id, { verdict: 'deny' }), 'request-invalid')
    await decided(gina, id, { verdict: 'deny', reason: 'not yours' })
    assert.equal((await eve.requests.get({ params: { id } })).state, 'denied')
    assert.equal(await reaches(eve), false)
  })

  test('a guardrail in the way of everything is told before and refused', async () => {
    const fay = await server.as([], 'fay')
    const guardrail = await server.admin.policies.create({
      body: {
        name: 'employees only',
        kind: 'guardrail',
        level: 'READ',
        appliesTo: { everything: true },
        who: { when: "@hasAttribute('employee', 'yes')" },
        state: 'active',
      },
    })
    const status = await fay.requests.statusOfProduct({ params: { id: 'sales1' }, query: {} })
    assert.equal(status.dataSources[0]?.status, 'prevented')
    assert.deepEqual(
      status.dataSources[0]?.guardrails.map(({ name }) => name),
      ['employees only'],
    )
    assert.ok(status.dataSources[0]?.missing.some(({ key }) => key === 'employee'))
    await refused(asked(fay), 'request-prevented')
    await server.admin.policies.archive({ params: { id: guardrail.id }, ifMatch: String(guardrail.version) })
  })

  test('a policy opens requests on a data source, lets nobody in, and an approval makes a member', async () => {
    const hal = await server.as([], 'hal')
    await refused(
      hal.requests.askForDataSource({ params: { id: source }, body: { answers: { purpose: 'x' } } }),
      'data-source-not-found',
    )
    await server.admin.policies.create({
      body: {
        name: 'ask us',
        kind: 'grant',
        level: 'READ',
        appliesTo: { everything: true },
        who: {
          onRequest: { review: { stages: [{ any: [{ permission: 'GOVERNANCE' }] }, { any: [{ user: 'gus' }] }] } },
        },
        discoverable: true,
        state: 'active',
      },
    })
    assert.equal(await reaches(hal), false)
    const body = { answers: { purpose: 'x' }, duration: '10d' }
    const { id } = await hal.requests.askForDataSource({ params: { id: source }, body })
    assert.equal((await decided(gina, id)).state, 'pending')
    await refused(decided(gina, id), 'decision-not-yours')
    const approved = await decided(gus, id)
    assert.equal(approved.state, 'approved')
    assert.ok(await reaches(hal))
    await (gina as TestPerson).requests.revoke({ params: { id }, body: { reason: 'done' } })
    assert.equal(await reaches(hal), false)
  })

  test('time ends what waits, what was given, and what is for nothing any more', async () => {
    const [ida, jim, kim] = [await server.as([], 'ida'), await server.as([], 'jim'), await server.as([], 'kim')]
    const late = await asked(ida)
    const given = await asked(jim, 'sales1', { duration: '8d' })
    await decided(gina, given.id)
    await product('gone1')
    const orphan = await asked(kim, 'gone1')
    const db = server.db.kysely
    await sql`update request set expires_at = now() where id = ${late.id}`.execute(db)
    await sql`update request set until = now() + interval '6 days', decided_at = now() - interval '2 days' where id = ${given.id}`.execute(
      db,
    )
    await sql`update data_product set state = 'retired' where id = 'gone1'`.execute(db)
    await Promise.all([lookAtClock(server.world), lookAtClock(server.world)])
    assert.equal((await ida.requests.get({ params: { id: late.id } })).state, 'expired')
    assert.equal((await kim.requests.get({ params: { id: orphan.id } })).state, 'canceled')
    const told = async (kind: string, id: number) =>
      (
        await db
          .selectFrom('notice')
          .where('kind', '=', kind as never)
          .where('about_id', '=', String(id))
          .execute()
      ).length
    assert.equal(await told('membership.expiring', given.id), 1)
    await sql`update request set until = now() where id = ${given.id}`.execute(db)
    await sql`update membership set until = now() where request_id = ${given.id}`.execute(db)
    await lookAtClock(server.world)
    await lookAtClock(server.world)
    assert.equal((await jim.requests.get({ params: { id: given.id } })).state, 'expired')
    assert.equal(await told('membership.expired', given.id), 1)
    await sql`update request set reminded_at = now() - interval '2 days' where state = 'pending'`.execute(db)
    await asked(ida)
    await sql`update request set reminded_at = now() - interval '2 days' where state = 'pending'`.execute(db)
    await Promise.all([lookAtClock(server.world), lookAtClock(server.world)])
    const { count } = await db
      .selectFrom('inbox')
      .innerJoin('notice', 'notice.id', 'notice_id')
      .where('person_id', '=', (gina as TestPerson).id)
      .where('kind', '=', 'request.reminder')
      .select(sql<number>`count(*)`.as('count'))
      .executeTakeFirstOrThrow()
    assert.equal(count, 1)
  })
})
