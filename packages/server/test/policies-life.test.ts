import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { PolicyInput } from '@headgate/core/api'
import { ApiError } from '@headgate/core/api'
import { storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
let policies: TestPerson['policies']
let analysts: PolicyInput
before(async () => {
  server = await testServer()
  admin = server.admin
  policies = admin.policies
})
after(() => server.close())

let made = 0
beforeEach(() => {
  made += 1
  analysts = {
    name: `Analysts ${made}`,
    kind: 'grant',
    level: 'READ',
    appliesTo: { any: [{ tag: 'Finance' }] },
    who: { when: "@isInGroups('Analysts')" },
  }
})

const open = { when: "NOT @isInGroups('Contractors')" }

/** The call for a policy at that version. */
function at(id: number, version: number) {
  return { params: { id }, ifMatch: `"${version}"` }
}

async function lastAudit(): Promise<{ action: string; auditPayload: Record<string, unknown> }> {
  const row = await server.db.kysely
    .selectFrom('audit_event')
    .orderBy('sequence', 'desc')
    .select('event')
    .limit(1)
    .executeTakeFirstOrThrow()
  return JSON.parse(row.event)
}

async function factCauses(id: number): Promise<string[]> {
  const rows = await server.db.kysely
    .selectFrom('fact_change')
    .where('entity', '=', 'policy')
    .where('entity_id', '=', String(id))
    .orderBy('id')
    .select(['cause', 'after'])
    .execute()
  return rows.map(({ cause, after }) => (after ? cause : `${cause}: gone`))
}

// ── archive ──

test('an archived policy applies to nothing and refuses every change until it is staged again', async () => {
  const { id } = await policies.create({ body: { ...analysts, state: 'active' } })
  const archived = await policies.archive(at(id, 1))
  assert.deepEqual([archived.state, archived.version], ['archived', 2])
  assert.deepEqual(await factCauses(id), ['policy-activated', 'policy-archived: gone'])
  assert.equal((await lastAudit()).action, 'ARCHIVE')

  await refuses(policies.edit({ ...at(id, 2), body: analysts }), 'policy-archived', 409)
  await refuses(policies.activate(at(id, 2)), 'policy-archived', 409)
  await refuses(policies.restore({ ...at(id, 2), body: { version: 1 } }), 'policy-archived', 409)
  assert.equal((await policies.archive(at(id, 2))).version, 2, 'archiving twice is one version')

  assert.equal((await policies.stage(at(id, 2))).state, 'staged')
  assert.equal((await policies.edit({ ...at(id, 3), body: { ...analysts, level: 'WRITE' } })).level, 'WRITE')
  assert.equal((await policies.activate(at(id, 4))).state, 'active')
  assert.deepEqual(await factCauses(id), ['policy-activated', 'policy-archived: gone', 'policy-activated'])
})

test('a staged policy can be archived, and an archived one deleted, without a change of facts', async () => {
  const { id } = await policies.create({ body: analysts })
  await policies.archive(at(id, 1))
  await policies.remove(at(id, 2))
  assert.deepEqual(await factCauses(id), [])
  await refuses(policies.archive(at(id, 3)), 'policy-not-found', 404)
})

test('archived policies are listed only when asked for, and keep their name', async () => {
  const { id } = await policies.create({ body: analysts })
  await policies.archive(at(id, 1))
  const search = analysts.name
  assert.equal((await policies.list({ query: { search } })).total, 0)
  assert.equal((await policies.list({ query: { search, state: 'staged' } })).total, 0)
  const { items } = await policies.list({ query: { search, state: 'archived' } })
  assert.deepEqual(
    items.map(({ id, state }) => [id, state]),
    [[id, 'archived']],
  )
  assert.equal((await policies.get({ params: { id } })).state, 'archived')
  await refuses(policies.create({ body: analysts }), 'policy-name-taken', 409)
})

test('archiving asks for the version, and for one that is not stale', async () => {
  const { id } = await policies.create({ body: analysts })
  const answer = await admin.send(`/policies/${id}/archive`, { method: 'POST' })
  assert.equal(answer.status, 428)
  await refuses(policies.archive(at(id, 2)), 'version-stale', 412)
})

// ── versions ──

test('every step is a version that says what made it and who, newest first', async () => {
  const governor = await server.as(['GOVERNANCE'])
  const { id } = await policies.create({ body: analysts })
  await policies.edit({ ...at(id, 1), body: { ...analysts, description: 'two' } })
  await governor.policies.activate(at(id, 2))
  await policies.restore({ ...at(id, 3), body: { version: 1 } })
  await policies.archive(at(id, 4))
  await policies.stage(at(id, 5))
  const { items, total, next } = await policies.versions({ params: { id } })
  assert.deepEqual([total, next], [6, undefined])
  assert.deepEqual(
    items.map(({ version, change, state, description, createdBy }) => [version, change, state, description, createdBy]),
    [
      [6, 'staged', 'staged', '', 'admin'],
      [5, 'archived', 'archived', '', 'admin'],
      [4, 'restored', 'active', '', 'admin'],
      [3, 'activated', 'active', 'two', governor.userid],
      [2, 'edited', 'staged', 'two', 'admin'],
      [1, 'created', 'staged', '', 'admin'],
    ],
  )
  assert.deepEqual(items[2]?.from, { policyId: id, version: 1 })
  assert.deepEqual(await policies.version({ params: { id, version: 3 } }), items[3])
})

test('versions are paged without a gap or a repetition', async () => {
  const { id } = await policies.create({ body: analysts })
  for (let version = 1; version < 7; version++) await policies.edit({ ...at(id, version), body: analysts })
  const seen: number[] = []
  let cursor: string | undefined
  do {
    const page = await policies.versions({ params: { id }, query: { limit: 3, cursor } })
    assert.equal(page.total, 7)
    seen.push(...page.items.map(({ version }) => version))
    cursor = page.next
  } while (cursor)
  assert.deepEqual(seen, [7, 6, 5, 4, 3, 2, 1])
  await refuses(policies.versions({ params: { id }, query: { cursor: 'made up' } }), 'request-invalid', 422)
  const foreign = Buffer.from('after:99999999999999').toString('base64url')
  assert.deepEqual((await policies.versions({ params: { id }, query: { cursor: foreign } })).items, [])
})

test('a deleted policy keeps its versions, readable for ever', async () => {
  const { id } = await policies.create({ body: analysts })
  await policies.remove(at(id, 1))
  await refuses(policies.get({ params: { id } }), 'policy-not-found', 404)
  const { items } = await policies.versions({ params: { id } })
  assert.deepEqual(
    items.map(({ version, state, change }) => [version, state, change]),
    [
      [2, 'deleted', 'deleted'],
      [1, 'staged', 'created'],
    ],
  )
  const diff = await policies.diff({ params: { id }, query: { from: 1, to: 2 } })
  assert.deepEqual(diff.changes, [{ field: 'state', before: 'staged', after: 'deleted' }])
  await refuses(policies.restore({ ...at(id, 2), body: { version: 1 } }), 'policy-not-found', 404)
  await refuses(policies.clone({ params: { id }, body: { name: 'again' } }), 'policy-not-found', 404)
})

test('versions that never were are told apart from policies that never were', async () => {
  const { id } = await policies.create({ body: analysts })
  const gone = { id: 4711, version: 1 }
  await refuses(policies.versions({ params: gone }), 'policy-not-found', 404)
  await refuses(policies.version({ params: gone }), 'policy-not-found', 404)
  await refuses(policies.diff({ params: gone, query: { from: 1, to: 1 } }), 'policy-not-found', 404)
  await refuses(policies.version({ params: { id, version: 2 } }), 'policy-version-not-found', 404)
  await refuses(policies.diff({ params: { id }, query: { from: 1, to: 2 } }), 'policy-version-not-found', 404)
  await refuses(policies.diff({ params: { id }, query: { from: 9, to: 1 } }), 'policy-version-not-found', 404)
  await refuses(policies.restore({ ...at(id, 1), body: { version: 2 } }), 'policy-version-not-found', 404)
  await refuses(policies.version({ params: { id, version: 0 } }), 'request-invalid', 422)
  await refuses(policies.version({ params: { id, version: 2 ** 31 } }), 'request-invalid', 422)
  assert.equal((await admin.send(`/policies/${id}/diff?from=1`)).status, 422)
})

// ── restore ──

test('restoring makes a new version with the old content and keeps the state', async () => {
  const { id } = await policies.create({ body: analysts })
  const edited = {
    ...analysts,
    name: `${analysts.name}, edited`,
    level: 'WRITE' as const,
    who: { everyone: true as const },
  }
  await policies.edit({ ...at(id, 1), body: edited })
  await policies.activate(at(id, 2))
  const restored = await policies.restore({ ...at(id, 3), body: { version: 1 } })
  const { name, kind, level, appliesTo, who } = restored
  assert.deepEqual({ name, kind, level, appliesTo, who }, analysts)
  assert.deepEqual([restored.state, restored.version], ['active', 4])
  assert.deepEqual(await factCauses(id), ['policy-activated', 'policy-restored'])
  const { action, auditPayload } = await lastAudit()
  assert.deepEqual(
    [action, auditPayload.type, auditPayload.from],
    ['RESTORE', 'PolicyRestored', { policy: id, version: 1 }],
  )
})

test('what could not be stored today cannot be restored either', async () => {
  const integration = await storedIntegration(server)
  const old = { ...analysts, appliesTo: { any: [{ integration }] } }
  const { id } = await policies.create({ body: old })
  await policies.edit({ ...at(id, 1), body: { ...analysts, name: `${analysts.name} now` } })
  const restore = () => policies.restore({ ...at(id, 2), body: { version: 1 } })
  const taken = await policies.create({ body: analysts })
  await refuses(restore(), 'policy-name-taken', 409)
  await policies.remove(at(taken.id, 1))
  await server.db.kysely.updateTable('integration').set({ status: 'deleted' }).where('id', '=', integration).execute()
  await refuses(restore(), 'integration-not-found', 404)
  await server.db.kysely
    .updateTable('policy_version')
    .set({
      definition: JSON.stringify({
        ...old,
        name: undefined,
        appliesTo: { everything: true },
        who: { when: '@gone()' },
      }),
    })
    .where('policy_id', '=', id)
    .where('version', '=', 1)
    .execute()
  await refuses(restore(), 'policy-invalid', 422)
  assert.equal((await policies.get({ params: { id } })).version, 2)
})

test('restoring asks for the version, and for one that is not stale', async () => {
  const { id } = await policies.create({ body: analysts })
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: '{"version":1}' }
  assert.equal((await admin.send(`/policies/${id}/restore`, init)).status, 428)
  await refuses(policies.restore({ ...at(id, 2), body: { version: 1 } }), 'version-stale', 412)
  await refuses(policies.restore({ ...at(id, 1), body: { version: 0 } }), 'request-invalid', 422)
})

// ── clone ──

test('a clone is a staged copy of its own, whatever the state of the original', async () => {
  const original = await policies.create({ body: { ...analysts, description: 'why', state: 'active' } })
  await policies.archive(at(original.id, 1))
  const name = `Copy of ${analysts.name}`
  const copy = await policies.clone({ params: { id: original.id }, body: { name } })
  assert.deepEqual([copy.state, copy.version, copy.name, copy.description], ['staged', 1, name, 'why'])
  assert.deepEqual([copy.who, copy.appliesTo, copy.level], [original.who, original.appliesTo, original.level])
  const first = await policies.version({ params: { id: copy.id, version: 1 } })
  assert.deepEqual([first.change, first.from], ['cloned', { policyId: original.id, version: 2 }])
  assert.deepEqual((await lastAudit()).auditPayload.type, 'PolicyCloned')
  assert.deepEqual(await factCauses(copy.id), [])
})

test('a clone needs a policy, a free name and governance', async () => {
  const { id } = await policies.create({ body: analysts })
  const call = { params: { id }, body: { name: analysts.name } }
  await refuses(policies.clone(call), 'policy-name-taken', 409)
  await refuses(policies.clone({ ...call, body: { name: ' ' } }), 'request-invalid', 422)
  await refuses(policies.clone({ ...call, params: { id: 4711 } }), 'policy-not-found', 404)
  const auditor = await server.as(['AUDIT'])
  await refuses(auditor.policies.clone(call), 'permission-missing', 403)
})

test('a clone of what could not be stored today is refused', async () => {
  const { id } = await policies.create({ body: analysts })
  const cloneOf = (definition: object) =>
    server.db.kysely
      .updateTable('policy')
      .set({ definition: JSON.stringify({ ...definition, kind: 'grant', level: 'READ', description: '' }) })
      .where('id', '=', id)
      .execute()
      .then(() => policies.clone({ params: { id }, body: { name: `${analysts.name}, again` } }))
  const { appliesTo, who } = analysts
  await refuses(cloneOf({ appliesTo: { any: [{ integration: 4711 }] }, who }), 'integration-not-found', 404)
  await refuses(cloneOf({ appliesTo, who: { when: '@gone()' } }), 'policy-invalid', 422)
})

// ── protected ──

test('a standing policy can be read, and nothing else', async () => {
  const { items } = await policies.list({ query: { search: 'Headgate Marketplace' } })
  assert.deepEqual(
    items.map(({ name, level, warnings }) => [name, level, warnings]),
    [
      ['Headgate Marketplace', 'READ', []],
      ['Headgate Marketplace Write', 'WRITE', []],
    ],
  )
  const id = items[0]?.id ?? 0
  const call = at(id, 1)
  await refuses(policies.edit({ ...call, body: analysts }), 'policy-protected', 409)
  await refuses(policies.activate(call), 'policy-protected', 409)
  await refuses(policies.stage(call), 'policy-protected', 409)
  await refuses(policies.archive(call), 'policy-protected', 409)
  await refuses(policies.restore({ ...call, body: { version: 1 } }), 'policy-protected', 409)
  await refuses(policies.remove(call), 'policy-protected', 409)
  const shown = await policies.get({ params: { id } })
  assert.deepEqual([shown.protected, shown.version, shown.state, shown.createdBy], [true, 1, 'active', 'headgate'])
  await refuses(policies.clone({ params: { id }, body: { name: analysts.name } }), 'name-reserved', 422)
})

// ── open by absence ──

async function refusesOpenness(call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, error => {
    assert.ok(error instanceof ApiError)
    assert.deepEqual([error.status, error.code], [409, 'policy-open-by-absence'])
    assert.deepEqual(error.body.acknowledge, ['open-by-absence'])
    return true
  })
}

const acknowledge: ['open-by-absence'] = ['open-by-absence']

test('a policy that is open by absence can be staged, and created active only when that is acknowledged', async () => {
  const body = { ...analysts, who: open }
  await refusesOpenness(policies.create({ body: { ...body, state: 'active' } }))
  const staged = await policies.create({ body })
  assert.ok(staged.warnings.some(({ code }) => code === 'open-by-absence'))
  await policies.edit({ ...at(staged.id, 1), body })
  const name = `${analysts.name}, meant`
  const active = await policies.create({ body: { ...body, name, state: 'active', acknowledge } })
  assert.equal(active.state, 'active')
  assert.deepEqual((await lastAudit()).auditPayload.acknowledged, ['open-by-absence'])
})

test('activating one, making an active one so, and restoring one so need the same', async () => {
  const body = { ...analysts, who: open }
  const { id } = await policies.create({ body })
  await refusesOpenness(policies.activate(at(id, 1)))
  await refusesOpenness(policies.activate({ ...at(id, 1), body: {} }))
  assert.equal((await policies.activate({ ...at(id, 1), body: { acknowledge } })).state, 'active')
  assert.deepEqual((await lastAudit()).auditPayload.acknowledged, ['open-by-absence'])
  assert.equal((await policies.activate(at(id, 2))).version, 2, 'it is active already')

  await refusesOpenness(policies.edit({ ...at(id, 2), body }))
  await policies.edit({ ...at(id, 2), body: { ...body, acknowledge } })
  assert.deepEqual((await lastAudit()).auditPayload.acknowledged, ['open-by-absence'])
  await policies.edit({ ...at(id, 3), body: analysts })
  assert.equal((await lastAudit()).auditPayload.acknowledged, undefined)

  await refusesOpenness(policies.restore({ ...at(id, 4), body: { version: 1 } }))
  await policies.restore({ ...at(id, 4), body: { version: 1, acknowledge } })
  const { auditPayload } = await lastAudit()
  assert.deepEqual([auditPayload.type, auditPayload.acknowledged], ['PolicyRestored', ['open-by-absence']])

  await policies.stage(at(id, 5))
  assert.equal((await policies.restore({ ...at(id, 6), body: { version: 1 } })).state, 'staged')
})

test('what says plainly that everyone is let in, and what lets nobody in, is not open by absence', async () => {
  const create = (part: Partial<PolicyInput>) =>
    policies.create({ body: { ...analysts, ...part, name: JSON.stringify([made, part]), state: 'active' } })
  await create({ who: { everyone: true } })
  await create({ kind: 'guardrail', who: open })
  await create({ who: { when: `@isInGroups('Analysts') AND ${open.when}` } })
  await create({ acknowledge })
  assert.equal((await lastAudit()).auditPayload.acknowledged, undefined, 'nothing was to be acknowledged')
})

test('only what there is to acknowledge can be acknowledged', async () => {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ ...analysts, acknowledge: ['everything'] })
  assert.equal((await admin.send('/policies', { method: 'POST', headers, body })).status, 422)
})

// ── who may ──

test('governors lead policies through their life; auditors read their history, others nothing', async () => {
  const { id } = await policies.create({ body: analysts })
  const auditor = (await server.as(['AUDIT'])).policies
  assert.equal((await auditor.versions({ params: { id } })).total, 1)
  assert.equal((await auditor.version({ params: { id, version: 1 } })).version, 1)
  assert.deepEqual((await auditor.diff({ params: { id }, query: { from: 1, to: 1 } })).changes, [])
  await refuses(auditor.archive(at(id, 1)), 'permission-missing', 403)
  await refuses(auditor.restore({ ...at(id, 1), body: { version: 1 } }), 'permission-missing', 403)
  await refuses(auditor.check({ body: { who: { everyone: true } } }), 'permission-missing', 403)
  const nobody = (await server.as(['USER_ADMIN', 'APPLICATION_ADMIN', 'CREATE_S3_DATASOURCE'])).policies
  await refuses(nobody.versions({ params: { id } }), 'policy-not-found', 404)
  await refuses(nobody.version({ params: { id, version: 1 } }), 'policy-not-found', 404)
  await refuses(nobody.diff({ params: { id }, query: { from: 1, to: 1 } }), 'policy-not-found', 404)
  await refuses(nobody.archive(at(id, 1)), 'policy-not-found', 404)
})
