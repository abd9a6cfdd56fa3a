import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CreateRoleCommand, DeleteUserPolicyCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { CreateAccessGrantsLocationCommand } from '@aws-sdk/client-s3-control'
import { ApiError, validationTestNames } from '@headgate/core/api'
import { sql } from 'kysely'
import { pino } from 'pino'
import {
  createGrant,
  createLocation,
  deleteGrant,
  listGrants,
  listLocations,
  tagsOf,
} from '../src/aws/access-grants.ts'
import { createAwsAccess } from '../src/aws/clients.ts'
import { findIntegration } from '../src/db/integration.ts'
import { continueDeleting, resumeIntegrations } from '../src/integrations/lifecycle.ts'
import {
  type AccountOptions,
  allow,
  type Connectable,
  integrationBody,
  prepareAccount,
  type TestAccount,
} from './support/aws-account.ts'
import { type TestServer, type TestServerOptions, testServer } from './support/server.ts'

test('a create passes all seven tests, answers `creating` as documented, and ends `enabled` with a tagged location', async t => {
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

test('the documented request for `s3://` with YAML and an `auto` type are read', async t => {
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

test('what cannot be an integration is 422 and names the field', async t => {
  const { server, account } = await connected(t)
  const good = integrationBody(account)
  const cases: [string, object, RegExp][] = [
    ['unknown field', { ...good, config: { ...good.config, awsRolArn: 'x' } }, /awsRolArn/],
    ['unknown top-level field', { ...good, dryRun: true }, /dryRun/],
    ['autoBootstrap true', { ...good, autoBootstrap: true }, /autoBootstrap/],
    [
      'a nine-digit account, as in the documented sample',
      integrationBody(account, { awsAccountId: '123456789' }),
      /awsAccountId/,
    ],
    ['a trailing wildcard', integrationBody(account, { awsLocationPath: 's3://research-data/*' }), /awsLocationPath/],
    ['a bucket wildcard', integrationBody(account, { awsLocationPath: 's3://research*' }), /awsLocationPath/],
    ['no s3 path', integrationBody(account, { awsLocationPath: '/research-data' }), /awsLocationPath/],
    ['no secret', integrationBody(account, { awsSecretAccessKey: undefined }), /awsSecretAccessKey/],
    ['another type', { ...good, type: 'Snowflake' }, /type/],
  ]
  for (const [name, input, mention] of cases) {
    const response = await post(server, input)
    assert.equal(response.status, 422, name)
    assert.match(JSON.stringify(await response.json()), mention, name)
  }
  assert.deepEqual(await server.admin.integrations.list(), [])
})

test('path and name in use are 409 with the id; the same path in another account is another path', async t => {
  const { server, account } = await connected(t)
  const first = await create(server, account)
  const again = await refused(create(server, account, { name: 'second' }))
  assert.equal(again.status, 409)
  assert.equal(again.code, 'integration-exists')
  assert.match(again.message, /^Native S3 integration already exists on .* \(id = 1\)\.$/)
  const statuses = (again.body.validation as { status: string }[]).map(({ status }) => status)
  assert.deepEqual(statuses, ['failed', 'passed', 'passed', 'passed', 'passed', 'passed', 'skipped'])

  const named = await refused(create(server, account, { awsLocationPath: 's3://' }))
  assert.equal(named.status, 409)
  assert.equal(named.code, 'integration-name-taken')

  const nested = await server.admin.integrations.create({
    body: integrationBody(account, { name: 'nested', awsLocationPath: 's3://research-data/public' }),
  })
  assert.equal(nested.validationResults.status, 'warning')
  assert.equal(nested.validationResults.validationTests[0]?.status, 'warning')

  const other = await prepareAccount(server.sandbox, { accountId: '444455556666', bucket: 'other-data' })
  const elsewhere = { name: 'all of another', awsLocationPath: 's3://' }
  assert.equal((await create(server, other, elsewhere)).status, 'enabled')
  assert.equal(first.status, 'enabled')
})

test('two creates of one configuration at the same time: one is made, the other is 409', async t => {
  const { server, account } = await connected(t)
  const answers = await Promise.allSettled([create(server, account), create(server, account)])
  assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await listLocations(account.owner)).length, 1)
})

test('a location on the path that others made is 409 in the documented words, however they wrote it', async t => {
  const { server, account } = await connected(t)
  for (const [LocationScope, path] of [
    ['s3://research-data', 's3://research-data/'],
    ['s3://research-data/a/*', 's3://research-data/a'],
  ]) {
    await account.owner.s3Control.send(
      new CreateAccessGrantsLocationCommand({
        AccountId: account.accountId,
        LocationScope,
        IAMRoleArn: account.locationRole,
      }),
    )
    const error = await refused(create(server, account, { awsLocationPath: path }))
    assert.equal(error.status, 409)
    assert.equal(error.body.error, 'Conflict')
    assert.equal(error.message, 'Access Grants location already exists on provided path.')
    assert.deepEqual(failedTests(error), [7])
  }
})

const failing: { name: string; options?: AccountOptions; config: object; failed: number[]; says: RegExp }[] = [
  {
    name: 'a role that is no role',
    config: { awsLocationRole: 'arn:aws:iam::111122223333:user/ann' },
    failed: [3],
    says: /arn:aws:iam::111122223333:role/,
  },
  {
    name: 'a role of another account',
    config: { awsLocationRole: 'arn:aws:iam::999999999999:role/r' },
    failed: [3],
    says: /account 999999999999/,
  },
  {
    name: 'a wrong secret',
    config: { awsSecretAccessKey: 'not-the-secret' },
    failed: [4],
    says: /SignatureDoesNotMatch.*awsSecretAccessKey/,
  },
  { name: 'an unknown key', config: { awsAccessKeyId: 'AKIAUNKNOWN' }, failed: [4], says: /InvalidClientTokenId/ },
  {
    name: 'credentials of another account',
    config: { awsAccountId: '444455556666', awsLocationRole: 'arn:aws:iam::444455556666:role/r' },
    failed: [4],
    says: /belong to account 111122223333/,
  },
  {
    name: 'no instance',
    options: { instance: false },
    config: {},
    failed: [5],
    says: /no S3 Access Grants instance in account 111122223333, region us-east-1/,
  },
  {
    name: 'a missing bucket',
    config: { awsLocationPath: 's3://no-such-bucket' },
    failed: [6],
    says: /`no-such-bucket` does not exist/,
  },
  {
    name: 'a bucket in another region',
    config: { awsLocationPath: 's3://far-data' },
    failed: [6],
    says: /`far-data` is in/,
  },
  {
    name: 'a bucket of another account',
    config: { awsLocationPath: 's3://others-data' },
    failed: [6],
    says: /another account/,
  },
  {
    name: 'a controller that may not list',
    options: { controllerPolicy: allow('s3:GetAccessGrantsInstance', 's3:ListAccessGrantsLocations') },
    config: {},
    failed: [6],
    says: /s3:ListBucket/,
  },
]
for (const { name, options, config, failed, says } of failing) {
  test(`${name} is 422, says what to do, and stores nothing`, async t => {
    const { server, account } = await connected(t, options)
    await makeNeighbours(server)
    const error = await refused(create(server, account, config))
    assert.equal(error.status, 422)
    assert.equal(error.code, 'validation-failed')
    assert.deepEqual(failedTests(error), failed)
    assert.match(error.message, says)
    const results = error.body.validationResults as {
      status: string
      validationTests: { status: string; message?: string }[]
    }
    assert.equal(results.status, 'failed')
    assert.equal(results.validationTests.length, 7)
    for (const each of results.validationTests) assert.equal(each.message === undefined, each.status === 'passed')
    assert.deepEqual(await server.admin.integrations.list(), [])
  })
}

test('an empty prefix and a missing right to list buckets are warnings', async t => {
  const few = allow(
    's3:*AccessGrants*',
    's3:ListTagsForResource',
    's3:TagResource',
    's3:ListBucket',
    'iam:PassRole',
    'iam:GetRole',
  )
  const { server, account } = await connected(t, { controllerPolicy: few })
  const empty = await server.admin.integrations.create({
    body: integrationBody(account, { awsLocationPath: 's3://research-data/none' }),
  })
  assert.equal(empty.validationResults.status, 'warning')
  assert.equal(empty.validationResults.validationTests[5]?.status, 'warning')
  const all = await server.admin.integrations.create({
    body: integrationBody(account, { name: 'all', awsLocationPath: 's3://' }),
  })
  assert.equal(all.validationResults.validationTests[5]?.status, 'warning')
  assert.match(all.validationResults.validationTests[5]?.message ?? '', /s3:ListAllMyBuckets/)
})

test('an AWS that does not answer is 502 with the tests so far, and the server keeps serving', async t => {
  const server = await testServer()
  t.after(server.close)
  const error = await refused(create(server, unreachableAccount))
  assert.equal(error.status, 502)
  assert.equal(error.code, 'aws-unreachable')
  assert.deepEqual(failedTests(error), [4])
  assert.match(error.message, /GetCallerIdentity/)
  assert.deepEqual(await server.admin.integrations.list(), [])
})

test('an error that we do not know is 502 with the code of AWS', async t => {
  const { server, account } = await connected(t)
  const rule = { kind: 'error', operation: 'ListAccessGrantsLocations', status: 400, code: 'SomethingNew' }
  server.sandbox.faults.set({ rules: [rule] })
  const error = await refused(create(server, account))
  assert.equal(error.status, 502)
  assert.equal(error.code, 'aws-refused')
  assert.match(error.message, /ListAccessGrantsLocations: SomethingNew/)
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
  await limitController(account, [])
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

test('a failed creation can be deleted, with the location that it may have left', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await server.db.kysely
    .updateTable('integration')
    .set({ status: 'createError', aws_location_id: null })
    .where('id', '=', Number(id))
    .execute()
  await server.admin.integrations.remove({ params: { id } })
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
})

test('a location that somebody else put in the place of ours is left alone', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account, { awsLocationPath: 's3://' })
  await clearLocations(server, account)
  const marks = { tenantId: 'another', intent: 'another' }
  const theirs = await createLocation(account.owner, { path: 's3://', roleArn: account.locationRole, marks })
  assert.equal(theirs.id, 'default')
  await server.admin.integrations.remove({ params: { id } })
  const failed = await settled(server, id, 'deleteError')
  assert.match(failed.statusMessage ?? '', /left alone/)
  assert.equal((await listLocations(account.owner)).length, 1)
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

test('a delete runs tests 3 to 6, removes the location, and leaves the integration readable', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const response = await server.admin.send(`/integrations/${id}`, { method: 'DELETE' })
  assert.equal(response.status, 200)
  assert.deepEqual(await body(response), {
    id,
    status: 'deleting',
    validationResults: {
      status: 'passed',
      validationTests: validationTestNames.slice(2, 6).map(name => ({ name, status: 'passed' })),
    },
  })
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
  assert.deepEqual(await server.admin.integrations.list(), [])
  const [kept] = await server.admin.integrations.list({ query: { include: 'deleted' } })
  assert.equal(kept?.id, id)
  assert.equal((await refused(server.admin.integrations.remove({ params: { id } }))).status, 404)
  assert.equal((await create(server, account)).status, 'enabled')
})

test('an unknown id is 404 in the documented words', async t => {
  const { server } = await connected(t)
  for (const method of ['GET', 'DELETE']) {
    const answer = await body(await server.admin.send('/integrations/5', { method }))
    assert.equal(answer.statusCode, 404)
    assert.equal(answer.message, 'No Integration found with ID 5.')
  }
})

test('active data sources hinder a delete, unless they are disabled with it', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const source = await addDataSource(server, Number(id))
  const error = await refused(server.admin.integrations.remove({ params: { id } }))
  assert.equal(error.status, 409)
  assert.equal(error.code, 'integration-has-data-sources')
  assert.match(error.message, /still has 1 data sources/)

  await server.admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } })
  await settled(server, id, 'deleted')
  const { state } = await server.db.kysely
    .selectFrom('data_source')
    .select('state')
    .where('id', '=', source)
    .executeTakeFirstOrThrow()
  assert.equal(state, 'disabled')
  const facts = await server.db.kysely
    .selectFrom('fact_change')
    .select(['entity', 'entity_id'])
    .where('entity', '=', 'dataSource')
    .execute()
  assert.deepEqual(facts, [{ entity: 'dataSource', entity_id: String(source) }])
})

test('the location stays until the ledger has no live grant', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const row = await addGrant(server, account, Number(id))
  await server.admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } })
  await server.world.background.idle()
  assert.equal((await server.admin.integrations.get({ params: { id } })).status, 'deleting')
  assert.equal((await listLocations(account.owner)).length, 1)

  await server.db.kysely.updateTable('ledger').set({ state: 'revoked' }).where('id', '=', row).execute()
  continueDeleting(server.world, Number(id))
  await settled(server, id, 'deleted')
})

test('grants that Headgate did not make hinder a delete, and ours do not', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const row = await addGrant(server, account, Number(id))
  const ledger = await server.db.kysely.selectFrom('ledger').selectAll().where('id', '=', row).executeTakeFirstOrThrow()
  // As after a lost answer: in AWS with our tag, and no id in the ledger.
  await makeGrant(account, ledger.intent, 'ours/*')
  const foreign = await makeGrant(account, 'somebody-elses', 'theirs/*')
  const error = await refused(server.admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } }))
  assert.equal(error.status, 409)
  assert.equal(error.code, 'integration-has-foreign-grants')
  assert.deepEqual(
    (error.body.grants as { id: string }[]).map(grant => grant.id),
    [foreign],
  )
  assert.equal((await server.admin.integrations.get({ params: { id } })).status, 'enabled')
})

test('a foreign grant that appears while deleting ends in deleteError; deleting again finishes once it is gone', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const row = await addGrant(server, account, Number(id))
  await server.admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } })
  await server.world.background.idle()
  await makeGrant(account, 'somebody-elses', 'theirs/*')
  await server.db.kysely.updateTable('ledger').set({ state: 'revoked' }).where('id', '=', row).execute()
  continueDeleting(server.world, Number(id))
  const failed = await settled(server, id, 'deleteError')
  assert.match(failed.statusMessage ?? '', /1 grants that Headgate did not make/)
  await clearGrants(account)
  await server.admin.integrations.remove({ params: { id } })
  await settled(server, id, 'deleted')
})

test('a delete rides out grants that still count, lost answers and throttles', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  server.sandbox.faults.set({
    rules: [
      {
        kind: 'error',
        status: 400,
        code: 'AccessGrantsLocationNotEmptyError',
        operation: 'DeleteAccessGrantsLocation',
        times: 1,
      },
      { kind: 'lost-answer', operation: 'DeleteAccessGrantsLocation', times: 1 },
      { kind: 'error', status: 503, code: 'SlowDown', operation: 'ListAccessGrants', times: 1 },
    ],
  })
  await server.admin.integrations
    .remove({ params: { id } })
    .catch(() => server.admin.integrations.remove({ params: { id } }))
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
})

test('a delete that AWS refuses ends in deleteError; deleting again finishes it', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await limitController(account, ['s3:DeleteAccessGrantsLocation'])
  await server.admin.integrations.remove({ params: { id } })
  const failed = await settled(server, id, 'deleteError')
  assert.match(failed.statusMessage ?? '', /s3:DeleteAccessGrantsLocation/)
  await limitController(account, undefined)
  await server.admin.integrations.remove({ params: { id } })
  await settled(server, id, 'deleted')
})

test('a crash while deleting is taken up at the next start', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await server.db.kysely.updateTable('integration').set({ status: 'deleting' }).where('id', '=', Number(id)).execute()
  await resumeIntegrations(server.world)
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
})

test('a bucket or an instance that is gone does not hinder a delete; wrong credentials do', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  server.sandbox.state.accessKeys.delete(account.controller.accessKeyId)
  const error = await refused(server.admin.integrations.remove({ params: { id } }))
  assert.equal(error.status, 422)
  assert.deepEqual(failedTests(error), [4])
  const { controller } = account
  const key = {
    ...controller,
    account: account.accountId,
    userName: 'headgate-controller',
    status: 'Active' as const,
    createdAt: 0,
  }
  server.sandbox.state.accessKeys.set(controller.accessKeyId, key)

  server.sandbox.state.buckets.delete(account.bucket)
  server.sandbox.state.accounts.get(account.accountId)?.accessGrants.clear()
  const answer = await server.admin.integrations.remove({ params: { id } })
  assert.deepEqual(
    answer.validationResults.validationTests.map(({ status }) => status),
    ['passed', 'passed', 'failed', 'failed'],
  )
  await settled(server, id, 'deleted')
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
  answers.push(await server.admin.integrations.remove({ params: { id: 1 } }))
  await settled(server, '1', 'deleted')

  const tables = ['integration', 'fact_change', 'audit_event', 'ledger', 'run']
  const dump = await Promise.all(
    tables.map(name => sql`select to_jsonb(t) as row from ${sql.table(name)} t`.execute(server.db.kysely)),
  )
  for (const [where, text] of Object.entries({
    answers: JSON.stringify(answers),
    log: lines.join('\n'),
    tables: JSON.stringify(dump),
  })) {
    assert.ok(text.length > 100, where)
    assert.equal(text.includes(secret), false, where)
    assert.equal(text.includes(Buffer.from(secret).toString('base64')), false, where)
  }
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

const unreachableAccount = {
  accountId: '111122223333',
  region: 'us-east-1',
  locationRole: 'arn:aws:iam::111122223333:role/access-grants-location',
  controller: { accessKeyId: 'AKIASOMEBODY', secretAccessKey: 'a secret' },
}

// ── What the tests share ─────────────────────────────────────────────────────────────────────────────────────────────

async function connected(t: TestContext, options: AccountOptions = {}, serverOptions: TestServerOptions = {}) {
  const server = await testServer({ sandbox: true, ...serverOptions })
  t.after(server.close)
  return { server, account: await prepareAccount(server.sandbox, options) }
}

function post(server: TestServer, input: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return server.admin.send('/integrations', { method: 'POST', headers, body: JSON.stringify(input) })
}

async function body(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>
}

/** Creates and waits for the end of the background work. */
async function create(server: TestServer, account: Connectable, config: object = {}) {
  const { id } = await server.admin.integrations.create({ body: integrationBody(account, { ...config }) })
  await server.world.background.idle()
  return server.admin.integrations.get({ params: { id } })
}

async function settled(server: TestServer, id: string, status: string) {
  await server.world.background.idle()
  const integration = await server.admin.integrations.get({ params: { id } })
  assert.equal(integration.status, status, integration.statusMessage)
  return integration
}

async function refused(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    reason => reason,
  )
  assert.ok(error instanceof ApiError, String(error))
  return error
}

function failedTests(error: ApiError): number[] {
  const tests = error.body.validation as { name: (typeof validationTestNames)[number]; status: string }[]
  return tests.filter(({ status }) => status === 'failed').map(({ name }) => validationTestNames.indexOf(name) + 1)
}

/** A bucket in another region, and one of another account. */
async function makeNeighbours(server: TestServer): Promise<void> {
  const other = await prepareAccount(server.sandbox, { accountId: '999988887777', bucket: 'others-data' })
  const far = await prepareAccount(server.sandbox, {
    accountId: '222233334444',
    region: 'eu-west-1',
    bucket: 'far-elsewhere',
  })
  await far.owner.s3.send(
    new CreateBucketCommand({ Bucket: 'far-data', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  )
  assert.ok(other.owner)
}

/** Denies the controller these actions (and, for none, to pass the role on); undefined: nothing any more. */
async function limitController({ owner }: TestAccount, actions: readonly string[] | undefined): Promise<void> {
  const name = { UserName: 'headgate-controller', PolicyName: 'limit' }
  if (actions === undefined) {
    await owner.iam.send(new DeleteUserPolicyCommand(name))
    return
  }
  const Action = actions.length === 0 ? ['iam:PassRole'] : actions
  const Statement = [{ Effect: 'Deny', Action, Resource: '*' }]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await owner.iam.send(new PutUserPolicyCommand({ ...name, PolicyDocument }))
}

async function addDataSource(server: TestServer, integration_id: number): Promise<number> {
  const where = {
    account_id: '111122223333',
    region: 'us-east-1',
    prefix: 'public/*',
    bucket: 'research-data',
    key: 'public/',
  }
  const { id } = await server.db.kysely
    .insertInto('data_source')
    .values({ name: 'public', integration_id, ...where, kind: 'prefix', created_by: server.admin.id })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** A live ledger row that does not know AWS's id. */
async function addGrant(server: TestServer, account: TestAccount, integration_id: number): Promise<number> {
  const data_source_id = await addDataSource(server, integration_id)
  const grantee_id = `arn:aws:iam::${account.accountId}:role/reader`
  const { id } = await server.db.kysely
    .insertInto('ledger')
    .values({
      integration_id,
      data_source_id,
      person_id: server.admin.id,
      grantee_type: 'IAM',
      grantee_id,
      bucket: 'research-data',
      key: 'public/',
      kind: 'prefix',
      permission: 'READ',
      state: 'creating',
      because: '[]',
      cause: 'test',
      epoch: 1,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function makeGrant(account: TestAccount, intent: string, subPrefix: string): Promise<string> {
  const [location] = await listLocations(account.owner)
  const RoleName = `reader-${subPrefix.slice(0, 3)}`
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account.accountId}:root` }, Action: 'sts:AssumeRole' },
    ],
  })
  const { Role } = await account.owner.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  const { awsGrantId } = await createGrant(account.owner, {
    locationId: location?.id ?? '',
    grantee: { type: 'IAM', identifier: Role?.Arn ?? '' },
    permission: 'READ',
    subPrefix,
    isObject: false,
    marks: { tenantId: 'test', intent },
  })
  return awsGrantId
}

async function clearGrants({ owner }: TestAccount): Promise<void> {
  for await (const page of listGrants(owner)) for (const grant of page) await deleteGrant(owner, grant.id)
}

async function clearLocations(server: TestServer, { accountId, region }: TestAccount): Promise<void> {
  server.sandbox.state.accounts.get(accountId)?.accessGrants.get(region)?.locations.clear()
}

/** Of the process, because the SDK's default chain reads it. */
function setEnvironment(t: TestContext, values: Readonly<Record<string, string>>): void {
  const before = Object.fromEntries(Object.keys(values).map(name => [name, process.env[name]]))
  Object.assign(process.env, values)
  t.after(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
}
