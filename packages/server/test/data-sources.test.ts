import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import type { ApiError } from '@headgate/core/api'
import { badItems, lake, register, registerOne, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { testServer } from './support/server.ts'

test('a registration is answered in its order, with id, name and prefix', async t => {
  const { server, integrationId } = await lake(t)
  const answer = await register(
    server.admin,
    integrationId,
    { dataSourceName: 'Research Data', prefix: '/research-data' },
    { dataSourceName: 'Demographics', prefix: '/demographics/*' },
  )
  assert.deepEqual(
    answer.map(({ dataSourceName, prefix }) => [dataSourceName, prefix]),
    [
      ['Research Data', '/research-data'],
      ['Demographics', '/demographics/*'],
    ],
  )
  const id = answer[1]?.dataSourceId ?? 0
  assert.deepEqual(await server.admin.nativeS3.get({ params: { id } }), {
    id,
    metadata: { prefix: '/demographics/*', integrationId, scope: 's3://research-data/demographics/*' },
  })
  const shown = await server.admin.dataSources.get({ params: { id } })
  assert.equal(shown.kind, 'prefix')
  assert.deepEqual(shown.owners, [{ id: server.admin.id, userid: 'admin' }])
  assert.deepEqual([shown.members, shown.policies, shown.audience, shown.grants], [[], [], 0, {}])
})

test('the documented body works as YAML too, with the integration id as a string', async t => {
  const { server, integrationId } = await lake(t)
  const body = `type: Native S3
integrationId: "${integrationId}"
dataSources:
  - dataSourceName: Research Data
    prefix: /research-data
`
  const headers = { 'content-type': 'application/yaml' }
  const response = await server.admin.send('/native-s3/handler', { method: 'POST', headers, body })
  assert.equal(response.status, 200)
  assert.ok(Number(response.headers.get('headgate-sequence')) > 0)
  const [made] = (await response.json()) as Record<string, unknown>[]
  assert.deepEqual(Object.keys(made ?? {}), ['dataSourceId', 'dataSourceName', 'prefix'])
})

test('one bad item rejects the call, and every bad item is named by its index', async t => {
  const { server, integrationId } = await lake(t)
  const refused = await badItems(
    register(
      server.admin,
      integrationId,
      { dataSourceName: 'good', prefix: '/good/*' },
      { dataSourceName: 'star inside', prefix: '/a*/b' },
      { dataSourceName: 'question', prefix: '/a?b' },
      { dataSourceName: 'half a name', prefix: '/demographics*' },
      { dataSourceName: 'empty', prefix: '' },
      { dataSourceName: 'reserved', prefix: '/r/*', tags: ['Headgate Marketplace Data Product.x'] },
      { dataSourceName: 'unknown tag', prefix: '/t/*', tags: ['Nowhere'] },
      { dataSourceName: 'good', prefix: '/good/again/*' },
    ),
  )
  assert.deepEqual(refused, {
    status: 422,
    code: 'data-sources-invalid',
    items: [
      '1 scope-wildcard',
      '2 scope-wildcard',
      '3 scope-mid-segment',
      '4 scope-key-missing',
      '5 name-reserved',
      '6 tag-not-found',
      '7 data-source-name-taken',
      '7 data-source-overlap',
    ],
  })
  assert.equal((await server.admin.dataSources.list()).total, 0)
})

test('a star after part of a name is accepted when asked for, with a warning', async t => {
  const { server, integrationId } = await lake(t)
  const [made] = await register(server.admin, integrationId, {
    dataSourceName: 'Demographics',
    prefix: '/demographics*',
    midSegment: true,
  })
  assert.equal(made?.warnings?.length, 1)
})

test('the same scope, an overlapping one and a taken name are each refused with their own code', async t => {
  const { server, integrationId } = await lake(t)
  const outer = await registerOne(server.admin, integrationId, { dataSourceName: 'Outer', prefix: '/lake/*' })
  const attempt = (dataSourceName: string, prefix: string) =>
    register(server.admin, integrationId, { dataSourceName, prefix })
  await refuses(attempt('Other', '/lake/*'), 'data-source-scope-taken', 409)
  await refuses(attempt('Inner', '/lake/x/*'), 'data-source-overlap', 409)
  await refuses(attempt('Wider', '/*'), 'data-source-overlap', 409)
  await refuses(attempt('Outer', '/elsewhere/*'), 'data-source-name-taken', 409)
  // Whoever may not read the other one learned its name, its id and where it lies.
  const stranger = await server.as(['CREATE_S3_DATASOURCE'])
  for (const prefix of ['/lake/*', '/lake/x/*', '/*']) {
    for (const [who, isTold] of [
      [server.admin, true],
      [stranger, false],
    ] as const) {
      const call = register(who, integrationId, { dataSourceName: 'Other', prefix })
      const { body } = await call.then(
        () => assert.fail('registered'),
        (error: ApiError) => error,
      )
      assert.equal(JSON.stringify(body).includes('Outer'), isTold)
      assert.equal(JSON.stringify(body).includes(`id = ${outer}`), isTold)
    }
  }
  const taken = register(stranger, integrationId, { dataSourceName: 'Outer', prefix: '/elsewhere/*' })
  const { body } = await taken.then(
    () => assert.fail('registered'),
    (error: ApiError) => error,
  )
  assert.deepEqual([body.id, JSON.stringify(body).includes('id =')], [undefined, false])
  const tagged = { dataSourceName: 'Tagged', prefix: '/tagged/*', tags: ['Nowhere'] }
  await refuses(register(server.admin, integrationId, tagged), 'tag-not-found', 404)
  // A disabled one keeps its name and its scope, so that it can come back.
  await server.admin.dataSources.remove({ params: { id: outer } })
  await refuses(attempt('Other', '/lake/*'), 'data-source-scope-taken', 409)
  await server.admin.dataSources.remove({ params: { id: outer }, query: { hard: 'true' } })
  await attempt('Outer', '/lake/*')
})

test('of two items that clash within one call the later one is named', async t => {
  const { server, integrationId } = await lake(t)
  const call = register(
    server.admin,
    integrationId,
    { dataSourceName: 'A', prefix: '/a/*' },
    { dataSourceName: 'B', prefix: '/a/b/*' },
    { dataSourceName: 'C', prefix: '/a/*' },
  )
  const { status, code, items } = await badItems(call)
  assert.equal(status, 409)
  assert.equal(code, 'data-source-scope-taken')
  assert.deepEqual(items, ['1 data-source-overlap', '2 data-source-scope-taken'])
})

test('an overlap is accepted from a governor who asks for it, and from nobody else', async t => {
  const { server, integrationId } = await lake(t)
  await registerOne(server.admin, integrationId, { dataSourceName: 'Outer', prefix: '/lake/*' })
  const owner = await server.as(['CREATE_S3_DATASOURCE'])
  const inner = { dataSourceName: 'Inner', prefix: '/lake/x/*', allowOverlap: true }
  await refuses(register(owner, integrationId, inner), 'permission-missing', 403)
  await registerOne(server.admin, integrationId, inner)
})

test('only who may register does, and only through an integration in use', async t => {
  const { server, integrationId } = await lake(t)
  const item = { dataSourceName: 'A', prefix: '/a/*' }
  await refuses(register(await server.as(['GOVERNANCE']), integrationId, item), 'permission-missing', 403)
  await refuses(register(server.admin, 4711, item), 'integration-not-found', 404)
  await server.db.kysely.updateTable('integration').set({ status: 'recurringValidationError' }).execute()
  await refuses(register(server.admin, integrationId, item), 'integration-not-usable', 409)
})

test('a missing bucket and one in another region are refused, one that is hidden is a warning', async t => {
  const { server, account, integrationId } = await lake(t, 's3://')
  const location = { LocationConstraint: 'eu-west-1' as const }
  await account.owner.s3.send(new CreateBucketCommand({ Bucket: 'far-away', CreateBucketConfiguration: location }))
  const refused = await badItems(
    register(
      server.admin,
      integrationId,
      { dataSourceName: 'Here', prefix: '/research-data/*' },
      { dataSourceName: 'Nowhere', prefix: '/no-such-bucket/*' },
      { dataSourceName: 'Far', prefix: '/far-away/*' },
      { dataSourceName: 'All buckets alike', prefix: '/research*' },
    ),
  )
  assert.equal(refused.code, 'data-sources-invalid')
  assert.deepEqual(refused.items, ['1 bucket-missing', '2 bucket-elsewhere', '3 scope-bucket-wildcard'])

  const Statement = [{ Effect: 'Deny', Action: 's3:ListBucket', Resource: '*' }]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  const name = { UserName: 'headgate-controller', PolicyName: 'blind' }
  await account.owner.iam.send(new PutUserPolicyCommand({ ...name, PolicyDocument }))
  const item = { dataSourceName: 'Hidden', prefix: '/research-data/*' }
  const [made] = await register(server.admin, integrationId, item)
  assert.match(made?.warnings?.[0] ?? '', /may not be looked at/)
})

test('AWS being out of reach registers nothing and says so', async t => {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  const item = { dataSourceName: 'A', prefix: '/a/*' }
  await refuses(register(server.admin, integrationId, item), 'aws-unreachable', 502)
  assert.equal((await server.admin.dataSources.list()).total, 0)
})

test('ten thousand data sources are registered in one call', { timeout: 240_000 }, async t => {
  const { server, integrationId } = await lake(t)
  await server.admin.tags.create({ body: { name: 'Bulk' } })
  const items = Array.from({ length: 10_000 }, (_, at) => ({
    dataSourceName: `source ${at}`,
    prefix: `/part-${at}/*`,
    tags: ['Bulk'],
  }))
  const made = await register(server.admin, integrationId, ...items)
  assert.equal(made.length, 10_000)
  assert.deepEqual(
    made.map(({ dataSourceName }) => dataSourceName),
    items.map(({ dataSourceName }) => dataSourceName),
  )
  assert.equal((await server.admin.dataSources.list({ query: { tag: 'Bulk', limit: 1 } })).total, 10_000)
  const more = [...items.slice(0, 9_999), { dataSourceName: 'the last', prefix: '/part-5/below/*' }]
  const { items: bad } = await badItems(register(server.admin, integrationId, ...more))
  assert.equal(bad.length, 2 * 9_999 + 1)
})

test('of two registrations of overlapping scopes at once one loses', async t => {
  const { server, integrationId } = await lake(t)
  const attempts = Array.from({ length: 6 }, (_, at) =>
    register(server.admin, integrationId, { dataSourceName: `source ${at}`, prefix: `/${'deep/'.repeat(at + 1)}*` }),
  )
  const results = await Promise.allSettled(attempts)
  const lost = results.flatMap(result => (result.status === 'rejected' ? [result.reason.code] : []))
  assert.deepEqual(lost, Array(5).fill('data-source-overlap'))
})

test('of two registrations of one name at once one loses', async t => {
  const { server, integrationId } = await lake(t)
  const attempts = Array.from({ length: 6 }, (_, at) =>
    register(server.admin, integrationId, { dataSourceName: 'one name', prefix: `/part-${at}/*` }),
  )
  const results = await Promise.allSettled(attempts)
  const lost = results.flatMap(result => (result.status === 'rejected' ? [result.reason.code] : []))
  assert.deepEqual(lost, Array(5).fill('data-source-name-taken'))
})

test('the list is searched, filtered and paged by name', async t => {
  const { server, integrationId } = await lake(t)
  for (const name of ['Finance', 'Finance.Payroll', 'Financial']) await server.admin.tags.create({ body: { name } })
  await register(
    server.admin,
    integrationId,
    { dataSourceName: 'b', prefix: '/b/*', tags: ['Finance'] },
    { dataSourceName: 'a', prefix: '/a/*', tags: ['Finance.Payroll'], description: 'wages, 100%' },
    { dataSourceName: 'c', prefix: '/c/*', tags: ['Financial'] },
    { dataSourceName: 'd', prefix: '/d%/*' },
  )
  const names = async (query: Parameters<typeof server.admin.dataSources.list>[0]) =>
    (await server.admin.dataSources.list(query)).items.map(({ name }) => name)
  assert.deepEqual(await names({ query: { tag: 'Finance' } }), ['a', 'b'])
  assert.deepEqual(await names({ query: { search: '100%' } }), ['a'])
  assert.deepEqual(await names({ query: { search: 's3://research-data/d%/*' } }), ['d'])
  assert.deepEqual(await names({ query: { integrationId: integrationId + 1 } }), [])
  const first = await server.admin.dataSources.list({ query: { limit: 3 } })
  assert.deepEqual([first.items.map(({ name }) => name), first.total], [['a', 'b', 'c'], 4])
  const second = await server.admin.dataSources.list({ query: { limit: 3, cursor: first.next } })
  assert.deepEqual([second.items.map(({ name }) => name), second.next], [['d'], undefined])
  const id = first.items[0]?.id ?? 0
  await server.admin.dataSources.remove({ params: { id } })
  assert.deepEqual(await names({ query: { state: 'disabled' } }), ['a'])
})

test('tags are applied and removed by owners and governors, once each', async t => {
  const { server, integrationId } = await lake(t)
  await server.admin.tags.create({ body: { name: 'Finance.Payroll' } })
  const owner = await server.as(['CREATE_S3_DATASOURCE'])
  const id = await registerOne(owner, integrationId, { dataSourceName: 'A', prefix: '/a/*' })
  const params = { id }
  const add = (tags: string[]) => owner.dataSources.addTags({ params, body: { tags } })
  assert.deepEqual(await add(['Finance']), { tags: ['Finance'] })
  assert.deepEqual(await add(['Finance', 'Finance.Payroll']), { tags: ['Finance', 'Finance.Payroll'] })
  await refuses(add(['Nowhere']), 'tag-not-found', 404)
  await refuses(add(['Headgate Marketplace']), 'name-reserved', 422)
  const governor = await server.as(['GOVERNANCE'])
  const removed = await governor.dataSources.removeTags({ params, body: { tags: ['Finance', 'Nowhere'] } })
  assert.deepEqual(removed, { tags: ['Finance.Payroll'] })
  const auditor = await server.as(['AUDIT'])
  await refuses(auditor.dataSources.addTags({ params, body: { tags: ['Finance'] } }), 'permission-missing', 403)
  await refuses(
    (await server.as(['CREATE_S3_DATASOURCE'])).dataSources.addTags({ params, body: { tags: ['Finance'] } }),
    'data-source-not-found',
    404,
  )
})

test('people and groups become members, perhaps until a date to come', async t => {
  const { server, integrationId } = await lake(t)
  const id = await registerOne(server.admin, integrationId, { dataSourceName: 'A', prefix: '/a/*' })
  const ann = await server.as([], 'ann')
  const group = await server.admin.groups.create({ body: { name: 'Analysts' } })
  const { setMember, setGroupMember, removeMember, removeGroupMember, get } = server.admin.dataSources
  const params = { id, userId: ann.id }
  const added = await setMember({
    params,
    body: { level: 'READ', reason: 'audit', until: '2099-01-01T00:00:00+01:00' },
  })
  assert.deepEqual(added.subject, { user: { id: ann.id, userid: 'ann' } })
  assert.equal(added.until, '2098-12-31T23:00:00.000Z')
  assert.equal(added.addedBy, 'admin')
  const changed = await setMember({ params, body: { level: 'WRITE', reason: 'repair' } })
  assert.deepEqual([changed.id, changed.level, changed.until], [added.id, 'WRITE', undefined])
  await setGroupMember({ params: { id, groupId: group.id }, body: { level: 'READ', reason: 'analysis' } })
  assert.equal((await get({ params: { id } })).members.length, 2)

  const past = { level: 'READ' as const, reason: 'late', until: '2020-01-01T00:00:00Z' }
  await refuses(setMember({ params, body: past }), 'request-invalid', 422)
  const body = { level: 'READ' as const, reason: 'x' }
  await refuses(setMember({ params: { id, userId: 4711 }, body }), 'user-not-found', 404)
  await refuses(setGroupMember({ params: { id, groupId: 4711 }, body }), 'group-not-found', 404)
  await removeMember({ params })
  await refuses(removeMember({ params }), 'member-not-found', 404)
  await removeGroupMember({ params: { id, groupId: group.id } })
  await refuses(removeGroupMember({ params: { id, groupId: group.id } }), 'member-not-found', 404)
  await server.admin.dataSources.remove({ params: { id } })
  await refuses(setMember({ params, body }), 'data-source-disabled', 409)
})

test('disabling keeps everything, deleting keeps nothing, and both say how long people may still read', async t => {
  const { server, integrationId } = await lake(t)
  await server.admin.tags.create({ body: { name: 'Finance' } })
  const item = { dataSourceName: 'A', prefix: '/a/*', tags: ['Finance'] }
  const id = await registerOne(server.admin, integrationId, item)
  const params = { id }
  const { remove, restore, get, setMember } = server.admin.dataSources
  const ann = await server.as([], 'ann')
  await setMember({ params: { id, userId: ann.id }, body: { level: 'READ', reason: 'x' } })
  await server.db.kysely
    .insertInto('ledger')
    .values({
      integration_id: integrationId,
      data_source_id: id,
      person_id: ann.id,
      grantee_type: 'IAM',
      grantee_id: 'arn:aws:iam::111122223333:user/ann',
      bucket: 'research-data',
      key: 'a/',
      kind: 'prefix',
      permission: 'READ',
      state: 'active',
      because: '[]',
      cause: 'member-added',
      epoch: 1,
    })
    .execute()
  const disabled = await remove({ params })
  assert.equal(disabled.state, 'disabled')
  assert.match(
    disabled.message,
    /its grant is being revoked: no new credentials after about 30 s, existing ones end by 2/,
  )
  assert.equal((await remove({ params })).state, 'disabled')
  assert.equal((await restore({ params })).state, 'active')
  assert.deepEqual((await get({ params })).tags, ['Finance'])
  assert.equal((await get({ params })).members.length, 1)

  const deleted = await remove({ params, query: { hard: 'true' } })
  assert.equal(deleted.state, 'deleted')
  await refuses(get({ params }), 'data-source-not-found', 404)
  await refuses(restore({ params }), 'data-source-not-found', 404)
  await server.admin.tags.remove({ params: { name: 'Finance' } })
  const causes = await server.db.kysely
    .selectFrom('fact_change')
    .where('entity', '=', 'dataSource')
    .orderBy('id')
    .select(['cause'])
    .execute()
  assert.deepEqual(
    causes.map(({ cause }) => cause),
    ['data-source-registered', 'data-source-disabled', 'data-source-restored', 'data-source-deleted'],
  )
})

test('whoever disables a data source learns which wider one still opens it', async t => {
  const { server, integrationId } = await lake(t)
  await registerOne(server.admin, integrationId, { dataSourceName: 'Outer', prefix: '/lake/*' })
  const inner = { dataSourceName: 'Inner', prefix: '/lake/x/*', allowOverlap: true }
  const id = await registerOne(server.admin, integrationId, inner)
  assert.match(
    (await server.admin.dataSources.remove({ params: { id } })).message,
    /who reaches `Outer` still reads here/,
  )
})

test('a disabled data source comes back only while its integration is in use', async t => {
  const { server, integrationId } = await lake(t)
  const id = await registerOne(server.admin, integrationId, { dataSourceName: 'A', prefix: '/a/*' })
  await server.admin.dataSources.remove({ params: { id } })
  await server.db.kysely.updateTable('integration').set({ status: 'deleting' }).execute()
  await refuses(server.admin.dataSources.restore({ params: { id } }), 'integration-not-usable', 409)
})

test('every change of a data source leaves an audit event with what changed', async t => {
  const { server, integrationId } = await lake(t)
  const id = await registerOne(server.admin, integrationId, { dataSourceName: 'A', prefix: '/a/*' })
  const ann = await server.as([], 'ann')
  const member = { id, userId: ann.id }
  await server.admin.dataSources.setMember({ params: member, body: { level: 'READ', reason: 'x' } })
  await server.admin.dataSources.removeMember({ params: member })
  await server.admin.dataSources.remove({ params: { id }, query: { hard: 'true' } })
  const rows = await server.db.kysely
    .selectFrom('audit_event')
    .where('target_type', '=', 'DATASOURCE')
    .orderBy('sequence')
    .select('event')
    .execute()
  const events = rows.map(({ event }) => JSON.parse(event))
  assert.deepEqual(
    events.map(({ auditPayload }) => auditPayload.type),
    ['DataSourceRegistered', 'MemberAdded', 'MemberRemoved', 'DataSourceDeleted'],
  )
  assert.ok(events.every(({ actor, targets }) => actor.name === 'admin' && targets[0].id === String(id)))
})

test('a tag that is deleted while it is being applied is either in use or not found', async t => {
  const { server, integrationId } = await lake(t)
  for (let round = 0; round < 8; round += 1) {
    const name = `Tag ${round}`
    await server.admin.tags.create({ body: { name } })
    const item = { dataSourceName: `source ${round}`, prefix: `/part-${round}/*`, tags: [name] }
    const results = await Promise.allSettled([
      register(server.admin, integrationId, item),
      server.admin.tags.remove({ params: { name } }),
    ])
    const lost = results.flatMap(result => (result.status === 'rejected' ? [result.reason.code] : []))
    assert.equal(lost.length, 1)
    assert.ok(['tag-not-found', 'tag-in-use'].includes(lost[0]), lost[0])
  }
})
