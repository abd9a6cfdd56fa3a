import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { PolicyInput } from '@headgate/core/api'
import { act, system } from '../src/db/act.ts'
import { until } from './reconcile/reconcile-world.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

const everyone: PolicyInput = {
  name: 'Everyone reads everything',
  kind: 'grant',
  level: 'READ',
  appliesTo: { everything: true },
  who: { everyone: true },
  state: 'active',
}

function arn(person: TestPerson): string {
  return `arn:aws:iam::111122223333:user/${person.userid}`
}

async function map(server: TestServer, person: TestPerson): Promise<void> {
  await act(server.db, system, async ({ tx, changed }) => {
    const { id } = await tx
      .insertInto('principal')
      .values({ person_id: person.id, kind: 'iamUser', identifier: arn(person) })
      .returning('id')
      .executeTakeFirstOrThrow()
    changed('principal', id, { id, user: person.id }, 'principal-added')
  })
}

async function member(who: TestPerson, id: number, person: TestPerson, level: 'READ' | 'WRITE', until?: string) {
  const body = { level, reason: `because of ${person.userid}`, ...(until === undefined ? {} : { until }) }
  return who.dataSources.setMember({ params: { id, userId: person.id }, body })
}

/** A row of the ledger as the change loop would have left it. */
async function ledgerRow(
  { server, integrationId }: { readonly server: TestServer; readonly integrationId: number },
  person: TestPerson,
  dataSource: number,
  key: string,
  more: {
    state: 'active' | 'createFailed' | 'waitingForPrincipal' | 'revoked' | 'creating'
    permission?: 'READ' | 'READWRITE'
    error_code?: string
    error_text?: string
    aws_grant_id?: string
    active_at?: Date
    revoked_at?: Date
    next_try_at?: Date
  },
): Promise<void> {
  await server.db.kysely
    .insertInto('ledger')
    .values({
      integration_id: integrationId,
      data_source_id: dataSource,
      person_id: person.id,
      grantee_type: 'IAM',
      grantee_id: arn(person),
      bucket: 'research-data',
      key,
      kind: 'prefix',
      permission: 'READ',
      because: '[]',
      cause: 'test',
      epoch: 1,
      ...more,
    })
    .execute()
}

async function accessOf(who: TestPerson, id: number) {
  const { items } = await who.dataSources.access({ params: { id } })
  return items.map(({ user, level, provisioning }) => [user.userid, level, provisioning.status])
}

async function start(t: TestContext) {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  const world = { server, integrationId }
  const ann = await server.as([], 'ann')
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*' })
  return { ...world, world, admin: server.admin, ann, id }
}

test('access names each person with the level, every reason and its end', async t => {
  const { admin, ann, id } = await start(t)
  const policy = await admin.policies.create({ body: everyone })
  const until = '2099-01-01T00:00:00.000Z'
  const made = await member(admin, id, ann, 'WRITE', until)
  const group = await admin.groups.create({ body: { name: 'Analysts' } })
  await admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
  const body = { level: 'READ' as const, reason: 'analysis' }
  const grouped = await admin.dataSources.setGroupMember({ params: { id, groupId: group.id }, body })

  const page = await admin.dataSources.access({ params: { id } })
  assert.equal(page.total, 2)
  const row = page.items.find(({ user }) => user.userid === 'ann')
  assert.deepEqual(row?.user, { id: ann.id, userid: 'ann', name: 'Name of ann' })
  assert.deepEqual(row?.dataSource, { id, name: 'A', scope: 's3://research-data/a/*' })
  assert.equal(row?.level, 'WRITE')
  // Writing ends with the one reason that gives it.
  assert.equal(row?.until, until)
  assert.deepEqual(row?.because, [
    { kind: 'policy', id: policy.id, name: policy.name, version: 1, level: 'READ' },
    { kind: 'member', id: made.id, name: 'because of ann', level: 'WRITE', until },
    {
      kind: 'member',
      id: grouped.id,
      name: 'analysis',
      level: 'READ',
      via: { kind: 'group', id: group.id, name: 'Analysts' },
    },
  ])
  assert.equal((await admin.dataSources.get({ params: { id } })).audience, 2)
})

test('a person sees the same access from the other side', async t => {
  const { admin, ann, id } = await start(t)
  await member(admin, id, ann, 'READ')
  const [there] = (await admin.dataSources.access({ params: { id } })).items
  const mine = await ann.users.access({ params: { id: ann.id } })
  assert.deepEqual(mine, { items: [there], total: 1, recentlyRevoked: [] })
})

test('an access whose every reason its beneficiary made is marked self-given', async t => {
  const { server, admin, ann, id } = await start(t)
  const governor = await server.as(['GOVERNANCE'], 'gov')
  await member(governor, id, governor, 'READ')
  await member(admin, id, ann, 'READ')
  const selfGiven = async () => {
    const { items } = await admin.dataSources.access({ params: { id } })
    return items.map(row => [row.user.userid, row.selfGiven])
  }
  assert.deepEqual(await selfGiven(), [
    ['ann', false],
    ['gov', true],
  ])
  const made = await governor.policies.create({ body: { ...everyone, who: { when: "@isUser('gov')" } } })
  assert.deepEqual((await selfGiven()).at(-1), ['gov', true])
  // Once somebody else has a hand in the policy, it is no longer the governor's own doing.
  const { state: _, ...edit } = { ...everyone, who: { when: "@isUser('gov')" }, description: 'seen' }
  await admin.policies.edit({ params: { id: made.id }, ifMatch: '1', body: edit })
  assert.deepEqual((await selfGiven()).at(-1), ['gov', false])
})

test('each access says in words where it stands in AWS', async t => {
  const { world, server, admin, ann, id } = await start(t)
  await member(admin, id, ann, 'READ')
  const standing = async () => (await admin.dataSources.access({ params: { id } })).items[0]?.provisioning
  assert.equal((await standing())?.status, 'unmapped')
  assert.match(
    (await standing())?.message ?? '',
    /without an AWS principal for integration `integration of 111122223333`/,
  )
  await map(server, ann)
  assert.deepEqual(await standing(), { status: 'onItsWay', message: 'the grant is on its way to AWS' })
  await server.db.kysely.updateTable('integration').set({ status: 'recurringValidationError' }).execute()
  assert.match((await standing())?.message ?? '', /is `recurringValidationError`: the grant waits/)

  const next_try_at = new Date('2099-01-01T00:00:00.000Z')
  const error = { error_code: 'AccessDenied', error_text: 'not allowed' }
  await ledgerRow(world, ann, id, 'a/', { state: 'createFailed', ...error, next_try_at })
  assert.deepEqual(await standing(), {
    status: 'failed',
    message: 'AWS refused the grant: AccessDenied: not allowed; tried again at 2099-01-01T00:00:00.000Z',
  })
  const rows = server.db.kysely.updateTable('ledger')
  await rows.set({ state: 'waitingForPrincipal', next_try_at: null }).execute()
  assert.match((await standing())?.message ?? '', /AWS does not know `arn:aws:iam::111122223333:user\/ann` yet/)
  const active_at = new Date('2025-01-01T00:00:00.000Z')
  await rows.set({ state: 'active', active_at }).execute()
  assert.deepEqual(await standing(), {
    status: 'active',
    message: 'AWS vends credentials when asked',
    since: active_at.toISOString(),
  })
  // Raised to writing: what is in AWS is not what is wanted.
  await member(admin, id, ann, 'WRITE')
  assert.equal((await standing())?.status, 'onItsWay')
})

test('people who come in through a wider data source are shown as such', async t => {
  const { world, server, integrationId, admin, ann, id } = await start(t)
  const innerId = await storeDataSource(server, integrationId, {
    name: 'Inner',
    scope: 's3://research-data/a/secret/*',
  })
  const ben = await server.as([], 'ben')
  await map(server, ann)
  await map(server, ben)
  await member(admin, id, ann, 'READ')
  await member(admin, id, ben, 'READ')
  await member(admin, innerId, ben, 'READ')
  await ledgerRow(world, ann, id, 'a/', { state: 'active', active_at: new Date() })
  await ledgerRow(world, ben, id, 'a/', { state: 'creating' })

  assert.deepEqual(await accessOf(admin, innerId), [
    ['ann', 'READ', 'via'],
    ['ben', 'READ', 'onItsWay'],
  ])
  const [viaRow, own] = (await admin.dataSources.access({ params: { id: innerId } })).items
  assert.deepEqual(viaRow?.because, [
    { kind: 'overlap', id, name: 'A', level: 'READ', via: { kind: 'dataSource', id, name: 'A' } },
  ])
  assert.match(viaRow?.provisioning.message ?? '', /opened by the grant on `A`/)
  assert.equal(own?.because.length, 2)
  await server.db.kysely.updateTable('ledger').set({ state: 'active' }).execute()
  assert.deepEqual((await accessOf(admin, innerId)).at(1), ['ben', 'READ', 'covered'])
  assert.equal((await admin.dataSources.get({ params: { id: innerId } })).audience, 2)
})

test('the policies that bind a data source are listed, guardrails of covered ones with their way', async t => {
  const { server, integrationId, admin, id } = await start(t)
  await admin.tags.create({ body: { name: 'Secret' } })
  const inner = { name: 'Inner', scope: 's3://research-data/a/secret/*', tags: ['Secret'] }
  const innerId = await storeDataSource(server, integrationId, inner)
  const grant = await admin.policies.create({ body: everyone })
  const minimum = { ...everyone, name: 'minimum', kind: 'guardrail' as const, appliesTo: { any: [{ tag: 'Secret' }] } }
  const guardrail = await admin.policies.create({ body: { ...minimum, who: { when: "@hasAttribute('cleared')" } } })
  const shown = (await admin.dataSources.get({ params: { id } })).policies
  const automatic = { subscribe: 'automatic', discoverable: false }
  assert.deepEqual(shown, [
    { ...automatic, id: grant.id, name: grant.name, kind: 'grant', level: 'READ', why: 'applies to everything' },
    {
      ...automatic,
      id: guardrail.id,
      name: 'minimum',
      kind: 'guardrail',
      level: 'READ',
      why: 'tag `Secret`',
      via: { id: innerId, name: 'Inner' },
    },
  ])
  assert.deepEqual(await accessOf(admin, id), [])
})

test('access is searched by people and paged by user name, on the other side by data source', async t => {
  const { server, integrationId, admin, id } = await start(t)
  await storeDataSource(server, integrationId, { name: 'B', scope: 's3://research-data/b/*' })
  await server.as([], 'Zoe')
  await admin.policies.create({ body: everyone })
  const read = async (query: { limit?: number; cursor?: string | undefined; search?: string }) => {
    const { items, next, total } = await admin.dataSources.access({ params: { id }, query })
    return { names: items.map(({ user }) => user.userid), next, total }
  }
  const first = await read({ limit: 2 })
  assert.deepEqual([first.names, first.total], [['Zoe', 'admin'], 3])
  assert.deepEqual(await read({ limit: 2, cursor: first.next }), { names: ['ann'], next: undefined, total: 3 })
  assert.deepEqual((await read({ search: 'NAME OF' })).names, ['Zoe', 'ann'])
  const mine = await admin.users.access({ params: { id: admin.id }, query: { limit: 1 } })
  assert.deepEqual([mine.items.map(({ dataSource }) => dataSource.name), mine.total], [['A'], 2])
  const rest = await admin.users.access({ params: { id: admin.id }, query: { limit: 1, cursor: mine.next } })
  assert.deepEqual([rest.items.map(({ dataSource }) => dataSource.name), rest.next], [['B'], undefined])
  const cursor = { params: { id }, query: { cursor: 'made-up' } }
  await refuses(admin.dataSources.access(cursor), 'request-invalid', 422)
})

test('who has nothing to do with a data source is told that there is none', async t => {
  const { server, integrationId, admin, ann, id } = await start(t)
  const params = { id }
  await storeDataSource(server, integrationId, { name: 'B', scope: 's3://research-data/b/*' })
  const ben = await server.as([], 'ben')
  await member(admin, id, ann, 'READ')
  await member(admin, id, ben, 'READ')
  const stranger = await server.as(['USER_ADMIN', 'APPLICATION_ADMIN', 'CREATE_S3_DATASOURCE'])
  const { dataSources, nativeS3 } = stranger
  assert.deepEqual(await dataSources.list(), { items: [], total: 0 })
  await refuses(dataSources.get({ params }), 'data-source-not-found', 404)
  await refuses(nativeS3.get({ params }), 'data-source-not-found', 404)
  await refuses(dataSources.access({ params }), 'data-source-not-found', 404)
  await refuses(dataSources.remove({ params }), 'data-source-not-found', 404)
  await refuses(dataSources.restore({ params }), 'data-source-not-found', 404)
  await refuses(member(stranger, id, stranger, 'READ'), 'data-source-not-found', 404)
  // Who reaches it reads it, but of the others only that they are so many.
  assert.deepEqual(
    (await ann.dataSources.list()).items.map(({ name }) => name),
    ['A'],
  )
  const shown = await ann.dataSources.get({ params })
  assert.deepEqual([shown.members.length, shown.audience], [1, 2])
  assert.deepEqual(await accessOf(ann, id), [['ann', 'READ', 'unmapped']])
  await refuses(member(ann, id, ann, 'WRITE'), 'permission-missing', 403)
  await refuses(ann.dataSources.remove({ params }), 'permission-missing', 403)
  // Governors and auditors read everything.
  for (const reader of [await server.as(['GOVERNANCE']), await server.as(['AUDIT'])]) {
    assert.equal((await reader.dataSources.list()).total, 2)
    assert.equal((await accessOf(reader, id)).length, 2)
  }
})

test('an owner sees and changes what is owned, without reaching it', async t => {
  const { server, integrationId, ann } = await start(t)
  const owner = await server.as(['CREATE_S3_DATASOURCE'], 'owner')
  const id = await storeDataSource(server, integrationId, { name: 'Mine', scope: 's3://research-data/mine/*', owner })
  assert.deepEqual(
    (await owner.dataSources.list()).items.map(({ name }) => name),
    ['Mine'],
  )
  assert.deepEqual(await accessOf(owner, id), [])
  await member(owner, id, ann, 'READ')
  assert.deepEqual(await accessOf(owner, id), [['ann', 'READ', 'unmapped']])
  await owner.dataSources.remove({ params: { id } })
  assert.deepEqual(await accessOf(owner, id), [])
  await owner.dataSources.restore({ params: { id } })
})

test("a person's access is for themselves, governors and auditors to see", async t => {
  const { server, admin, ann, id } = await start(t)
  await member(admin, id, ann, 'READ')
  const params = { id: ann.id }
  for (const reader of [ann, await server.as(['GOVERNANCE']), await server.as(['AUDIT'])]) {
    assert.equal((await reader.users.access({ params })).total, 1)
  }
  await refuses((await server.as(['USER_ADMIN'])).users.access({ params }), 'user-not-found', 404)
  await refuses(admin.users.access({ params: { id: 4711 } }), 'user-not-found', 404)
})

test('an expired membership gives nothing any more', async t => {
  const { admin, ann, id } = await start(t)
  await member(admin, id, ann, 'READ', new Date(Date.now() + 1000).toISOString())
  assert.equal((await accessOf(admin, id)).length, 1)
  await until('it has ended', async () => (await accessOf(admin, id)).length === 0)
})

test('grants are listed newest first, filtered, and only to whom they concern', async t => {
  const { world, server, integrationId, admin, ann, id } = await start(t)
  const other = await storeDataSource(server, integrationId, { name: 'B', scope: 's3://research-data/b/*' })
  const ben = await server.as([], 'ben')
  const revoked_at = new Date('2025-01-01T00:00:00.000Z')
  const active_at = new Date('2024-01-01T00:00:00.000Z')
  const aws_grant_id = 'grant-1'
  await ledgerRow(world, ann, id, 'a/', { state: 'revoked', active_at, revoked_at, aws_grant_id })
  await ledgerRow(world, ann, id, 'a/', { state: 'revoked', revoked_at })
  await ledgerRow(world, ann, other, 'b/', { state: 'active', active_at, permission: 'READWRITE' })
  await ledgerRow(world, ben, id, 'a/', { state: 'createFailed', error_code: 'AccessDenied', error_text: 'no' })
  await server.db.kysely.updateTable('integration').set({ max_session_seconds: 3600 }).execute()

  type Query = NonNullable<Parameters<typeof admin.grants.list>[0]>['query']
  const list = async (who: TestPerson, query?: Query) => {
    const { items, total } = await who.grants.list(query === undefined ? {} : { query })
    return [total, ...items.map(({ user, state }) => `${user.userid} ${state}`)]
  }
  assert.deepEqual(await list(admin), [4, 'ben createFailed', 'ann active', 'ann revoked', 'ann revoked'])
  assert.deepEqual(await list(admin, { live: 'true' }), [2, 'ben createFailed', 'ann active'])
  assert.deepEqual(await list(admin, { live: 'false' }), [2, 'ann revoked', 'ann revoked'])
  assert.deepEqual(await list(admin, { state: 'active' }), [1, 'ann active'])
  assert.deepEqual(await list(admin, { userId: ben.id }), [1, 'ben createFailed'])
  assert.deepEqual(await list(admin, { dataSourceId: other, integrationId }), [1, 'ann active'])
  assert.deepEqual(await list(ben), [1, 'ben createFailed'])
  assert.deepEqual(await list(ben, { userId: ann.id }), [0])

  const first = await admin.grants.list({ query: { limit: 3 } })
  const rest = await admin.grants.list({ query: { limit: 3, cursor: first.next } })
  assert.deepEqual([rest.items.length, rest.next], [1, undefined])
  const [oldest] = rest.items
  assert.equal(oldest?.awsGrantId, 'grant-1')
  assert.equal(oldest?.credentialsEndBy, '2025-01-01T01:00:30.000Z')
  // AWS never had it, so nothing was vended.
  assert.equal(first.items.at(-1)?.credentialsEndBy, undefined)
  assert.deepEqual(first.items[0]?.error, { code: 'AccessDenied', message: 'no' })
  assert.deepEqual((await admin.dataSources.get({ params: { id } })).grants, { revoked: 2, createFailed: 1 })
})

test('an end beyond the last year that can be written is refused', async t => {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  const id = await storeDataSource(server, integrationId, { name: 'Mine', scope: 's3://research-data/mine/*' })
  const ann = await server.as([], 'ann')
  await refuses(member(server.admin, id, ann, 'READ', '9999-12-31T23:59:59.999-14:00'), 'request-invalid', 422)
  const { until } = await member(server.admin, id, ann, 'READ', '9999-12-31T23:59:59.999Z')
  assert.equal(until, '9999-12-31T23:59:59.999Z')
  const key = { name: 'long-lived', expiresAt: '9999-12-31T23:59:59-01:00' }
  await refuses(ann.apiKeys.create({ body: key }), 'request-invalid', 422)
})

test('the documented way to delete disables first and removes for good when called again', async t => {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  const owner = await server.as(['CREATE_S3_DATASOURCE'], 'owner')
  const id = await storeDataSource(server, integrationId, { name: 'Mine', scope: 's3://research-data/mine/*', owner })
  const step = async (who: TestPerson) => {
    const response = await who.send(`/dataSource/${id}`, { method: 'DELETE' })
    return [response.status, ((await response.json()) as { hardDelete?: boolean }).hardDelete]
  }
  assert.deepEqual(await step(await server.as([])), [404, undefined])
  assert.deepEqual(await step(await server.as(['AUDIT'])), [403, undefined])
  assert.deepEqual(await step(owner), [200, false])
  assert.equal((await owner.dataSources.get({ params: { id } })).state, 'disabled')
  assert.deepEqual(await step(owner), [200, true])
  await refuses(owner.dataSources.get({ params: { id } }), 'data-source-not-found', 404)
  assert.deepEqual(await step(owner), [404, undefined])
})
