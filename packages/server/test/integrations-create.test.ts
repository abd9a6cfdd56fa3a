import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validationTestNames } from '@headgate/core/api'
import { sql } from 'kysely'
import { pino } from 'pino'
import { listLocations, tagsOf } from '../src/aws/access-grants.ts'
import { createAwsAccess, secretContext } from '../src/aws/clients.ts'
import { findIntegration } from '../src/db/integration.ts'
import { resumeIntegrations } from '../src/integrations/lifecycle.ts'
import { integrationBody } from './support/aws-account.ts'
import { setEnvironment } from './support/environment.ts'
import {
  body,
  clearLocations,
  connected,
  create,
  limitController,
  post,
  refused,
  settled,
} from './support/integrations.ts'
import type { TestServer } from './support/server.ts'

test('a create passes all nine tests, answers `creating` as documented, and ends `enabled` with a tagged location', async t => {
  const { server, account } = await connected(t)
  const response = await post(server, integrationBody(account))
  assert.equal(response.status, 200)
  const created = await body(response)
  assert.deepEqual(created, {
    id: '1',
    status: 'creating',
    validationResults: {
      status: 'passed',
      validationTests: validationTestNames.map(name => ({ name, status: 'passed' })),
    },
  })
  assert.match(response.headers.get('headgate-sequence') ?? '', /^\d+$/)

  await server.world.background.idle()
  const got = await body(await server.admin.send('/integrations/1'))
  assert.deepEqual(got, {
    ...created,
    status: 'enabled',
    type: 'Native S3',
    autoBootstrap: false,
    config: {
      port: 443,
      name: 'S3 integration',
      awsAccountId: '111122223333',
      awsRegion: 'us-east-1',
      awsLocationRole: account.locationRole,
      awsLocationPath: 's3://research-data/',
      authenticationType: 'accessKey',
      awsAccessKeyId: account.controller.accessKeyId,
      awsSecretAccessKey: '<REDACTED>',
    },
  })
  assert.deepEqual(await body(await server.admin.send('/integrations')), [got])

  const [location, ...others] = await listLocations(account.owner)
  assert.ok(location)
  assert.deepEqual(others, [])
  assert.equal(location.scope, 's3://research-data/')
  const row = await findIntegration(server.db.kysely, 1)
  assert.equal(row?.aws_location_id, location.id)
  assert.equal(row?.max_session_seconds, 3600)
  const { id: tenant } = await server.admin.deployment.tenant()
  assert.deepEqual(Object.fromEntries(await tagsOf(account.owner, location.arn)), {
    'headgate:tenant': tenant,
    'headgate:intent': row?.intent,
  })
})

test('the documented request for `s3://` is read as YAML too', async t => {
  const { server, account } = await connected(t)
  const { config } = integrationBody(account, { awsLocationPath: 's3://' })
  const yaml = ['type: Native S3', 'autoBootstrap: false', 'config:']
    .concat(Object.entries(config).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`))
    .join('\n')
  const headers = { 'content-type': 'application/yaml' }
  const response = await server.admin.send('/integrations', { method: 'POST', headers, body: yaml })
  assert.equal(response.status, 200, JSON.stringify(await response.clone().json()))
  await settled(server, '1', 'enabled')
  assert.equal((await listLocations(account.owner))[0]?.id, 'default')
})

test('`auto` uses the credentials that the SDK finds by itself, and stores none', async t => {
  const { server, account } = await connected(t)
  setEnvironment(t, {
    AWS_ACCESS_KEY_ID: account.controller.accessKeyId,
    AWS_SECRET_ACCESS_KEY: account.controller.secretAccessKey,
  })
  const { awsAccessKeyId: _, awsSecretAccessKey: __, ...config } = integrationBody(account).config
  const created = await server.admin.integrations.create({
    body: { ...integrationBody(account), config: { ...config, authenticationType: 'auto' } },
  })
  const integration = await settled(server, created.id, 'enabled')
  assert.equal('awsAccessKeyId' in integration.config, false)
  assert.equal((await findIntegration(server.db.kysely, Number(created.id)))?.secret_access_key, null)
})

test('a lost answer to the registration is found again by its tag', async t => {
  const { server, account } = await connected(t)
  server.sandbox.faults.set({ rules: [{ kind: 'lost-answer', operation: 'CreateAccessGrantsLocation', times: 1 }] })
  assert.equal((await create(server, account)).status, 'enabled')
  const locations = await listLocations(account.owner)
  assert.deepEqual(
    locations.map(({ id }) => id),
    [(await findIntegration(server.db.kysely, 1))?.aws_location_id],
  )
})

test('throttles and a 500 after the work are ridden out', async t => {
  const { server, account } = await connected(t)
  server.sandbox.faults.set({
    rules: [
      { kind: 'half-failure', operation: 'CreateAccessGrantsLocation', times: 1 },
      { kind: 'error', status: 503, code: 'SlowDown', operation: 'ListAccessGrantsLocations', times: 2 },
    ],
  })
  assert.equal((await create(server, account)).status, 'enabled')
  assert.equal((await listLocations(account.owner)).length, 1)
})

test('a refused registration ends in createError with what to do, and the same create tries again', async t => {
  const { server, account } = await connected(t)
  await limitController(account, ['iam:PassRole'])
  const failed = await create(server, account)
  assert.equal(failed.status, 'createError')
  assert.match(failed.statusMessage ?? '', /AccessDenied.*iam:PassRole/)

  const other = await refused(create(server, account, { name: 'other name' }))
  assert.equal(other.code, 'integration-exists')

  await limitController(account, undefined)
  const again = await create(server, account)
  assert.equal(again.id, failed.id)
  assert.equal(again.status, 'enabled')
  assert.equal(again.statusMessage, undefined)
})

test('a location made by a creation that could not tell is taken over when it is created again', async t => {
  const { server, account } = await connected(t)
  server.sandbox.faults.set({
    rules: [
      { kind: 'lost-answer', operation: 'CreateAccessGrantsLocation' },
      { kind: 'error', operation: 'ListTagsForResource', status: 403, code: 'AccessDenied' },
    ],
  })
  const failed = await create(server, account)
  assert.equal(failed.status, 'createError')
  assert.match(failed.statusMessage ?? '', /AccessDenied.*may have been made/)
  server.sandbox.faults.set({ rules: [] })
  assert.equal((await listLocations(account.owner)).length, 1)

  const again = await server.admin.integrations.create({ body: integrationBody(account) })
  assert.equal(again.validationResults.validationTests[6]?.status, 'warning')
  await settled(server, again.id, 'enabled')
  assert.equal((await listLocations(account.owner)).length, 1)
})

test('an AWS that is out of reach ends in createError with what to do, and the server keeps serving', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await server.db.kysely.updateTable('integration').set({ status: 'creating' }).where('id', '=', Number(id)).execute()
  const aws = createAwsAccess({ vault: server.world.vault, endpoint: 'http://127.0.0.1:9', parallel: 1 })
  t.after(aws.close)
  await resumeIntegrations({ ...server.world, aws })
  const failed = await settled(server, id, 'createError')
  assert.match(failed.statusMessage ?? '', /ECONNREFUSED.*check the way from this server to AWS/)
})

test('a crash while creating is taken up at the next start, before or after AWS was called', async t => {
  const { server, account } = await connected(t)
  for (const crash of ['before the call', 'after the call']) {
    const { id } = await create(server, account)
    if (crash === 'before the call') await clearLocations(server, account)
    await server.db.kysely
      .updateTable('integration')
      .set({ status: 'creating', aws_location_id: null })
      .where('id', '=', Number(id))
      .execute()
    await resumeIntegrations(server.world)
    await settled(server, id, 'enabled')
    const [location, ...more] = await listLocations(account.owner)
    assert.equal((await findIntegration(server.db.kysely, Number(id)))?.aws_location_id, location?.id, crash)
    assert.deepEqual(more, [], crash)
    await server.admin.integrations.remove({ params: { id } })
    await settled(server, id, 'deleted')
  }
})

test('an unknown id is 404 in the documented words', async t => {
  const { server } = await connected(t)
  for (const method of ['GET', 'DELETE']) {
    const answer = await body(await server.admin.send('/integrations/5', { method }))
    assert.equal(answer.statusCode, 404)
    assert.equal(answer.message, 'No Integration found with ID 5.')
  }
})

test('the secret is in no answer, no log and no table', async t => {
  const secret = 'wJalrXUtnFEMI-a-known-secret-K7MDENG'
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: line => void lines.push(line) })
  const { server, account } = await connected(t, {}, { log })
  const key = { accessKeyId: 'AKIAKNOWNSECRET', secretAccessKey: secret }
  server.sandbox.state.accessKeys.set(key.accessKeyId, {
    ...key,
    account: account.accountId,
    userName: 'headgate-controller',
    status: 'Active',
    createdAt: 0,
  })
  const config = { awsAccessKeyId: key.accessKeyId, awsSecretAccessKey: secret }
  const dumps: string[] = []
  const dump = async () => {
    const tables = await sql<{
      name: string
    }>`select tablename as name from pg_tables where schemaname = 'public'`.execute(server.db.kysely)
    assert.ok(tables.rows.length > 20)
    for (const { name } of tables.rows) {
      const { rows } = await sql`select to_jsonb(t) as row from ${sql.table(name)} t`.execute(server.db.kysely)
      dumps.push(JSON.stringify(rows))
    }
  }
  const answers: unknown[] = [await create(server, account, config)]
  answers.push(await body(await post(server, integrationBody(account, config))))
  answers.push(await body(await post(server, integrationBody(account, { ...config, name: 7 }))))
  answers.push(await body(await post(server, integrationBody(account, { ...config, awsSecretAccesKey: secret }))))
  answers.push(
    await body(
      await post(
        server,
        integrationBody(account, { ...config, name: 'x', awsAccessKeyId: 'AKIANOBODY', awsLocationPath: 's3://' }),
      ),
    ),
  )
  answers.push(await server.admin.integrations.list())
  answers.push(await server.admin.integrations.validate({ body: integrationBody(account, config) }))
  const trial = await server.admin.integrations.startTrial({ body: integrationBody(account, config) })
  for await (const event of await server.admin.integrations.watchTrial({ params: trial })) answers.push(event)
  const edit = { config: { name: 'renamed', ...config } }
  answers.push(await server.admin.integrations.update({ params: { id: 1 }, ifMatch: '"1"', body: edit }))
  await settled(server, '1', 'enabled')
  await leaveEditing(server)
  await dump()
  await resumeIntegrations(server.world)
  await settled(server, '1', 'enabled')
  answers.push(await server.admin.integrations.setup({ params: { id: 1 } }))
  answers.push(await server.admin.integrations.remove({ params: { id: 1 } }))
  await settled(server, '1', 'deleted')
  const over = await findIntegration(server.db.kysely, 1)
  assert.ok(over?.secret_access_key)
  assert.equal(server.world.vault.open(over.secret_access_key, secretContext(over.intent)), '', 'nor kept for nothing')

  await dump()
  for (const [where, text] of Object.entries({
    answers: JSON.stringify(answers),
    log: lines.join('\n'),
    tables: dumps.join('\n'),
  })) {
    assert.ok(text.length > 100, where)
    assert.equal(text.includes(secret), false, where)
    assert.equal(text.includes(Buffer.from(secret).toString('base64')), false, where)
  }
})

test('checks are told one after the other to whoever began them, on any node, until they are done or canceled', async t => {
  const { server, account } = await connected(t)
  const { admin } = server
  const { integrations } = admin
  const body = integrationBody(account, { awsLocationRole: account.locationRole.replace('role/', 'user/') })
  await refused(integrations.startTrial({ body: integrationBody(account, { awsLocationPath: 'not a path' }) }))
  const slow = { kind: 'latency', operation: 'GetCallerIdentity', ms: 400 } as const
  server.sandbox.faults.set({ rules: [slow] })
  const params = await integrations.startTrial({ body })
  const events = await all(integrations.watchTrial({ params }))
  assert.ok(events.length > 1, 'everything came at once')
  assert.ok(events.slice(0, -1).every(({ state, tests }) => state === 'running' && tests.length < 9))
  const last = events.at(-1)
  const { validationResults } = await integrations.validate({ body })
  assert.deepEqual([last?.state, last?.result, last?.tests], ['done', 'failed', validationResults.validationTests])
  assert.deepEqual(await all(integrations.watchTrial({ params })), [last], 'who comes back sees it')

  const other = await server.as(['APPLICATION_ADMIN'], 'other')
  const unknown = await refused(other.integrations.watchTrial({ params }) as Promise<unknown>)
  assert.deepEqual([unknown.status, unknown.code], [404, 'integration-trial-not-found'])
  const second = await integrations.startTrial({ body })
  assert.equal((await refused(other.integrations.cancelTrial({ params: second }))).status, 404)
  await integrations.cancelTrial({ params: second })
  await server.world.background.idle()
  const [canceled] = await all(integrations.watchTrial({ params: second }))
  assert.equal(canceled?.state, 'canceled')
  assert.ok((canceled?.tests.length ?? 9) < 5, 'checks went on that nobody wanted')

  const third = await integrations.startTrial({ body })
  await server.world.background.idle()
  await sql`update integration_trial set state = 'running', moved_at = now() - interval '1 hour' where id = ${third.id}`.execute(
    server.db.kysely,
  )
  const [lost] = await all(integrations.watchTrial({ params: third }))
  assert.deepEqual([lost?.state, /try again/.test(lost?.message ?? '')], ['failed', true])
})

test('every change of state is an event and a fact change', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await server.admin.integrations.remove({ params: { id } })
  await settled(server, id, 'deleted')
  const events = await server.db.kysely
    .selectFrom('audit_event')
    .select('event')
    .where('target_type', '=', 'INTEGRATION')
    .orderBy('sequence')
    .execute()
  const seen = events.map(({ event }) => JSON.parse(event)).map(event => [event.auditPayload.type, event.actor.type])
  assert.deepEqual(seen, [
    ['IntegrationCreated', 'user'],
    ['IntegrationEnabled', 'system'],
    ['IntegrationDeletionStarted', 'user'],
    ['IntegrationDeleted', 'system'],
  ])
  const changes = await server.db.kysely
    .selectFrom('fact_change')
    .select(['cause', 'after'])
    .where('entity', '=', 'integration')
    .orderBy('id')
    .execute()
  assert.deepEqual(
    changes.map(({ cause }) => cause),
    ['integration-created', 'integration-enabled', 'integration-deleting', 'integration-deleted'],
  )
  assert.equal(changes.at(-1)?.after, null)
})

test('only an APPLICATION_ADMIN creates and deletes', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const governor = await server.as(['GOVERNANCE'])
  assert.equal((await governor.integrations.get({ params: { id } })).status, 'enabled')
  assert.equal((await refused(governor.integrations.remove({ params: { id } }))).status, 403)
  const nobody = await server.as([])
  assert.equal((await refused(nobody.integrations.list())).status, 403)
})

/** As after a crash in the middle of an edit that changes nothing. */
async function all<Item>(stream: Promise<AsyncIterable<Item>>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of await stream) items.push(item)
  return items
}

async function leaveEditing({ db }: TestServer): Promise<void> {
  const row = await findIntegration(db.kysely, 1)
  assert.ok(row)
  const edit = {
    name: row.name,
    locationRole: row.location_role,
    authenticationType: row.authentication_type,
    accessKeyId: row.access_key_id,
    secretAccessKey: row.secret_access_key,
    assumedRole: row.assumed_role,
  }
  await db.kysely
    .updateTable('integration')
    .set({ status: 'editing', edit: JSON.stringify(edit) })
    .execute()
}
