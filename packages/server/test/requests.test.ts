/** Asking for access, deciding, and what time does to it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Level } from '@headgate/core'
import { ApiError } from '@headgate/core/api'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { lookAtClock } from '../src/market/request-clock.ts'
import { setTaggedSources } from '../src/market/tagged-sources.ts'
import { prepareAccount } from './support/aws-account.ts'
import { create } from './support/integrations.ts'
import { storeDataSource } from './support/lake.ts'
import { passTime } from './support/pass-time.ts'
import { storeProduct } from './support/products.ts'
import { personAt, type TestPerson, type TestServer, testServer } from './support/server.ts'

const day = 86_400_000

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

  async function product(id: string, sources = [source], levels: Level[] = ['READ']): Promise<void> {
    await storeProduct(server.db, { id, levels })
    await act(server.db, system, doing =>
      setTaggedSources(doing, id, { dataSources: sources, levels }, 'product-published'),
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
    const waits = await ann.requests.statusOfProduct({ params: { id: 'sales1' }, query: {} })
    assert.deepEqual([waits.requestable, waits.why, waits.waiting], [false, 'request-waits', id])
    const waiting = await (gina as TestPerson).requests.list({ query: { box: 'toDecide' } })
    assert.ok(waiting.items.some(one => one.id === id))
    const review = await (gina as TestPerson).requests.review({ params: { id } })
    assert.equal(review.effect.gained, 1)
    // Without a principal there is nothing to create in AWS yet.
    assert.deepEqual(
      review.effect.integrations.map(({ grants, unmapped, quota }) => ({ grants, unmapped, quota })),
      [{ grants: { create: 0, revoke: 0 }, unmapped: 1, quota: { usedAfter: 0, of: 100_000 } }],
    )
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
    const why = await hal.access.explain({ query: { user: String(hal.id), dataSource: String(source) } })
    assert.ok(why.dataSources[0]?.fixes.some(({ fix, level }) => fix === 'request' && level === 'READ'))
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

  test('one click asks again for what was approved; what was never given is asked for anew', async () => {
    const [lea, max] = [await server.as([], 'lea'), await server.as([], 'max')]
    const { id } = await asked(lea)
    await refused(lea.requests.extend({ params: { id } }), 'request-over')
    const until = (await decided(gina, id)).until ?? ''
    await refused(max.requests.extend({ params: { id } }), 'request-not-found')
    await refused((gina as TestPerson).requests.extend({ params: { id } }), 'permission-missing')
    assert.equal((await lea.requests.get({ params: { id } })).you.extend, true)
    const again = await lea.requests.extend({ params: { id }, body: { duration: '40d', idempotencyKey: 'longer' } })
    assert.equal(
      (await lea.requests.extend({ params: { id }, body: { duration: '40d', idempotencyKey: 'longer' } })).id,
      again.id,
    )
    assert.equal(again.extension, true)
    const detail = await decided(gus, again.id)
    assert.equal(detail.answers[0]?.answer, 'a report')
    assert.ok((detail.until ?? '') > until)
    await passTime(server.db, 35 * day)
    await lookAtClock(server.world)
    assert.deepEqual(
      await Promise.all([id, again.id].map(async one => (await lea.requests.get({ params: { id: one } })).state)),
      ['expired', 'approved'],
    )
    assert.ok(await reaches(lea))
    await passTime(server.db, 6 * day)
    assert.equal(await reaches(lea), false, 'before anybody noticed')
    const anew = await lea.requests.extend({ params: { id: again.id } })
    assert.equal(anew.extension, false)
  })

  test('an approval gives what is offered at that moment, or says what is not', async () => {
    await product('shrinks1', [source], ['READ', 'WRITE'])
    const nia = await server.as([], 'nia')
    const write = await asked(nia, 'shrinks1', { level: 'WRITE' })
    const read = await asked(nia, 'shrinks1', { idempotencyKey: 'once' })
    const offer = (levels: Level[], longest: string) =>
      act(server.db, system, async doing => {
        await setTaggedSources(doing, 'shrinks1', { dataSources: [source], levels }, 'product-changed')
        await sql`update data_product set definition = definition || ${JSON.stringify({ longest, withoutEnd: false })}::jsonb
          where id = 'shrinks1'`.execute(doing.tx)
      })
    await offer(['READ'], '10d')
    const { form } = await nia.requests.statusOfProduct({ params: { id: 'shrinks1' }, query: {} })
    assert.equal(form.duration.most, '10d', 'as people say it')
    await refused(decided(gina, write.id), 'request-invalid')
    await refused(decided(gina, read.id), 'request-invalid')
    await refused(decided(gina, read.id, { withoutEnd: true }), 'request-invalid')
    assert.equal((await decided(gina, read.id, { duration: '9d' })).state, 'approved')
    await decided(gina, write.id, { verdict: 'deny', reason: 'not offered any more' })
    await sql`update data_product set state = 'suspended' where id = 'shrinks1'`.execute(server.db.kysely)
    await refused(asked(nia, 'shrinks1'), 'data-product-closed')
    assert.equal((await asked(nia, 'shrinks1', { idempotencyKey: 'once' })).id, read.id, 'sent again, it is the same')
  })

  test('two stages, each by others; the shortest duration counts, and who may decide is asked anew each time', async () => {
    const { admin } = server
    const sam = await server.as([], 'sam')
    const { id: stewards } = await admin.groups.create({ body: { name: 'Stewards' } })
    const steward = { params: { id: stewards, userId: sam.id } }
    await admin.groups.addMember(steward)
    const stages = [{ any: [{ group: 'Stewards' }] }, { all: [{ permission: 'GOVERNANCE' as const }, { user: 'gus' }] }]
    const flow = await admin.reviewFlows.create({ body: { name: 'two stages', otherwise: { review: { stages } } } })
    await product('staged1')
    await sql`update data_product set review_flow_id = ${flow.id} where id = 'staged1'`.execute(server.db.kysely)
    const ola = await server.as([], 'ola')
    const { review } = await ola.requests.statusOfProduct({ params: { id: 'staged1' }, query: {} })
    assert.deepEqual(review, {
      outcome: 'review',
      stages: [
        { match: 'any', criteria: ['group `Stewards`'] },
        { match: 'all', criteria: ['GOVERNANCE', 'user `gus`'] },
      ],
    })
    const { id } = await asked(ola, 'staged1')
    assert.deepEqual((await ola.requests.get({ params: { id } })).stages, review.stages, 'as told before')
    await refused(decided(gina, id), 'decision-not-yours')
    await refused(decided(server.admin, id), 'decision-not-yours')
    await admin.groups.removeMember(steward)
    await refused(decided(sam, id), 'request-not-found')
    await admin.groups.addMember(steward)
    const waits = async (who: TestPerson) =>
      (await who.requests.list({ query: { box: 'toDecide' } })).items.some(one => one.id === id)
    assert.deepEqual([await waits(sam), await waits(gus as TestPerson)], [true, false])
    assert.equal((await decided(sam, id, { duration: '12d' })).stage?.number, 2)
    assert.deepEqual([await waits(sam), await waits(gus as TestPerson)], [false, true])
    assert.equal((await decided(gus, id, { duration: '20d' })).state, 'pending', 'one of two')
    await refused(decided(gus, id), 'decision-not-yours')
    await refused(decided(admin, id), 'decision-not-yours')
    const { until = '', decisions } = await decided(gina, id)
    assert.ok(Math.abs(Date.parse(until) - Date.now() - 12 * day) < day / 24)
    assert.deepEqual(
      decisions.map(one => [one.by.userid, one.criteria]),
      [
        ['sam', ['group `Stewards`']],
        ['gus', ['GOVERNANCE', 'user `gus`']],
        ['gina', ['GOVERNANCE']],
      ],
    )
    const own = await asked(sam, 'staged1')
    await refused(decided(sam, own.id), 'decision-not-yours')
    const { key } = await sam.apiKeys.create({ body: { name: 'another' } })
    await refused(decided(personAt(server.url, { ...sam, key }), own.id), 'decision-not-yours')
    assert.equal((await sam.requests.get({ params: { id: own.id } })).you.why, 'requester')
    const told = await (gina as TestPerson).notifications.list({ query: {} })
    assert.ok(told.items.some(({ kind, about }) => kind === 'request.stuck' && about.id === String(own.id)))
  })

  test('what was asked and accepted stays as it was, whatever becomes of form and agreement', async () => {
    const { admin } = server
    const agreement = await admin.agreements.create({ body: { name: 'Care', text: 'Be careful.' } })
    const fields = (label: string) => [{ type: 'shortAnswer' as const, id: 'why', label }]
    const content = { name: 'Careful', agreements: [agreement.id] }
    const form = await admin.requestForms.create({ body: { ...content, fields: fields('Why?') } })
    await product('careful1')
    await sql`update data_product set form_id = ${form.id} where id = 'careful1'`.execute(server.db.kysely)
    const zia = await server.as([], 'zia')
    const accepted = { agreements: [{ id: agreement.id, version: 1 }] }
    await refused(asked(zia, 'careful1', { answers: { why: 'x' } }), 'request-invalid')
    const { id } = await asked(zia, 'careful1', { answers: { why: 'a report' }, ...accepted })
    const at = { ifMatch: '1' }
    await admin.requestForms.edit({ ...at, params: { id: form.id }, body: { ...content, fields: fields('What for?') } })
    await admin.agreements.edit({
      ...at,
      params: { id: agreement.id },
      body: { name: 'Care', text: 'Be very careful.' },
    })
    const detail = await decided(gina, id)
    assert.deepEqual([detail.form.version, detail.answers[0]?.label, detail.agreements[0]?.version], [1, 'Why?', 1])
    const { form: now } = await zia.requests.statusOfProduct({ params: { id: 'careful1' }, query: {} })
    assert.deepEqual([now.version, now.agreements[0]?.text], [2, 'Be very careful.'])
    await assert.rejects(zia.requests.extend({ params: { id } }), /holds an older version of `Care`/)
    const held = [{ version: 1, count: 1 }]
    assert.deepEqual((await admin.requestForms.usedBy({ params: { id: form.id } })).requests, held)
    assert.deepEqual((await admin.agreements.usedBy({ params: { id: agreement.id } })).requests, held)
  })

  test('a rule approves at once, but not whoever wrote it', async () => {
    const writer = await server.as(['GOVERNANCE'], 'writer')
    // biome-ignore lint/suspicious/noThenProperty: it is what page 06 calls it, and nobody awaits a rule
    const rules = [{ if: "@isInGroups('Analysts') AND @durationAtMost('30d')", then: { approve: { for: '3d' } } }]
    const otherwise = { review: { stages: [{ any: [{ user: 'gus' }] }] } }
    const flow = await writer.reviewFlows.create({ body: { name: 'at once', rules, otherwise } })
    await product('atonce1')
    await sql`update data_product set review_flow_id = ${flow.id} where id = 'atonce1'`.execute(server.db.kysely)
    const yan = await server.as([], 'yan')
    const { id: analysts } = await server.admin.groups.create({ body: { name: 'Analysts' } })
    for (const { id: userId } of [writer, yan]) {
      await server.admin.groups.addMember({ params: { id: analysts, userId } })
    }
    const toldTo = async (person: TestPerson, duration?: string) =>
      (await person.requests.statusOfProduct({ params: { id: 'atonce1' }, query: { ...(duration && { duration }) } }))
        .review
    assert.deepEqual(await toldTo(yan, '30d'), { outcome: 'approve', duration: '3d', stages: [] })
    const byGus = { outcome: 'review', stages: [{ match: 'any', criteria: ['user `gus`'] }] }
    assert.deepEqual([await toldTo(yan, '31d'), await toldTo(yan)], [byGus, byGus], 'too long for the rule')
    assert.deepEqual((await toldTo(writer, '30d')).stages, [{ match: 'any', criteria: ['GOVERNANCE'] }])
    const { id, state, until = '' } = await asked(yan, 'atonce1')
    assert.equal(state, 'approved')
    assert.ok(Math.abs(Date.parse(until) - Date.now() - 3 * day) < day / 24)
    assert.deepEqual((await yan.requests.get({ params: { id } })).decisions, [])
    assert.ok(await reaches(yan))
    const own = await asked(writer, 'atonce1')
    assert.equal(own.state, 'pending')
    await refused(decided(writer, own.id), 'decision-not-yours')
    assert.equal((await decided(gina, own.id)).state, 'approved')
    const { requests } = await writer.reviewFlows.usedBy({ params: { id: flow.id } })
    assert.deepEqual(requests, [{ version: 1, count: 2 }])
  })

  test('asked on behalf of a role or a service, with whom it reaches; the asker decides nothing', async () => {
    const { admin } = server
    const [pia, ted] = [await server.as(['GOVERNANCE'], 'pia'), await server.as([], 'ted')]
    const role = await admin.users.create({ body: { userid: 'analysts', name: 'Analysts', kind: 'role-user' } })
    const identifier = 'arn:aws:iam::111122223333:role/analysts'
    await admin.users.setPrincipals({ params: { id: role.id }, body: [{ kind: 'iamRole', identifier }] })
    const robot = await admin.users.create({ body: { userid: 'nightly', name: 'Nightly', kind: 'service' } })
    const { items } = await pia.requests.beneficiaries({ query: {} })
    assert.deepEqual(
      items.map(({ userid, kind }) => [userid, kind]),
      [
        ['analysts', 'role-user'],
        ['nightly', 'service'],
      ],
    )
    const status = await pia.requests.statusOfProduct({ params: { id: 'sales1' }, query: { for: role.id } })
    assert.deepEqual([status.for.userid, status.advice[0]?.principal.identifier], ['analysts', identifier])
    await refused(
      pia.requests.statusOfProduct({ params: { id: 'sales1' }, query: { for: ted.id } }),
      'request-on-behalf-refused',
    )
    const { id, onBehalf } = await asked(pia, 'sales1', { for: role.id })
    assert.equal(onBehalf, 'role-user')
    assert.equal((await pia.requests.get({ params: { id } })).advice[0]?.principal.identifier, identifier)
    await refused(decided(pia, id), 'decision-not-yours')
    assert.equal((await decided(gina, id)).state, 'approved')
    const service = await asked(pia, 'sales1', { for: robot.id })
    assert.equal(service.onBehalf, 'service')
    await pia.requests.cancel({ params: { id: service.id }, body: { reason: 'not yet' } })
    const told = await (gina as TestPerson).notifications.list({ query: {} })
    assert.ok(told.items.some(one => one.kind === 'request.canceled' && one.path === `/requests/${service.id}`))
  })

  test('a policy that opens requests is checked, kept, compared and previewed, and what it opened ends by its date', async () => {
    const { admin } = server
    const uma = await server.as([], 'uma')
    const opens = (group: string) => ({ onRequest: { review: { stages: [{ any: [{ group }] }] } } })
    const lint = await admin.policies.check({ body: { kind: 'grant', who: opens('Nobody there') } })
    assert.deepEqual(
      [lint.valid, lint.warnings.map(({ code, path }) => [code, path])],
      [true, [['criterion-met-by-nobody', 'who.onRequest.review.stages.0.any.0']]],
    )
    const content = {
      kind: 'grant',
      level: 'WRITE',
      appliesTo: { everything: true },
      discoverable: true,
    } as const
    const body = { ...content, state: 'active' } as const
    const { gained } = (
      await admin.previews.make({
        body: { changes: [{ change: 'createPolicy', policy: { ...content, name: 'write', who: opens('Stewards') } }] },
      })
    ).movements
    assert.equal(gained, 0)
    const made = await admin.policies.create({ body: { ...body, name: 'write', who: opens('Stewards') } })
    await refused(
      admin.policies.create({ body: { ...body, kind: 'guardrail', name: 'g', who: opens('x') } as never }),
      'request-invalid',
    )
    const ask = (person: TestPerson) =>
      person.requests.askForDataSource({
        params: { id: source },
        body: { level: 'WRITE', answers: { purpose: 'x' }, duration: '10d' },
      })
    const first = await ask(uma)
    const edited = await admin.policies.edit({
      params: { id: made.id },
      ifMatch: String(made.version),
      body: { ...content, name: 'write', appliesTo: { any: [{ tag: 'Secret' }] }, who: opens('Stewards') },
    })
    const diff = await admin.policies.diff({ params: { id: made.id }, query: { from: 1, to: edited.version } })
    assert.deepEqual(
      diff.changes.map(({ field }) => field),
      ['appliesTo'],
    )
    assert.deepEqual((await admin.policies.version({ params: { id: made.id, version: 1 } })).who, opens('Stewards'))
    const { items: groups } = await admin.groups.list({ query: { search: 'Stewards' } })
    const wes = await server.as([], 'wes')
    await admin.groups.addMember({ params: { id: groups[0]?.id ?? 0, userId: wes.id } })
    await refused(decided(wes, first.id), 'request-not-opened')
    await admin.policies.restore({ params: { id: made.id }, ifMatch: String(edited.version), body: { version: 1 } })
    const { until = '' } = await decided(wes, first.id)
    assert.ok(Math.abs(Date.parse(until) - Date.now() - 10 * day) < day / 24)
    const mine = async () =>
      (await admin.dataSources.get({ params: { id: source } })).members.filter(
        one => 'user' in one.subject && one.subject.user.id === uma.id,
      )
    const [row] = await mine()
    assert.deepEqual([row?.level, row?.until, row?.addedBy], ['WRITE', until, 'wes'])
    await passTime(server.db, 4 * day)
    await lookAtClock(server.world)
    const soon = (await uma.notifications.list({ query: {} })).items.find(({ kind }) => kind === 'membership.expiring')
    assert.equal(soon?.path, `/requests/${first.id}`)
    await passTime(server.db, 6 * day)
    assert.equal(await reaches(uma), false)
    await lookAtClock(server.world)
    assert.equal((await uma.requests.get({ params: { id: first.id } })).state, 'expired')
    assert.deepEqual(await mine(), [])
  })

  test('requests are listed page by page, in boxes, to whom they concern', async () => {
    const [vic, xia] = [await server.as([], 'vic'), await server.as([], 'xia')]
    for (const n of [1, 2, 3]) {
      await product(`page${n}`)
      await asked(vic, `page${n}`)
    }
    const names: string[] = []
    let cursor: string | undefined
    do {
      const page = await vic.requests.list({ query: { limit: 2, ...(cursor ? { cursor } : {}) } })
      assert.equal(page.total, 3)
      names.push(...page.items.map(one => one.dataProduct?.name ?? ''))
      cursor = page.next
    } while (cursor !== undefined)
    assert.deepEqual(names, ['page3', 'page2', 'page1'])
    for (const box of ['mine', 'toDecide', 'all'] as const)
      assert.equal((await xia.requests.list({ query: { box } })).total, 0, box)
    const queue = async (query: object) =>
      (await (gina as TestPerson).requests.list({ query })).items.map(one => one.dataProduct?.name)
    assert.deepEqual(await queue({ box: 'toDecide', user: vic.id, search: 'PAGE2' }), ['page2'])
    assert.deepEqual(await queue({ box: 'all', user: vic.id, state: 'pending' }), ['page3', 'page2', 'page1'])
    assert.equal((await vic.requests.ofProduct({ params: { id: 'page1' }, query: {} })).total, 1)
    assert.equal((await xia.requests.ofProduct({ params: { id: 'page1' }, query: {} })).total, 0)
  })
})
