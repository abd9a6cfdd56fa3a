/** Forms, agreements and review flows over HTTP: one life for all three, and what each may not say. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RequestFormInput, ReviewFlowInput } from '@headgate/core/api'
import { formInForce } from '../src/market/templates.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer()
  admin = server.admin
})
after(() => server.close())

const governors = { review: { stages: [{ any: [{ permission: 'GOVERNANCE' as const }] }] } }
const rule = (condition: string, then: ReviewFlowInput['otherwise']) => ({ if: condition, then })

test('a standard form and a standard flow are there from the start, and nobody changes them', async () => {
  const [form] = (await admin.requestForms.list({ query: { search: 'standard' } })).items
  const [flow] = (await admin.reviewFlows.list()).items
  assert.ok(form && flow)
  assert.deepEqual([form.builtIn, form.version, form.createdBy, form.duration.withoutEnd], [true, 1, 'headgate', true])
  assert.deepEqual(flow.otherwise, {
    review: { stages: [{ any: [{ domainRight: 'MANAGE_DATA_PRODUCTS' }, { permission: 'GOVERNANCE' }] }] },
  })
  const at = { params: { id: form.id }, ifMatch: '1' }
  await refuses(admin.requestForms.edit({ ...at, body: { name: 'mine' } }), 'template-built-in', 409)
  await refuses(admin.requestForms.remove(at), 'template-built-in', 409)
  await refuses(admin.reviewFlows.remove({ params: { id: flow.id }, ifMatch: '1' }), 'template-built-in', 409)
})

test('every edit makes a version, which says who made it and what differs', async () => {
  const gus = await server.as(['GOVERNANCE'], 'gus')
  const made = await admin.reviewFlows.create({ body: { name: 'twice', otherwise: governors } })
  const params = { id: made.id }
  const rules = [
    rule(`@isInGroups('All Users') AND @levelIs('READ')`, { review: { stages: [{ all: [{ user: 'gus' }] }] } }),
  ]
  const edit = { name: 'twice', rules, otherwise: governors }
  await refuses(admin.reviewFlows.edit({ params, ifMatch: '2', body: edit }), 'version-stale', 412)
  const edited = await gus.reviewFlows.edit({ params, ifMatch: '1', body: edit })
  assert.deepEqual([edited.version, edited.createdBy, edited.updatedBy], [2, admin.userid, 'gus'])
  assert.deepEqual(
    (await admin.reviewFlows.versions({ params })).items.map(({ version, change, createdBy }) => [
      version,
      change,
      createdBy,
    ]),
    [
      [2, 'edited', 'gus'],
      [1, 'created', admin.userid],
    ],
  )
  assert.deepEqual((await admin.reviewFlows.version({ params: { ...params, version: 1 } })).rules, [])
  const { changes } = await admin.reviewFlows.diff({ params, query: { from: 1, to: 2 } })
  assert.deepEqual(changes, [{ path: 'rules.0', after: edited.rules[0] }])
  const again = await admin.reviewFlows.edit({ params, ifMatch: '2', body: edit })
  assert.deepEqual([again.version, again.updatedBy], [2, 'gus'], 'saying the same again made somebody else its editor')
  await refuses(admin.reviewFlows.version({ params: { ...params, version: 9 } }), 'template-version-not-found', 404)
  await gus.reviewFlows.remove({ params, ifMatch: '2' })
  await refuses(admin.reviewFlows.get({ params }), 'review-flow-not-found', 404)
  assert.equal((await admin.reviewFlows.versions({ params })).items[0]?.change, 'deleted')
  assert.equal((await admin.reviewFlows.create({ body: { name: 'twice', otherwise: governors } })).version, 1)
})

test('one kind is not found under the routes of another, and names are unique within a kind', async () => {
  const { id } = await admin.agreements.create({ body: { name: 'terms', text: 'Be careful.' } })
  await refuses(admin.requestForms.get({ params: { id } }), 'request-form-not-found', 404)
  await refuses(admin.agreements.create({ body: { name: 'terms', text: 'Again.' } }), 'template-name-taken', 409)
  await admin.requestForms.create({ body: { name: 'terms' } })
})

test('what is in use stays, and the answer names what uses it', async () => {
  const agreement = await admin.agreements.create({ body: { name: 'needed', text: 'Be careful.' } })
  const form = await admin.requestForms.create({ body: { name: 'needing', agreements: [agreement.id, agreement.id] } })
  assert.deepEqual(form.agreements, [agreement.id])
  const params = { id: agreement.id }
  await refuses(admin.agreements.remove({ params, ifMatch: '1' }), 'template-in-use', 409)
  assert.deepEqual((await admin.agreements.usedBy({ params })).items, [
    { kind: 'form', id: String(form.id), name: 'needing' },
  ])
  const flow = await admin.reviewFlows.create({ body: { name: 'chosen', otherwise: governors } })
  const products: { id: string; version: number }[] = []
  for (const name of ['Sales 1', 'Sales 2']) {
    const body = { name, form: form.id, reviewFlow: flow.id, dataSources: [] }
    products.push(await admin.dataProducts.create({ body }))
  }
  await refuses(admin.reviewFlows.remove({ params: { id: flow.id }, ifMatch: '1' }), 'template-in-use', 409)
  const answer = await admin.send(`/request-forms/${form.id}`, { method: 'DELETE', headers: { 'if-match': '1' } })
  assert.equal(answer.status, 409)
  assert.match(
    JSON.stringify(await answer.json()),
    /`needing` is used by data product `Sales \d`, data product `Sales \d`/,
  )
  const first = await admin.requestForms.usedBy({ params: { id: form.id }, query: { limit: 1 } })
  const second = await admin.requestForms.usedBy({ params: { id: form.id }, query: { limit: 1, cursor: first.next } })
  assert.deepEqual(
    [first.total, ...first.items, ...second.items].map(one => (typeof one === 'number' ? one : one.id)),
    [2, ...products.map(({ id }) => id).sort()],
  )
  const nobody = await server.as([])
  await nobody.requestForms.get({ params: { id: form.id } })
  await refuses(nobody.requestForms.usedBy({ params: { id: form.id } }), 'permission-missing', 403)
  for (const { id, version } of products) await admin.dataProducts.remove({ params: { id }, ifMatch: String(version) })
  await admin.reviewFlows.remove({ params: { id: flow.id }, ifMatch: '1' })
  await admin.requestForms.edit({ params: { id: form.id }, ifMatch: '1', body: { name: 'needing' } })
  await admin.agreements.remove({ params, ifMatch: '1' })
})

test('a form in force carries its agreements in the versions of now', async () => {
  const { id } = await admin.agreements.create({ body: { name: 'moving', text: 'One.' } })
  const form = await admin.requestForms.create({ body: { name: 'with moving', agreements: [id] } })
  await admin.agreements.edit({ params: { id }, ifMatch: '1', body: { name: 'moving', text: 'Two.' } })
  const inForce = await server.db.snapshot(tx => formInForce(tx, form.id))
  assert.deepEqual(inForce.agreements, [{ id, version: 2, name: 'moving', text: 'Two.' }])
  assert.deepEqual(inForce.form, { fields: [], duration: form.duration })
  const standard = await server.db.snapshot(tx => formInForce(tx, undefined))
  assert.equal(standard.name, 'Standard form')
})

const badForms: readonly [RequestFormInput, string][] = [
  [{ name: 'x', agreements: [999_999] }, 'agreement-not-found'],
  [{ name: 'x', duration: { most: 'soon' } }, 'request-form-invalid'],
  [
    {
      name: 'x',
      fields: [
        { type: 'link', id: 'a', label: 'A' },
        { type: 'date', id: 'a', label: 'B' },
      ],
    },
    'request-form-invalid',
  ],
]
test('a form that cannot be filled in is refused, and nothing is stored', async () => {
  for (const [body, code] of badForms) await refuses(admin.requestForms.create({ body }), code as never)
  assert.equal(
    (await admin.requestForms.list({ query: { search: 'x' } })).items.filter(({ name }) => name === 'x').length,
    0,
  )
})

test('a flow with faults is refused with each of them pointed at', async () => {
  const rules = [rule(`@hasTagAsGroup('dataSource')`, governors), rule(`@levelIs('ALL')`, { approve: { for: 'ever' } })]
  const body = { name: 'faulty', rules, otherwise: governors }
  await refuses(admin.reviewFlows.create({ body }), 'review-flow-invalid', 422)
  const { valid, faults } = await admin.reviewFlows.check({ body: { rules, otherwise: governors } })
  assert.equal(valid, false)
  assert.deepEqual(
    faults.map(({ path, code, line, column }) => [path, code, line, column]),
    [
      ['rules.0.if', 'policy-function-misplaced', 1, 1],
      ['rules.1.if', 'policy-argument-word', 1, 10],
      ['rules.1.then.approve.for', undefined, undefined, undefined],
    ],
  )
  await refuses(
    admin.reviewFlows.create({
      body: { name: 'by typing', rules: [rule(`@durationAtMost('7d')`, { approve: {} })], otherwise: governors },
    }),
    'review-flow-invalid',
  )
})

test('rights are written as people say them, and YAML will do', async () => {
  const yaml = `
name: as page 06 has it
rules:
  - if: "@isInGroups('All Users') AND @principalKind('iamRole')"
    then: { review: { stages: [ { all: [ { permission: GOVERNANCE } ] } ] } }
otherwise: { review: { stages: [ { any: [ { domainRight: Manage Data Products }, { group: Stewards } ] } ] } }
`
  const headers = { 'content-type': 'application/yaml' }
  const answer = await admin.send('/review-flows', { method: 'POST', headers, body: yaml })
  assert.equal(answer.status, 201)
  const shown = (await answer.json()) as { id: number; otherwise: unknown; warnings: { code: string; path: string }[] }
  assert.deepEqual(shown.otherwise, {
    review: { stages: [{ any: [{ domainRight: 'MANAGE_DATA_PRODUCTS' }, { group: 'Stewards' }] }] },
  })
  assert.deepEqual(
    shown.warnings.map(({ code, path }) => [code, path]),
    [['criterion-met-by-nobody', 'otherwise.review.stages.0.any.1']],
  )
})

test('warnings name what nobody has, and who is let in unseen', async () => {
  await admin.groups.create({ body: { name: 'Auditors' } })
  const { valid, warnings } = await admin.reviewFlows.check({
    body: {
      rules: [
        rule(`@isInGroups('Auditor')`, {
          review: {
            stages: [{ any: [{ user: 'nobody-there' }, { domainRight: 'AUDIT_ACTIVITY', domain: 'nowhere' }] }],
          },
        }),
      ],
      otherwise: { approve: { for: '7d' } },
    },
  })
  assert.equal(valid, true)
  assert.deepEqual(
    warnings.map(({ code, path, didYouMean }) => [code, path, didYouMean]),
    [
      ['unknown-group', 'rules.0.if', 'Auditors'],
      ['criterion-met-by-nobody', 'rules.0.then.review.stages.0.any.0', undefined],
      ['unknown-domain', 'rules.0.then.review.stages.0.any.1', undefined],
      ['approves-everybody', 'otherwise', undefined],
    ],
  )
})
