import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '@headgate/core/api'
import { badItems, type Item, lake, register } from './support/lake.ts'

test('items of a wrong shape are named with the others, each by its index and what is wrong', async t => {
  const { server, integrationId } = await lake(t)
  const items = [
    { dataSourceName: 'good', prefix: '/good/*' },
    { dataSourceName: 'no prefix' },
    { dataSourceName: '  ', prefix: '/blank/*', tags: ['a..b'] },
    'not an object',
    { dataSourceName: 'unknown', prefix: '/u/*', owner: 'ann' },
    { dataSourceName: 'nul', prefix: '/n/*', description: 'a\0b' },
    { dataSourceName: 'star', prefix: '/a*/b' },
    { dataSourceName: 'above', prefix: '/*' },
  ] as unknown as Item[]
  const error = await register(server.admin, integrationId, ...items).catch((reason: unknown) => reason)
  assert.ok(error instanceof ApiError)
  const found = error.body.items as { index: number; code: string; message: string }[]
  assert.deepEqual(
    found.map(({ index, code }) => `${index} ${code}`),
    [
      '1 request-invalid',
      '2 request-invalid',
      '3 request-invalid',
      '4 request-invalid',
      '5 request-invalid',
      '6 scope-wildcard',
      '7 data-source-overlap',
    ],
  )
  assert.match(found[0]?.message ?? '', /`prefix` invalid input: expected string/)
  assert.match(found[1]?.message ?? '', /`dataSourceName` .*; `tags\.0` must not have empty segments/)
  assert.match(found[3]?.message ?? '', /`owner` is not known here: remove it/)
  assert.equal((await server.admin.dataSources.list()).total, 0)
})

test('ten thousand bad items are all named; one item more is refused as a whole', { timeout: 240_000 }, async t => {
  const { server, integrationId } = await lake(t)
  const items = Array.from({ length: 10_000 }, (_, at) => ({ dataSourceName: `bad ${at}`, prefix: `/x*/${at}` }))
  const { status, items: found } = await badItems(register(server.admin, integrationId, ...items))
  assert.equal(status, 422)
  assert.deepEqual(
    found,
    items.map((_, at) => `${at} scope-wildcard`),
  )
  const more = [...items, { dataSourceName: 'one more', prefix: '/one-more/*' }]
  const refused = await badItems(register(server.admin, integrationId, ...more))
  assert.deepEqual(refused, { status: 422, code: 'request-invalid', items: [] })
})

test('a registration may be 32 MiB, any other body 1 MiB', async t => {
  const { server, integrationId } = await lake(t)
  const description = 'd'.repeat(4000)
  const items = Array.from({ length: 2000 }, (_, at) => ({
    dataSourceName: `s ${at}`,
    prefix: `/${at}/*`,
    description,
  }))
  assert.equal((await register(server.admin, integrationId, ...items)).length, 2000)
  const send = async (path: string, bytes: number) => {
    const headers = { 'content-type': 'application/json' }
    const response = await server.admin.send(path, { method: 'POST', headers, body: `"${'x'.repeat(bytes)}"` })
    return ((await response.json()) as { code: string }).code
  }
  assert.equal(await send('/native-s3/handler', 32 * 1024 * 1024), 'body-too-large')
  assert.equal(await send('/tags', 1024 * 1024), 'body-too-large')
})

test('tags are applied and removed on ten thousand data sources as one act', { timeout: 240_000 }, async t => {
  const { server, integrationId } = await lake(t)
  for (const name of ['Old', 'New']) await server.admin.tags.create({ body: { name } })
  const items = Array.from({ length: 10_000 }, (_, at) => ({
    dataSourceName: `s ${at}`,
    prefix: `/${at}/*`,
    tags: ['Old'],
  }))
  const ids = (await register(server.admin, integrationId, ...items)).map(({ dataSourceId }) => dataSourceId)
  const change = { dataSourceIds: ids, add: ['New'], remove: ['Old'] }
  const done = await server.admin.dataSources.changeTags({ body: change })
  assert.deepEqual(done, { dataSources: 10_000, added: 10_000, removed: 10_000 })
  assert.deepEqual(await server.admin.dataSources.changeTags({ body: change }), {
    dataSources: 10_000,
    added: 0,
    removed: 0,
  })
  const tagged = async (tag: string) => (await server.admin.dataSources.list({ query: { tag, limit: 1 } })).total
  assert.deepEqual([await tagged('New'), await tagged('Old')], [10_000, 0])
  const events = await server.db.kysely
    .selectFrom('audit_event')
    .where('event', 'like', '%DataSourceTagsChanged%')
    .selectAll()
    .execute()
  assert.equal(events.length, 1)
})

test('tags on many are refused as a whole, and every refused one is named by its place', async t => {
  const { server, integrationId } = await lake(t)
  for (const name of ['Secret', 'Plain']) await server.admin.tags.create({ body: { name } })
  const owner = await server.as(['CREATE_S3_DATASOURCE'])
  const mine = await register(
    owner,
    integrationId,
    { dataSourceName: 'a', prefix: '/a/*', tags: ['Secret'] },
    { dataSourceName: 'b', prefix: '/b/*' },
  )
  const ids = mine.map(({ dataSourceId }) => dataSourceId)
  const others = await register(server.admin, integrationId, { dataSourceName: 'c', prefix: '/c/*' })
  const foreign = others[0]?.dataSourceId ?? 0
  const call = (dataSourceIds: number[], change: { add?: string[]; remove?: string[] }) =>
    badItems(owner.dataSources.changeTags({ body: { dataSourceIds, ...change } }))
  assert.deepEqual(await call([...ids, 4711, foreign], { add: ['Plain'] }), {
    status: 404,
    code: 'data-source-not-found',
    items: ['2 data-source-not-found', '3 data-source-not-found'],
  })
  const add = { level: 'READ' as const, reason: 'reads it, owns it not' }
  await server.admin.dataSources.setMember({ params: { id: foreign, userId: owner.id }, body: add })
  assert.deepEqual(await call([foreign, ...ids], { add: ['Plain'] }), {
    status: 403,
    code: 'permission-missing',
    items: ['0 permission-missing'],
  })
  await server.admin.policies.create({
    body: {
      name: 'secret minimum',
      kind: 'guardrail',
      level: 'READ',
      appliesTo: { any: [{ tag: 'Secret' }] },
      who: { when: "@hasAttribute('cleared', 'yes')" },
      state: 'active',
    },
  })
  assert.deepEqual(await call(ids, { add: ['Plain'], remove: ['Secret'] }), {
    status: 409,
    code: 'guardrail-would-drop',
    items: ['0 guardrail-would-drop'],
  })
  assert.equal((await call(ids, { add: ['Nowhere'] })).code, 'tag-not-found')
  assert.equal((await call(ids, { add: ['Headgate Marketplace'] })).code, 'name-reserved')
  assert.equal((await call(ids, { remove: ['Headgate Marketplace'] })).code, 'name-reserved')
  assert.equal((await call(ids, { add: ['Plain'], remove: ['Plain'] })).code, 'request-invalid')
  assert.equal((await call(ids, {})).code, 'request-invalid')
  assert.equal((await server.admin.dataSources.list({ query: { tag: 'Plain' } })).total, 0)
  const governor = await server.as(['GOVERNANCE'])
  const body = { dataSourceIds: ids, add: ['Plain'], remove: ['Secret'] }
  assert.deepEqual(await governor.dataSources.changeTags({ body }), { dataSources: 2, added: 2, removed: 1 })
})

test('who may register under some scopes only is held to them', async t => {
  const { server, integrationId } = await lake(t)
  const owner = await server.as()
  const permissions = ['CREATE_S3_DATASOURCE' as const]
  const params = { id: owner.id }
  const set = (dataSourceScopes: string[], given: typeof permissions | [] = permissions) =>
    server.admin.users.setPermissions({ params, body: { permissions: given, dataSourceScopes } })
  const shown = await set(['s3://research-data/teams/*', 's3://research-data/one.csv'])
  assert.deepEqual(shown.dataSourceScopes, ['s3://research-data/one.csv', 's3://research-data/teams/*'])
  const refused = await badItems(
    register(
      owner,
      integrationId,
      { dataSourceName: 'inside', prefix: '/teams/a/*' },
      { dataSourceName: 'beside', prefix: '/teams-old/*' },
      { dataSourceName: 'above', prefix: '/*' },
      { dataSourceName: 'object', prefix: '/one.csv' },
    ),
  )
  assert.deepEqual(refused, {
    status: 403,
    code: 'scope-not-permitted',
    items: ['1 scope-not-permitted', '2 scope-not-permitted'],
  })
  const made = await register(
    owner,
    integrationId,
    { dataSourceName: 'inside', prefix: '/teams/a/*' },
    { dataSourceName: 'object', prefix: '/one.csv' },
  )
  assert.equal(made.length, 2)
  assert.equal((await badItems(set(['research-data/*']))).code, 'request-invalid')
  assert.equal((await badItems(set(['s3://research-data/*'], []))).code, 'request-invalid')
  const everywhere = await server.admin.users.setPermissions({ params, body: { permissions } })
  assert.equal(everywhere.dataSourceScopes, undefined)
  await register(owner, integrationId, { dataSourceName: 'beside', prefix: '/teams-old/*' })
})
