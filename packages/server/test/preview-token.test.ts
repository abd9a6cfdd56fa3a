/** Tokens of previews over HTTP: a write that was previewed does what was shown, or is refused with nothing stored. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { HypotheticalChange } from '@headgate/core/api'
import { sql } from 'kysely'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

async function start(t: TestContext) {
  const server = await testServer()
  t.after(server.close)
  const { admin } = server
  const integrationId = await storedIntegration(server)
  const source = await storeDataSource(server, integrationId, { name: 'a', scope: 's3://research-data/a/*' })
  const ann = await server.as([], 'ann')
  const ben = await server.as([], 'ben')
  await give(server, ann.id)
  const policy = await admin.policies.create({ body: risk })
  const activate = { change: 'activatePolicy' as const, id: policy.id }
  return { server, admin, source, ann, ben, policy, activate }
}

const risk = {
  name: 'risk',
  kind: 'grant' as const,
  level: 'READ' as const,
  appliesTo: { everything: true as const },
  who: { when: "@hasAttribute('team', 'risk')" },
}

function give({ admin }: Pick<TestServer, 'admin'>, id: number) {
  return admin.users.addAttribute({ params: { id, key: 'team', value: 'risk' } })
}

async function tokenFor({ admin }: Pick<TestServer, 'admin'>, ...changes: HypotheticalChange[]): Promise<string> {
  const { token, noToken } = await admin.previews.make({ body: { changes } })
  assert.ok(token, noToken)
  return token
}

async function previewedChanges({ db }: TestServer): Promise<string[]> {
  const rows = await db.kysely.selectFrom('fact_change').where('previewed', '=', true).select('cause').execute()
  return rows.map(({ cause }) => cause)
}

test('a previewed write is done once, and its changes say so', async t => {
  const { server, admin, source, policy, activate } = await start(t)
  const ifPreview = await tokenFor(server, activate)
  const write = { params: { id: policy.id }, ifMatch: '1', ifPreview }
  await admin.policies.activate(write)
  assert.equal((await admin.dataSources.access({ params: { id: source } })).total, 1)
  assert.deepEqual(await previewedChanges(server), ['policy-activated'])
  await refuses(admin.policies.activate({ ...write, ifMatch: '2' }), 'preview-used', 412)
  await admin.policies.stage({ params: { id: policy.id }, ifMatch: '2' })
  assert.equal((await previewedChanges(server)).length, 1, 'without a token it was not previewed')
})

test('somebody who was not shown refuses the write and leaves the token as it was', async t => {
  const { server, admin, source, ben, policy, activate } = await start(t)
  const ifPreview = await tokenFor(server, activate)
  await give(server, ben.id)
  const write = { params: { id: policy.id }, ifMatch: '1', ifPreview }
  await refuses(admin.policies.activate(write), 'preview-stale', 409)
  assert.equal((await admin.policies.get({ params: { id: policy.id } })).state, 'staged')
  assert.equal((await admin.dataSources.access({ params: { id: source } })).total, 0)

  await admin.users.removeAttribute({ params: { id: ben.id, key: 'team', value: 'risk' } })
  await admin.policies.activate(write)
  assert.equal((await admin.dataSources.access({ params: { id: source } })).total, 1)
})

test('losing more than was shown is refused too; the same gain from less is not', async t => {
  const { server, admin, ben, policy, source } = await start(t)
  const params = { id: policy.id }
  await admin.policies.activate({ params, ifMatch: '1' })
  const stage = await tokenFor(server, { change: 'stagePolicy', id: policy.id })
  await give(server, ben.id)
  await refuses(admin.policies.stage({ params, ifMatch: '2', ifPreview: stage }), 'preview-stale')

  const member = { dataSource: source, user: ben.id, level: 'WRITE' as const }
  const raise = await tokenFor(server, { change: 'setMember', ...member })
  await admin.policies.stage({ params, ifMatch: '2' })
  const body = { level: 'WRITE' as const, reason: 'project' }
  // Was shown to be raised from READ, now gains WRITE from nothing: the same person, the same data source, more.
  await admin.dataSources.setMember({ params: { id: source, userId: ben.id }, body, ifPreview: raise })
})

test('what has moved elsewhere, and fewer people, are fine', async t => {
  const { server, admin, ann, ben, policy, activate, source } = await start(t)
  await give(server, ben.id)
  const ifPreview = await tokenFor(server, activate)
  await admin.users.removeAttribute({ params: { id: ann.id, key: 'team', value: 'risk' } })
  await admin.groups.create({ body: { name: 'Unrelated' } })
  await admin.policies.activate({ params: { id: policy.id }, ifMatch: '1', ifPreview })
  const { items } = await admin.dataSources.access({ params: { id: source } })
  assert.deepEqual(
    items.map(({ user }) => user.userid),
    ['ben'],
  )
})

test('a refused write does not use up the token', async t => {
  const { server, admin, policy, activate } = await start(t)
  const ifPreview = await tokenFor(server, activate)
  const params = { id: policy.id }
  await refuses(admin.policies.activate({ params, ifMatch: '7', ifPreview }), 'version-stale', 412)
  await admin.policies.activate({ params, ifMatch: '1', ifPreview })
})

test('a token is for its owner, its writes and 15 minutes', async t => {
  const { server, admin, policy, activate, ann } = await start(t)
  const params = { id: policy.id }
  const answer = await admin.previews.make({ body: { changes: [activate] } })
  const lasts = Date.parse(answer.expiresAt ?? '') - Date.now()
  assert.ok(lasts > 14 * 60_000 && lasts <= 15 * 60_000 + 5000, `${lasts} ms`)
  const ifPreview = answer.token ?? ''

  const other = await server.as(['GOVERNANCE'])
  await refuses(other.policies.activate({ params, ifMatch: '1', ifPreview }), 'preview-unknown', 412)
  await refuses(admin.policies.activate({ params, ifMatch: '1', ifPreview: 'pv_nonsense' }), 'preview-unknown', 412)
  await refuses(admin.policies.remove({ params, ifMatch: '1', ifPreview }), 'preview-other-change', 412)
  const second = await admin.policies.create({ body: { ...risk, name: 'second' } })
  const sibling = { params: { id: second.id }, ifMatch: '1', ifPreview }
  await refuses(admin.policies.activate(sibling), 'preview-other-change', 412)
  await refuses(admin.users.remove({ params: { id: ann.id }, ifPreview }), 'preview-other-change', 412)

  await sql`update preview_token set expires_at = now()`.execute(server.db.kysely)
  await refuses(admin.policies.activate({ params, ifMatch: '1', ifPreview }), 'preview-expired', 412)
  assert.equal((await admin.policies.get({ params })).state, 'staged')
  await sql`update preview_token set expires_at = now() - interval '2 hours'`.execute(server.db.kysely)
  await tokenFor(server, activate)
  const { count } = await server.db.kysely
    .selectFrom('preview_token')
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(count, 1, 'old ones are swept')
})

test('routes that cannot take a preview name those that can', async t => {
  const { admin } = await start(t)
  const headers = { 'if-preview': 'pv_nonsense', 'content-type': 'application/json' }
  for (const [method, path] of [
    ['GET', '/policies'],
    ['POST', '/groups'],
  ]) {
    const body = method === 'GET' ? {} : { body: JSON.stringify({ name: 'G' }) }
    const answer = await admin.send(path ?? '', { method: method ?? '', headers, ...body })
    const problem = (await answer.json()) as { code: string; message: string }
    assert.deepEqual([answer.status, problem.code], [400, 'preview-not-taken'])
    assert.match(problem.message, /POST \/policies, /)
  }
})

test('of several changes each is written once, in their order', async t => {
  const { server, admin, ben, policy, activate, source } = await start(t)
  const params = { id: policy.id }
  const value = { user: ben.id, key: 'team', value: 'risk' }
  const ifPreview = await tokenFor(
    server,
    activate,
    { change: 'giveAttribute', ...value },
    { ...activate, change: 'stagePolicy' },
  )
  const attribute = { params: { id: ben.id, key: 'team', value: 'risk' }, ifPreview }
  await refuses(admin.users.addAttribute(attribute), 'preview-other-change', 412)
  await admin.policies.activate({ params, ifMatch: '1', ifPreview })
  await admin.users.addAttribute(attribute)
  assert.equal((await admin.dataSources.access({ params: { id: source } })).total, 2)
  await admin.policies.stage({ params, ifMatch: '2', ifPreview })
  await refuses(admin.policies.stage({ params, ifMatch: '3', ifPreview }), 'preview-used', 412)
})

test('of two writes with one token at once, one is done', async t => {
  const { server, admin, source, ben } = await start(t)
  const member = { level: 'READ' as const }
  const ifPreview = await tokenFor(server, { change: 'setMember', dataSource: source, user: ben.id, ...member })
  const put = () =>
    admin.dataSources.setMember({ params: { id: source, userId: ben.id }, body: { ...member, reason: 'x' }, ifPreview })
  const results = await Promise.allSettled([put(), put(), put(), put()])
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('sets that are too long get no token and say so', async t => {
  const { server, admin, activate } = await start(t)
  const changes = Array.from({ length: 21 }, () => activate)
  const { token, noToken } = await server.admin.previews.make({ body: { changes } })
  assert.deepEqual([token, noToken], [undefined, 'tooManyChanges'])
  const next = await admin.previews.make({ body: { changes: [activate] }, query: { cursor: 'YWZ0ZXI6MC8w' } })
  assert.deepEqual([next.token, next.noToken], [undefined, undefined], 'tokens come with the first page')
})

test('whoever may make a write may preview it, and sees rows of what they may read', async t => {
  const { server, admin, ann, ben, source, activate } = await start(t)
  const { id: integrationId } = await server.db.kysely.selectFrom('integration').select('id').executeTakeFirstOrThrow()
  const owner = await server.as([], 'olga')
  const item = { name: 'b', scope: 's3://research-data/b/*', owner }
  const owned = await storeDataSource(server, integrationId, item)
  const setMember = (dataSource: number) => ({
    change: 'setMember' as const,
    dataSource,
    user: ann.id,
    level: 'READ' as const,
  })
  const seen = await owner.previews.make({ body: { changes: [setMember(owned)] } })
  assert.deepEqual([seen.total, seen.hidden, seen.items.length], [1, 0, 1])
  await refuses(owner.previews.make({ body: { changes: [setMember(source)] } }), 'data-source-not-found', 404)
  await refuses(owner.previews.make({ body: { changes: [activate] } }), 'policy-not-found', 404)

  await admin.policies.activate({ params: { id: activate.id }, ifMatch: '1' })
  const userAdmin = await server.as(['USER_ADMIN'])
  const disable = { change: 'disableUser' as const, user: ann.id }
  const hidden = await userAdmin.previews.make({ body: { changes: [disable] } })
  assert.deepEqual([hidden.movements.lost, hidden.total, hidden.hidden, hidden.items.length], [2, 0, 2, 0])
  const governor = await server.as(['GOVERNANCE'])
  assert.equal((await governor.previews.make({ body: { changes: [disable] } })).total, 2)
  await refuses(ben.previews.make({ body: { changes: [disable] } }), 'permission-missing', 403)
  await refuses(
    userAdmin.users.update({ params: { id: ann.id }, body: { disabled: true }, ifPreview: seen.token ?? '' }),
    'preview-unknown',
  )
})
