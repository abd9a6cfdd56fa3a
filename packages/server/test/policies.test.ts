import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ApiError, type PolicyInput } from '@headgate/core/api'
import { storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

const analysts: PolicyInput = {
  name: 'Analysts read finance data',
  kind: 'grant',
  level: 'READ',
  appliesTo: { any: [{ tag: 'Finance' }] },
  who: { when: "@isInGroups('Analysts')" },
}

async function start(t: TestContext): Promise<TestServer> {
  const server = await testServer()
  t.after(server.close)
  return server
}

async function problemOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    reason => reason,
  )
  assert.ok(error instanceof ApiError, String(error))
  return error
}

async function policyFacts(server: TestServer) {
  const rows = await server.db.kysely
    .selectFrom('fact_change')
    .where('entity', '=', 'policy')
    .orderBy('id')
    // The standing ones of the marketplace were never made by anybody.
    .where('actor_id', 'is not', null)
    .select(['after', 'cause'])
    .execute()
  return rows.map(({ after, cause }) => [cause, after !== null])
}

test('a policy is stored as people wrote it, staged unless said otherwise', async t => {
  const server = await start(t)
  const when = "@isInGroups( 'Analysts' )\n  and   NOT @hasAttribute('country', 'FR')"
  const made = await server.admin.policies.create({ body: { ...analysts, who: { when } } })
  assert.deepEqual(made.who, { when })
  assert.deepEqual(made.appliesTo, analysts.appliesTo)
  assert.deepEqual([made.state, made.version, made.protected, made.createdBy], ['staged', 1, false, 'admin'])
  assert.deepEqual(await server.admin.policies.get({ params: { id: made.id } }), made)
  assert.deepEqual(await policyFacts(server), [])
})

test('only what changes an active policy changes facts', async t => {
  const server = await start(t)
  const { create, edit, activate, stage, remove } = server.admin.policies
  const { id } = await create({ body: analysts })
  const params = { id }
  const step = (version: number) => ({ params, ifMatch: `"${version}"` })
  await edit({ ...step(1), body: { ...analysts, description: 'first' } })
  assert.equal((await activate(step(2))).state, 'active')
  assert.equal((await activate(step(3))).version, 3)
  await edit({ ...step(3), body: { ...analysts, description: 'second' } })
  assert.equal((await stage(step(4))).state, 'staged')
  await activate(step(5))
  await remove(step(6))
  await refuses(server.admin.policies.get({ params }), 'policy-not-found', 404)
  assert.deepEqual(await policyFacts(server), [
    ['policy-activated', true],
    ['policy-edited', true],
    ['policy-staged', false],
    ['policy-activated', true],
    ['policy-deleted', false],
  ])
  const ofIt = server.db.kysely.selectFrom('policy_version').where('policy_id', '=', id)
  const versions = await ofIt.orderBy('version').selectAll().execute()
  assert.deepEqual(
    versions.map(({ version, state, definition }) => [version, state, definition.description]),
    [
      [1, 'staged', ''],
      [2, 'staged', 'first'],
      [3, 'active', 'first'],
      [4, 'active', 'second'],
      [5, 'staged', 'second'],
      [6, 'active', 'second'],
      [7, 'deleted', 'second'],
    ],
  )
})

test('a write must name the version that it changes, and the answer names the next', async t => {
  const server = await start(t)
  const headers = { 'content-type': 'application/json' }
  const created = await server.admin.send('/policies', { method: 'POST', headers, body: JSON.stringify(analysts) })
  assert.equal(created.status, 201)
  assert.equal(created.headers.get('etag'), '"1"')
  const { id } = (await created.json()) as { id: number }
  const path = `/policies/${id}/activate`
  const without = await server.admin.send(path, { method: 'POST' })
  assert.equal(without.status, 428)
  const activated = await server.admin.send(path, { method: 'POST', headers: { 'if-match': '"1"' } })
  assert.equal(activated.headers.get('etag'), '"2"')
  assert.ok(Number(activated.headers.get('headgate-sequence')) > 0)
  const { edit, stage, remove } = server.admin.policies
  const stale = { params: { id }, ifMatch: '"1"' }
  await refuses(edit({ ...stale, body: analysts }), 'version-stale', 412)
  await refuses(stage(stale), 'version-stale', 412)
  await refuses(remove(stale), 'version-stale', 412)
})

test('of two edits of one version at once one loses', async t => {
  const server = await start(t)
  const { id } = await server.admin.policies.create({ body: analysts })
  const edits = [1, 2, 3, 4].map(at =>
    server.admin.policies.edit({ params: { id }, ifMatch: '"1"', body: { ...analysts, description: `edit ${at}` } }),
  )
  const results = await Promise.allSettled(edits)
  const lost = results.flatMap(result => (result.status === 'rejected' ? [result.reason.code] : []))
  assert.deepEqual(lost, Array(3).fill('version-stale'))
})

test('a malformed expression is refused with line, column and what was meant', async t => {
  const server = await start(t)
  const when = "@isInGroups('Analysts')\n  AND @hasAtribute('country', 'FR')"
  const error = await problemOf(server.admin.policies.create({ body: { ...analysts, who: { when } } }))
  assert.deepEqual([error.status, error.code], [422, 'policy-invalid'])
  assert.match(error.message, /line 2, column 7/)
  const [first, ...others] = error.body.errors as Record<string, unknown>[]
  assert.deepEqual(others, [])
  assert.deepEqual(
    [first?.line, first?.column, first?.length, first?.code, first?.didYouMean],
    [2, 7, '@hasAtribute'.length, 'policy-unknown-function', '@hasAttribute'],
  )
  assert.match(String(first?.message), /did you mean `@hasAttribute`/)
  assert.ok([first?.expected].flat().includes('@hasAttribute'))
})

test('every error of an expression is listed', async t => {
  const server = await start(t)
  const when = "@isUser() OR\n@nothing('x')"
  const error = await problemOf(server.admin.policies.create({ body: { ...analysts, who: { when } } }))
  assert.deepEqual(
    (error.body.errors as { line: number; code: string }[]).map(({ line, code }) => [line, code]),
    [
      [1, 'policy-argument-count'],
      [2, 'policy-unknown-function'],
    ],
  )
})

test('a guardrail carries an expression and no glob of names', async t => {
  const server = await start(t)
  const guardrail = { ...analysts, kind: 'guardrail' as const }
  const create = (body: PolicyInput) => server.admin.policies.create({ body })
  await refuses(create({ ...guardrail, who: { everyone: true } }), 'request-invalid', 422)
  await refuses(create({ ...guardrail, appliesTo: { any: [{ name: 'Fin*' }] } }), 'request-invalid', 422)
  await create({ ...guardrail, appliesTo: { any: [{ scope: 's3://research-data/*' }] } })
  await create({ ...analysts, name: 'by name', appliesTo: { all: [{ name: 'Fin*' }] } })
})

test('a condition must name a readable scope and an integration that exists', async t => {
  const server = await start(t)
  const create = (appliesTo: PolicyInput['appliesTo']) =>
    server.admin.policies.create({ body: { ...analysts, name: JSON.stringify(appliesTo), appliesTo } })
  const error = await problemOf(create({ any: [{ tag: 'A' }, { scope: 's3://a*b/*' }] }))
  assert.equal(error.status, 422)
  assert.match(error.message, /`body.appliesTo.any.1`/)
  await refuses(create({ any: [{ integration: 4711 }] }), 'integration-not-found', 404)
  const integration = await storedIntegration(server)
  assert.deepEqual((await create({ any: [{ integration: String(integration) }] })).appliesTo, {
    any: [{ integration }],
  })
})

test('names are unique among the policies that are not deleted', async t => {
  const server = await start(t)
  const { create, edit, remove } = server.admin.policies
  const { id } = await create({ body: analysts })
  await refuses(create({ body: analysts }), 'policy-name-taken', 409)
  // Whoever may not read it is not told which one it is.
  const writer = await server.as([])
  await server.admin.domains.create({ body: { name: 'Elsewhere' } })
  const rights = { rights: ['MANAGE_POLICIES' as const] }
  await server.admin.domains.setUserRights({ params: { name: 'Elsewhere', userId: writer.id }, body: rights })
  const theirs = await problemOf(writer.policies.create({ body: { ...analysts, domain: 'Elsewhere' } }))
  assert.deepEqual(
    [theirs.code, theirs.body.id, theirs.message.includes('id =')],
    ['policy-name-taken', undefined, false],
  )
  assert.equal((await problemOf(create({ body: analysts }))).body.id, id)
  const other = await create({ body: { ...analysts, name: 'other' } })
  await refuses(edit({ params: { id: other.id }, ifMatch: '1', body: analysts }), 'policy-name-taken', 409)
  await remove({ params: { id }, ifMatch: '1' })
  assert.equal((await edit({ params: { id: other.id }, ifMatch: '1', body: analysts })).name, analysts.name)
  const results = await Promise.allSettled([1, 2, 3].map(() => create({ body: { ...analysts, name: 'raced' } })))
  const lost = results.flatMap(result => (result.status === 'rejected' ? [result.reason.code] : []))
  assert.deepEqual(lost, Array(2).fill('policy-name-taken'))
})

test('a policy that is not there can neither be read nor changed', async t => {
  const server = await start(t)
  const { get, edit, activate, stage, remove } = server.admin.policies
  const params = { id: 4711 }
  await refuses(get({ params }), 'policy-not-found', 404)
  await refuses(edit({ params, ifMatch: '1', body: analysts }), 'policy-not-found', 404)
  await refuses(activate({ params, ifMatch: '1' }), 'policy-not-found', 404)
  await refuses(stage({ params, ifMatch: '1' }), 'policy-not-found', 404)
  await refuses(remove({ params, ifMatch: '1' }), 'policy-not-found', 404)
})

test('a protected policy cannot be edited, activated, staged or deleted', async t => {
  const server = await start(t)
  const { id } = await server.admin.policies.create({ body: analysts })
  await server.db.kysely.updateTable('policy').set({ protected: true }).where('id', '=', id).execute()
  const { edit, activate, stage, remove } = server.admin.policies
  const call = { params: { id }, ifMatch: '1' }
  await refuses(edit({ ...call, body: analysts }), 'policy-protected', 409)
  await refuses(activate(call), 'policy-protected', 409)
  await refuses(stage(call), 'policy-protected', 409)
  await refuses(remove(call), 'policy-protected', 409)
})

test('names that nobody has are warned of, and no longer once they exist', async t => {
  const server = await start(t)
  const { id, warnings } = await server.admin.policies.create({ body: analysts })
  assert.deepEqual(
    warnings.map(({ code, line, column, length }) => [code, line, column, length]),
    [
      ['unknown-group', 1, "@isInGroups('".length, "'Analysts'".length],
      ['unknown-tag', 1, 1, 0],
    ],
  )
  await server.admin.groups.create({ body: { name: 'Analysts' } })
  await server.admin.tags.create({ body: { name: 'Finance' } })
  assert.deepEqual((await server.admin.policies.get({ params: { id } })).warnings, [])
})

test('the list is searched, filtered and paged by name', async t => {
  const server = await start(t)
  for (const name of ['b', 'a', 'C']) {
    await server.admin.policies.create({ body: { ...analysts, name, description: `why ${name}`, state: 'active' } })
  }
  await server.admin.policies.create({ body: { ...analysts, name: 'd' } })
  const page = await server.admin.policies.list({ query: { limit: 4 } })
  const standing = ['Headgate Marketplace', 'Headgate Marketplace Write']
  assert.deepEqual([page.items.map(({ name }) => name), page.total], [['C', ...standing, 'a'], 6])
  const rest = await server.admin.policies.list({ query: { limit: 4, cursor: page.next } })
  assert.deepEqual([rest.items.map(({ name }) => name), rest.next], [['b', 'd'], undefined])
  const active = await server.admin.policies.list({ query: { state: 'active', search: 'WHY B' } })
  assert.deepEqual(
    active.items.map(({ name }) => name),
    ['b'],
  )
  await server.admin.policies.create({ body: { ...analysts, name: 'e', kind: 'guardrail' } })
  const { items: guardrails } = await server.admin.policies.list({ query: { kind: 'guardrail' } })
  assert.deepEqual(
    guardrails.map(({ name }) => name),
    ['e'],
  )
})

test('governors write global policies, auditors read them, others neither', async t => {
  const server = await start(t)
  const { id } = await server.admin.policies.create({ body: analysts })
  const call = { params: { id }, ifMatch: '1' }
  const auditor = await server.as(['AUDIT'])
  const nobody = await server.as(['USER_ADMIN', 'APPLICATION_ADMIN', 'CREATE_S3_DATASOURCE'])
  assert.equal((await auditor.policies.list({ query: { search: analysts.name } })).total, 1)
  assert.equal((await nobody.policies.list()).total, 0)
  await refuses(nobody.policies.get({ params: { id } }), 'policy-not-found', 404)
  for (const [person, code, status] of [
    [auditor, 'permission-missing', 403],
    [nobody, 'policy-not-found', 404],
  ] as const) {
    await refuses(person.policies.create({ body: { ...analysts, name: 'x' } }), 'permission-missing', 403)
    await refuses(person.policies.edit({ ...call, body: analysts }), code, status)
    await refuses(person.policies.activate(call), code, status)
    await refuses(person.policies.stage(call), code, status)
    await refuses(person.policies.remove(call), code, status)
  }
})

test('every change leaves an audit event with before and after', async t => {
  const server = await start(t)
  const { id } = await server.admin.policies.create({ body: analysts })
  await server.admin.policies.activate({ params: { id }, ifMatch: '1' })
  const edited = { ...analysts, level: 'WRITE' as const }
  await server.admin.policies.edit({ params: { id }, ifMatch: '2', body: edited })
  const rows = await server.db.kysely
    .selectFrom('audit_event')
    .where('target_type', '=', 'POLICY')
    .orderBy('sequence')
    .select('event')
    .execute()
  const payloads = rows.map(({ event }) => JSON.parse(event).auditPayload)
  assert.deepEqual(
    payloads.map(({ type, before, after }) => [type, before?.version, after.version, before?.level, after.level]),
    [
      ['PolicyCreated', undefined, 1, undefined, 'READ'],
      ['PolicyActivated', 1, 2, 'READ', 'READ'],
      ['PolicyEdited', 2, 3, 'READ', 'WRITE'],
    ],
  )
})
