import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateAccessKeyCommand, CreateRoleCommand } from '@aws-sdk/client-iam'
import { listLocations } from '../src/aws/access-grants.ts'
import { findIntegration } from '../src/db/integration.ts'
import { carryOn, resumeIntegrations } from '../src/integrations/lifecycle.ts'
import { integrationBody, prepareAccount, type TestAccount, trust } from './support/aws-account.ts'
import { setEnvironment } from './support/environment.ts'
import {
  body,
  clearLocations,
  connected,
  create,
  failedTests,
  limitController,
  post,
  refused,
  settled,
} from './support/integrations.ts'
import type { TestServer } from './support/server.ts'

const ifMatch = '"1"'

test('a new role is bound to the location, and the location stays the same', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const [before] = await listLocations(account.owner)
  const awsLocationRole = await makeRole(account, 'second', 7200)
  const answer = await put(server, id, { config: { awsLocationRole } })
  assert.equal(answer.status, 200)
  const { status, validationResults, ...rest } = await body(answer)
  assert.deepEqual([status, rest], ['editing', { id }])
  const tests = (validationResults as { validationTests: { status: string; message?: string }[] }).validationTests
  assert.equal(tests.length, 8, 'all but the one that asks for a free path')
  assert.match(tests.at(-1)?.message ?? '', /may last 7200 s/)

  const integration = await settled(server, id, 'enabled')
  assert.equal(integration.config.awsLocationRole, awsLocationRole)
  assert.deepEqual(await listLocations(account.owner), [{ ...before, roleArn: awsLocationRole }])
  const row = await findIntegration(server.db.kysely, Number(id))
  assert.deepEqual([row?.max_session_seconds, row?.version, row?.edit], [7200, 2, null])
})

test('what GET answers may be sent back; what is left out stays; the secret is kept', async t => {
  const { server, account } = await connected(t)
  const { id, type, autoBootstrap, config } = await create(server, account)
  const secret = (await findIntegration(server.db.kysely, Number(id)))?.secret_access_key
  assert.equal((await put(server, id, { type, autoBootstrap, config: { ...config, name: 'renamed' } })).status, 200)
  const edited = await settled(server, id, 'enabled')
  assert.deepEqual(edited.config, { ...config, name: 'renamed' })
  const row = await findIntegration(server.db.kysely, Number(id))
  assert.deepEqual(row?.secret_access_key, secret)
})

test('another key, another method: the secret of the one before is gone', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const { AccessKey } = await account.owner.iam.send(new CreateAccessKeyCommand({ UserName: 'headgate-controller' }))
  const key = { awsAccessKeyId: AccessKey?.AccessKeyId ?? '', awsSecretAccessKey: AccessKey?.SecretAccessKey ?? '' }
  assert.equal((await put(server, id, { config: key })).status, 200)
  assert.equal((await settled(server, id, 'enabled')).config.awsAccessKeyId, key.awsAccessKeyId)

  setEnvironment(t, { AWS_ACCESS_KEY_ID: key.awsAccessKeyId, AWS_SECRET_ACCESS_KEY: key.awsSecretAccessKey })
  assert.equal((await put(server, id, { config: { authenticationType: 'auto' } }, '"2"')).status, 200)
  const { config } = await settled(server, id, 'enabled')
  assert.equal(config.authenticationType, 'auto')
  const row = await findIntegration(server.db.kysely, Number(id))
  assert.deepEqual([row?.access_key_id, row?.secret_access_key, row?.assumed_role], [null, null, null])
})

test('what cannot be edited is 422 by name; the version must be the one that was read', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const cases: [object, RegExp][] = [
    [{ awsAccountId: '444455556666' }, /body\.config\.awsAccountId` never changes/],
    [{ awsRegion: 'eu-west-1' }, /body\.config\.awsRegion` never changes/],
    [{ awsLocationPath: 's3://research-data/public' }, /body\.config\.awsLocationPath` never changes/],
    [{ awsRolArn: 'x' }, /body\.config\.awsRolArn` is not known/],
    [{ awsAccessKeyId: 'AKIAOTHER' }, /awsSecretAccessKey` is missing/],
    [{ authenticationType: 'assumeRole' }, /awsRoleArn` is missing/],
    [{ authenticationType: 'auto', awsAccessKeyId: 'AKIAOTHER' }, /awsAccessKeyId` does not go with .*auto/],
    [{ awsLocationRole: 'not-a-role' }, /is not the ARN of an IAM role/],
  ]
  for (const [config, mention] of cases) {
    const answer = await put(server, id, { config })
    assert.equal(answer.status, 422, JSON.stringify(config))
    assert.match(String((await body(answer)).message), mention)
  }
  assert.equal((await put(server, id, { config: {} }, null)).status, 428)
  const stale = await put(server, id, { config: {} }, '"7"')
  assert.equal(stale.status, 412)
  assert.equal((await body(stale)).code, 'version-stale')
  const any = await put(server, id, { config: {} }, '*')
  assert.equal(any.status, 422)
  assert.match(String((await body(any)).message), /If-Match.*`\*` would overwrite what nobody has read/)
  assert.equal((await put(server, '99', { config: {} })).status, 404)
  const got = await server.admin.send(`/integrations/${id}`)
  assert.equal(got.headers.get('etag'), ifMatch)
  assert.equal((await body(got)).status, 'enabled')
})

test('an edit that does not pass validation is 422 with the results, and changes nothing', async t => {
  const { server, account } = await connected(t)
  const { id, config } = await create(server, account)
  await create(server, await prepareAccount(server.sandbox, { accountId: '444455556666', bucket: 'other-data' }), {
    name: 'taken',
    awsLocationPath: 's3://other-data',
  })
  const edits = { params: { id }, ifMatch }
  const secret = { config: { awsSecretAccessKey: 'wrong' } }
  const failed = await refused(server.admin.integrations.update({ ...edits, body: secret }))
  assert.deepEqual([failed.status, failedTests(failed)], [422, [4]])
  const taken = await refused(server.admin.integrations.update({ ...edits, body: { config: { name: 'taken' } } }))
  assert.equal(taken.code, 'integration-name-taken')
  assert.deepEqual((await settled(server, id, 'enabled')).config, config)
})

test('what AWS refuses is rolled back, and the message says so; the next edit goes through', async t => {
  const { server, account } = await connected(t)
  const { id, config } = await create(server, account)
  const awsLocationRole = await makeRole(account, 'second')
  await limitController(account, ['s3:UpdateAccessGrantsLocation'])
  assert.equal((await put(server, id, { config: { awsLocationRole, name: 'renamed' } })).status, 200)
  const failed = await settled(server, id, 'editError')
  assert.match(
    failed.statusMessage ?? '',
    /AWS is as it was before; UpdateAccessGrantsLocation failed.*edit the integration again/,
  )
  assert.deepEqual(failed.config, config)
  assert.equal((await listLocations(account.owner))[0]?.roleArn, account.locationRole)
  const dataSources = [{ dataSourceName: 'public', prefix: 'public/*' }]
  const body = { type: 'Native S3' as const, integrationId: id, dataSources }
  assert.equal((await server.admin.nativeS3.register({ body })).length, 1, 'what was in force goes on')
  await limitController(account, undefined)
  assert.equal((await put(server, id, { config: { awsLocationRole } })).status, 200)
  await settled(server, id, 'enabled')
})

test('a name taken while the edit was under way gives the location its role back', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const awsLocationRole = await makeRole(account, 'second')
  await holdEdit(server, id, { awsLocationRole, name: 'wanted' })
  await server.db.kysely
    .insertInto('integration')
    .columns([
      'name',
      'account_id',
      'region',
      'location_role',
      'location_path',
      'authentication_type',
      'status',
      'validation',
    ])
    .expression(({ selectFrom, val }) =>
      selectFrom('integration').select(({ ref }) => [
        val('wanted').as('name'),
        val('444455556666').as('account_id'),
        ref('region').as('region'),
        ref('location_role').as('location_role'),
        ref('location_path').as('location_path'),
        val('auto' as const).as('authentication_type'),
        val('createError' as const).as('status'),
        ref('validation').as('validation'),
      ]),
    )
    .execute()
  carryOn(server.world, Number(id))
  const failed = await settled(server, id, 'editError')
  assert.match(failed.statusMessage ?? '', /got its role .*access-grants-location` back; the name `wanted` was taken/)
  assert.equal((await listLocations(account.owner))[0]?.roleArn, account.locationRole)
})

test('lost answers, throttles and roles that AWS has not heard of yet are ridden out', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const awsLocationRole = await makeRole(account, 'second')
  server.sandbox.faults.set({
    rules: [
      { kind: 'lost-answer', operation: 'UpdateAccessGrantsLocation', times: 1 },
      { kind: 'error', operation: 'UpdateAccessGrantsLocation', status: 400, code: 'InvalidIamRole', times: 1 },
      { kind: 'error', operation: 'ListAccessGrantsLocations', status: 503, code: 'SlowDown', times: 1 },
    ],
  })
  assert.equal((await put(server, id, { config: { awsLocationRole } })).status, 200)
  await settled(server, id, 'enabled')
  assert.equal((await listLocations(account.owner))[0]?.roleArn, awsLocationRole)
})

test('a crash while editing is taken up at the next start, before or after AWS was called', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const [first, second] = [account.locationRole, await makeRole(account, 'second')]
  for (const [awsLocationRole, isCalled] of [
    [second, false],
    [first, true],
  ] as const) {
    await holdEdit(server, id, { awsLocationRole })
    const location = server.sandbox.state.accounts.get(account.accountId)?.accessGrants.get(account.region)?.locations
    if (isCalled) for (const each of location?.values() ?? []) each.roleArn = awsLocationRole
    await resumeIntegrations(server.world)
    assert.equal((await settled(server, id, 'enabled')).config.awsLocationRole, awsLocationRole)
    assert.equal((await listLocations(account.owner))[0]?.roleArn, awsLocationRole)
  }
})

test('a creation that failed, a deletion that hangs and a location that is gone are mended by an edit', async t => {
  const { server, account } = await connected(t)
  await limitController(account, ['s3:CreateAccessGrantsLocation'])
  const { id } = await create(server, account)
  await settled(server, id, 'createError')
  await limitController(account, undefined)
  assert.equal((await put(server, id, { config: {} })).status, 200)
  await settled(server, id, 'enabled')
  assert.equal((await listLocations(account.owner)).length, 1)

  await server.db.kysely.updateTable('integration').set({ status: 'deleting' }).execute()
  await clearLocations(server, account)
  assert.equal((await put(server, id, { config: {} }, '"2"')).status, 200)
  await settled(server, id, 'enabled')
  const [location] = await listLocations(account.owner)
  assert.equal((await findIntegration(server.db.kysely, Number(id)))?.aws_location_id, location?.id)
})

test('validate answers what a create would be told, and stores nothing', async t => {
  const { server, account } = await connected(t)
  const valid = await server.admin.integrations.validate({ body: integrationBody(account) })
  assert.equal(valid.validationResults.status, 'passed')
  assert.equal(valid.validationResults.validationTests.length, 9)
  const wrong = integrationBody(account, { awsSecretAccessKey: 'wrong' })
  const invalid = await server.admin.integrations.validate({ body: wrong })
  assert.equal(invalid.validationResults.status, 'failed')
  assert.equal(invalid.validationResults.validationTests[3]?.status, 'failed')
  assert.deepEqual(await server.admin.integrations.list(), [])
  assert.deepEqual(await listLocations(account.owner), [])
})

test('status answers two fields and no more', async t => {
  const { server, account } = await connected(t)
  const { id, status, validationResults } = await create(server, account)
  assert.deepEqual(await body(await server.admin.send(`/integrations/${id}/status`)), { status, validationResults })
  assert.equal((await server.admin.send('/integrations/77/status')).status, 404)
})

test('an alias bomb is refused before anything is looked at', async t => {
  const { server, account } = await connected(t)
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
    .split('')
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[at]}`).join(', ')}]`)
    .join('\n')}\n`
  for (const type of ['application/yaml', 'application/x-yaml', 'text/yaml']) {
    const answer = await server.admin.send('/integrations', {
      method: 'POST',
      headers: { 'content-type': type },
      body: bomb,
    })
    assert.equal(answer.status, 400, type)
  }
  assert.equal((await post(server, integrationBody(account))).status, 200)
})

function put(server: TestServer, id: string, input: object, version: string | null = ifMatch): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(version === null ? {} : { 'if-match': version }) }
  return server.admin.send(`/integrations/${id}`, { method: 'PUT', headers, body: JSON.stringify(input) })
}

/** An edit as a process left it that ended right after saying so. */
async function holdEdit(
  server: TestServer,
  id: string,
  change: { awsLocationRole: string; name?: string },
): Promise<void> {
  const row = await findIntegration(server.db.kysely, Number(id))
  assert.ok(row)
  const edit = {
    name: change.name ?? row.name,
    locationRole: change.awsLocationRole,
    authenticationType: row.authentication_type,
    accessKeyId: row.access_key_id,
    secretAccessKey: row.secret_access_key,
    assumedRole: null,
  }
  await server.db.kysely
    .updateTable('integration')
    .set({ status: 'editing', edit: JSON.stringify(edit) })
    .where('id', '=', row.id)
    .execute()
}

async function makeRole({ owner }: TestAccount, RoleName: string, MaxSessionDuration = 3600): Promise<string> {
  const AssumeRolePolicyDocument = trust
  const { Role } = await owner.iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, MaxSessionDuration }),
  )
  return Role?.Arn ?? ''
}
