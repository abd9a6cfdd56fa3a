import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { checkDue, startHealthChecks } from '../src/data-sources/health.ts'
import { limitController } from './support/integrations.ts'
import { type Lake, lake, registerOne, storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { testServer } from './support/server.ts'

async function checked({ server }: Lake, id: number) {
  const { checkedAt, ...health } = await server.admin.dataSources.check({ params: { id } })
  assert.ok(checkedAt !== undefined)
  return health
}

test('a path is healthy once something lies there, and missing until then', async t => {
  const world = await lake(t)
  const { server, account, integrationId } = world
  const id = await registerOne(server.admin, integrationId, { dataSourceName: 'new', prefix: '/new/*' })
  const { health } = await server.admin.dataSources.get({ params: { id } })
  assert.deepEqual(health, { status: 'healthy' })
  assert.equal((await checked(world, id)).status, 'path-missing')
  await account.owner.s3.send(new PutObjectCommand({ Bucket: 'research-data', Key: 'new/a b+ü.txt', Body: 'x' }))
  assert.deepEqual(await checked(world, id), { status: 'healthy' })
  const object = await registerOne(server.admin, integrationId, { dataSourceName: 'one', prefix: '/lone/a b+ü' })
  // What only begins like it is not it.
  await account.owner.s3.send(new PutObjectCommand({ Bucket: 'research-data', Key: 'lone/a b+ü.bak', Body: 'x' }))
  assert.equal((await checked(world, object)).status, 'path-missing')
  await account.owner.s3.send(new PutObjectCommand({ Bucket: 'research-data', Key: 'lone/a b+ü', Body: 'x' }))
  assert.deepEqual(await checked(world, object), { status: 'healthy' })
  const { items } = await server.admin.dataSources.list({ query: { health: 'healthy' } })
  assert.deepEqual(
    items.map(({ name }) => name),
    ['new', 'one'],
  )
})

test('a bucket that cannot be listed is unreachable and says what to allow', async t => {
  const world = await lake(t)
  const { server, account, integrationId } = world
  const id = await registerOne(server.admin, integrationId, { dataSourceName: 'public', prefix: '/public/*' })
  await limitController(account, ['s3:ListBucket'])
  const health = await checked(world, id)
  assert.equal(health.status, 'bucket-unreachable')
  assert.match(health.message ?? '', /allow them `s3:ListBucket` on `arn:aws:s3:::research-data`/)
  const { items } = await server.admin.dataSources.list({ query: { health: 'bucket-unreachable' } })
  assert.deepEqual(
    items.map(({ id }) => id),
    [id],
  )
  await limitController(account, undefined)
  assert.deepEqual(await checked(world, id), { status: 'healthy' })
})

test('a bucket that is gone is unreachable', async t => {
  const world = await lake(t)
  const { server, account, integrationId } = world
  const id = await registerOne(server.admin, integrationId, { dataSourceName: 'all', prefix: '/*' })
  await account.owner.s3.send(new DeleteObjectCommand({ Bucket: 'research-data', Key: 'public/hello.txt' }))
  // An empty bucket is there all the same.
  assert.deepEqual(await checked(world, id), { status: 'healthy' })
  server.sandbox.state.buckets.delete('research-data')
  assert.deepEqual(await checked(world, id), {
    status: 'bucket-unreachable',
    message: 'bucket `research-data` does not exist any more',
  })
})

test('grants that AWS refused make a provisioning error, as long as they are not settled', async t => {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*' })
  const row = {
    integration_id: integrationId,
    data_source_id: id,
    person_id: server.admin.id,
    grantee_type: 'IAM' as const,
    grantee_id: 'arn:aws:iam::111122223333:user/ann',
    bucket: 'research-data',
    key: 'a/',
    kind: 'prefix' as const,
    permission: 'READ' as const,
    state: 'createFailed' as const,
    because: '[]',
    cause: 'test',
    epoch: 1,
    error_code: 'InvalidRequest',
  }
  await server.db.kysely.insertInto('ledger').values(row).execute()
  const { health } = await server.admin.dataSources.get({ params: { id } })
  const message = 'AWS refused one grant of it (InvalidRequest): see its grants'
  assert.deepEqual(health, { status: 'provisioning-error', message })
  const failing = () => server.admin.dataSources.list({ query: { health: 'provisioning-error' } })
  assert.equal((await failing()).total, 1)
  await server.db.kysely.updateTable('ledger').set({ state: 'abandoned' }).execute()
  assert.equal((await failing()).total, 0)
})

test('what is due is looked at once, by whoever takes it first, and not again before its time', async t => {
  const world = await lake(t)
  const { server, integrationId } = world
  for (const name of ['public', 'missing', 'asleep']) {
    const id = await registerOne(server.admin, integrationId, { dataSourceName: name, prefix: `/${name}/*` })
    if (name === 'asleep') await server.admin.dataSources.remove({ params: { id } })
  }
  const taken = await Promise.all([checkDue(server.world, 1), checkDue(server.world, 1), checkDue(server.world, 1)])
  assert.deepEqual(taken.toSorted(), [0, 1, 1])
  assert.equal(await checkDue(server.world, 100), 0)
  const { items } = await server.admin.dataSources.list()
  assert.deepEqual(
    items.map(({ name, health }) => [name, health.status, health.checkedAt !== undefined]),
    [
      ['asleep', 'healthy', false],
      ['missing', 'path-missing', true],
      ['public', 'healthy', true],
    ],
  )
})

test('AWS being out of reach says nothing about a data source', async t => {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*' })
  assert.equal(await checkDue(server.world, 10), 1)
  await refuses(server.admin.dataSources.check({ params: { id } }), 'aws-unreachable', 502)
  assert.deepEqual((await server.admin.dataSources.get({ params: { id } })).health, { status: 'healthy' })
  const reader = await server.as(['AUDIT'])
  await refuses(reader.dataSources.check({ params: { id } }), 'permission-missing', 403)
})

test('the recurring check looks by itself and ends when told to', async t => {
  const world = await lake(t)
  const { server, integrationId } = world
  const id = await registerOne(server.admin, integrationId, { dataSourceName: 'missing', prefix: '/missing/*' })
  const config = { ...server.world.config, HEADGATE_HEALTH_CHECK_MINUTES: 0.005 }
  const checks = startHealthChecks({ ...server.world, config })
  t.after(checks.stop)
  for (;;) {
    const { health } = await server.admin.dataSources.get({ params: { id } })
    if (health.status === 'path-missing') break
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  await checks.stop()
})
