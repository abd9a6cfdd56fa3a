import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { limitController } from './support/integrations.ts'
import { type Lake, lake, register, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { testServer } from './support/server.ts'

async function put({ account }: Lake, ...keys: string[]) {
  for (const Key of keys) await account.owner.s3.send(new PutObjectCommand({ Bucket: 'research-data', Key, Body: 'x' }))
}

test('one level is shown with how each of it is registered, and what registers it', async t => {
  const world = await lake(t)
  const { server, integrationId } = world
  await put(world, 'teams/a/1', 'teams/b/x/1', 'teams/b/y/1', 'teams/c+ü 1/1', 'teams/one.csv', 'teams/bad*name')
  const made = await register(
    server.admin,
    integrationId,
    { dataSourceName: 'A', prefix: '/teams/a/*' },
    { dataSourceName: 'B x', prefix: '/teams/b/x/*' },
    { dataSourceName: 'B y', prefix: '/teams/b/y/*' },
  )
  const browse = async (prefix: string) =>
    (await server.admin.dataSources.browse({ params: { id: integrationId }, query: { prefix } })).items
  const level = await browse('teams/')
  assert.deepEqual(
    level.map(({ kind, name, prefix }) => [kind, name, prefix]),
    [
      ['prefix', 'a/', '/teams/a/*'],
      ['prefix', 'b/', '/teams/b/*'],
      ['prefix', 'c+ü 1/', '/teams/c+ü 1/*'],
      ['object', 'bad*name', '/teams/bad*name'],
      ['object', 'one.csv', '/teams/one.csv'],
    ],
  )
  assert.deepEqual(
    level.map(({ registered }) => [registered.exact?.name, registered.coveredBy.length, registered.covers]),
    [
      ['A', 0, 0],
      [undefined, 0, 2],
      [undefined, 0, 0],
      [undefined, 0, 0],
      [undefined, 0, 0],
    ],
  )
  assert.match(level[3]?.cannot ?? '', /elsewhere than at the end/)
  assert.equal(level[0]?.scope, 's3://research-data/teams/a/*')
  const [inner] = await browse('/teams/a/')
  assert.deepEqual(inner?.registered.coveredBy, [{ id: made[0]?.dataSourceId, name: 'A' }])
  const [begun] = await browse('tea')
  assert.deepEqual([begun?.name, begun?.registered.covers], ['teams/', 3])
  const [picked] = await register(server.admin, integrationId, {
    dataSourceName: 'picked',
    prefix: level[2]?.prefix ?? '',
  })
  assert.equal(picked?.prefix, '/teams/c+ü 1/*')
})

test('buckets are the first level under s3://, and pages go on where AWS stopped', async t => {
  const world = await lake(t, 's3://')
  const { server, account, integrationId } = world
  const elsewhere = { CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' as const } }
  await account.owner.s3.send(new CreateBucketCommand({ Bucket: 'research-more' }))
  await account.owner.s3.send(new CreateBucketCommand({ Bucket: 'research-far', ...elsewhere }))
  await put(world, 'a/1', 'b/1', 'c/1')
  await register(server.admin, integrationId, { dataSourceName: 'a', prefix: '/research-data/a/*' })
  const browse = (query: { prefix?: string; limit?: number; cursor?: string }) =>
    server.admin.dataSources.browse({ params: { id: integrationId }, query })
  const all = await browse({})
  assert.deepEqual(
    all.items.map(({ kind, name, prefix, registered }) => [kind, name, prefix, registered.covers]),
    [
      ['bucket', 'research-data', '/research-data/*', 1],
      ['bucket', 'research-more', '/research-more/*', 0],
    ],
  )
  assert.deepEqual(
    (await browse({ prefix: 'research-m' })).items.map(({ name }) => name),
    ['research-more'],
  )
  for (const prefix of ['', 'research-data/']) {
    const names: string[] = []
    for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages += 1) {
      const page = await browse({ prefix, limit: 1, ...(cursor === undefined ? {} : { cursor }) })
      names.push(...page.items.map(({ name }) => name))
      cursor = page.next
    }
    assert.deepEqual(names, prefix === '' ? ['research-data', 'research-more'] : ['a/', 'b/', 'c/', 'public/'])
  }
  await refuses(browse({ prefix: 'no-such-bucket/' }), 'request-invalid', 422)
  await limitController(account, ['s3:ListBucket'])
  await refuses(browse({ prefix: 'research-data/' }), 'aws-refused', 502)
})

test('only who may register or govern browses, and only integrations that are there', async t => {
  const server = await testServer()
  t.after(server.close)
  const id = await storedIntegration(server)
  const auditor = await server.as(['AUDIT'])
  await refuses(auditor.dataSources.browse({ params: { id } }), 'permission-missing', 403)
  await refuses(server.admin.dataSources.browse({ params: { id: 4711 } }), 'integration-not-found', 404)
  await refuses(server.admin.dataSources.browse({ params: { id } }), 'aws-unreachable', 502)
})
