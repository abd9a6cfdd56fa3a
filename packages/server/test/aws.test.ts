import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { CreateRoleCommand, CreateUserCommand } from '@aws-sdk/client-iam'
import { CreateUserCommand as CreateDirectoryUserCommand } from '@aws-sdk/client-identitystore'
import { type Sandbox, type SandboxOptions, startSandbox } from '@headgate/sandbox'
import {
  createGrant,
  createLocation,
  deleteGrant,
  deleteLocation,
  findGrants,
  findInstance,
  findLocationByIntent,
  isLocationOf,
  listGrants,
  listLocations,
  tagsOf,
} from '../src/aws/access-grants.ts'
import { AwsFailure, callAws, problemOfAws } from '../src/aws/aws-error.ts'
import { createAwsAccess, secretContext } from '../src/aws/clients.ts'
import { callerIdentity } from '../src/aws/identity.ts'
import { lookUpIam, lookUpInDirectory } from '../src/aws/principals.ts'
import { retrying } from '../src/aws/retry.ts'
import { findRole } from '../src/aws/roles.ts'
import { createVault } from '../src/secrets.ts'
import { prepareAccount } from './support/aws-account.ts'

const marks = { tenantId: 'tenant', intent: 'intent-1' }

test('every way a call can fail is told apart', async t => {
  const { sandbox, owner, account } = await prepared(t)
  const cases: [rule: object, kind: string, code: string][] = [
    [{ kind: 'throttle', perSecond: 0, burst: 0 }, 'throttled', 'SlowDown'],
    [{ kind: 'error', status: 429, code: 'TooManyRequestsException' }, 'throttled', 'TooManyRequestsException'],
    [{ kind: 'error', status: 400, code: 'Throttling' }, 'throttled', 'Throttling'],
    [{ kind: 'lost-answer' }, 'lostAnswer', 'ECONNRESET'],
    [{ kind: 'half-failure' }, 'lostAnswer', 'InternalError'],
    [{ kind: 'error', status: 400, code: 'InvalidIamRole' }, 'eventual', 'InvalidIamRole'],
    [{ kind: 'error', status: 409, code: 'AccessGrantsQuotaExceededError' }, 'quota', 'AccessGrantsQuotaExceededError'],
    [{ kind: 'error', status: 409, code: 'AccessGrantAlreadyExists' }, 'alreadyExists', 'AccessGrantAlreadyExists'],
    [{ kind: 'error', status: 404, code: 'NoSuchAccessGrantError' }, 'notFound', 'NoSuchAccessGrantError'],
    [{ kind: 'error', status: 403, code: 'AccessDenied' }, 'denied', 'AccessDenied'],
    [{ kind: 'error', status: 400, code: 'SomethingNew' }, 'refused', 'SomethingNew'],
  ]
  for (const [rule, kind, code] of cases) {
    sandbox.faults.set({ rules: [{ ...rule, service: 's3control' }] })
    const failure = await failureOf(listLocations(owner))
    assert.deepEqual([failure.kind, failure.code, failure.operation], [kind, code, 'ListAccessGrantsLocations'])
  }
  sandbox.faults.set({ rules: [] })
  const [location] = [await createLocation(owner, { path: 's3://', roleArn: account.locationRole, marks })]
  const stranger = { type: 'IAM', identifier: 'arn:aws:iam::111122223333:role/nobody' } as const
  const unknown = await failureOf(
    createGrant(owner, {
      locationId: location.id,
      grantee: stranger,
      permission: 'READ',
      subPrefix: 'research-data/*',
      isObject: false,
      marks,
    }),
  )
  assert.deepEqual([unknown.kind, unknown.code], ['eventual', 'InvalidRequest'])
})

test('no connection is `unreachable`, silence after the request is `lostAnswer`', async t => {
  const silent = createServer(() => {})
  const url = await listening(t, silent)
  const vault = createVault([Buffer.alloc(32)])
  const target = {
    accountId: '111122223333',
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  }
  const slow = createAwsAccess({ vault, endpoint: url, parallel: 1, requestTimeoutMs: 50 })
  const late = await slow.trying(target, aws => failureOf(callerIdentity(aws)))
  assert.deepEqual([late.kind, late.status], ['lostAnswer', undefined])
  assert.equal(problemOfAws(late).code, 'aws-unreachable')

  silent.closeAllConnections()
  await new Promise(resolve => silent.close(resolve))
  const gone = await slow.trying(target, aws => failureOf(callerIdentity(aws)))
  assert.deepEqual([gone.kind, gone.code], ['unreachable', 'ECONNREFUSED'])
})

test('a failure is 502: what may pass as `aws-unreachable`, the rest with the code and text of AWS', () => {
  const facts = { code: 'SomethingNew', message: 'It does not please us', operation: 'CreateAccessGrant' }
  const refused = problemOfAws(new AwsFailure({ ...facts, kind: 'refused', status: 400 }))
  assert.equal(refused.status, 502)
  assert.equal(refused.message, 'AWS refused CreateAccessGrant: SomethingNew: It does not please us')
  const throttled = problemOfAws(new AwsFailure({ ...facts, kind: 'throttled', code: 'SlowDown' }))
  assert.deepEqual([throttled.status, throttled.code], [502, 'aws-unreachable'])
})

test('an error that is not of AWS passes through untouched', async () => {
  const bug = new TypeError('undefined is not a function')
  await assert.rejects(
    callAws('CreateAccessGrant', async () => {
      throw bug
    }),
    error => error === bug,
  )
})

test('clients are kept while the credentials stay, and made anew when they change', async t => {
  const { sandbox, account } = await prepared(t)
  const vault = createVault([Buffer.alloc(32)])
  const access = createAwsAccess({ vault, endpoint: sandbox.url, parallel: 2 })
  t.after(access.close)
  const row = (secret: string) => ({
    id: 1,
    intent: 'intent',
    account_id: account.accountId,
    region: account.region,
    authentication_type: 'accessKey' as const,
    access_key_id: account.controller.accessKeyId,
    secret_access_key: vault.seal(secret, secretContext('intent')),
    assumed_role: null,
  })
  const good = row(account.controller.secretAccessKey)
  const first = access.of(good)
  assert.equal(access.of({ ...good }), first)
  assert.equal((await callerIdentity(first)).arn, 'arn:aws:iam::111122223333:user/headgate-controller')

  const changed = access.of(row('another secret'))
  assert.notEqual(changed, first)
  assert.equal((await failureOf(callerIdentity(changed))).kind, 'denied')
  access.forget(1)
  assert.notEqual(access.of(good), first)
})

test('a secret sealed for one integration does not open for another', () => {
  const vault = createVault([Buffer.alloc(32)])
  const access = createAwsAccess({ vault, endpoint: 'http://127.0.0.1:9', parallel: 1 })
  const row = {
    id: 2,
    intent: 'theirs',
    account_id: '111122223333',
    region: 'us-east-1',
    authentication_type: 'accessKey' as const,
    access_key_id: 'AKIA',
    secret_access_key: vault.seal('secret', secretContext('ours')),
    assumed_role: null,
  }
  assert.throws(() => access.of(row), /belongs to another row/)
})

test('locations and grants are made with their tags, found again, and deleted twice without complaint', async t => {
  const { owner, account } = await prepared(t)
  assert.match((await findInstance(owner))?.arn ?? '', /access-grants\/default$/)
  const location = await createLocation(owner, { path: 's3://research-data/', roleArn: account.locationRole, marks })
  assert.equal(
    (await findLocationByIntent(owner, { path: 's3://research-data/', intent: 'intent-1' }))?.id,
    location.id,
  )
  assert.equal(await findLocationByIntent(owner, { path: 's3://research-data/', intent: 'another' }), undefined)

  const reader = await makeRole(owner, 'reader')
  const grantee = { type: 'IAM', identifier: reader } as const
  const wanted = { locationId: location.id, grantee, permission: 'READ', isObject: false, marks } as const
  const { awsGrantId, grantScope } = await createGrant(owner, { ...wanted, subPrefix: 'public/*' })
  assert.equal(grantScope, 's3://research-data/public/*')
  const whole = await createGrant(owner, { ...wanted, subPrefix: '*' })
  assert.equal(whole.grantScope, 's3://research-data/*')
  const one = await createGrant(owner, { ...wanted, subPrefix: 'public/hello.txt', isObject: true })
  assert.equal(one.grantScope, 's3://research-data/public/hello.txt')
  assert.equal((await failureOf(createGrant(owner, { ...wanted, subPrefix: '*' }))).kind, 'alreadyExists')

  const [found, ...more] = await findGrants(owner, { grantee, permission: 'READ', grantScope })
  assert.deepEqual([found?.id, found?.locationId, more], [awsGrantId, location.id, []])
  assert.deepEqual([...(await tagsOf(owner, found?.arn ?? ''))].sort(), [
    ['headgate:intent', 'intent-1'],
    ['headgate:tenant', 'tenant'],
  ])
  assert.equal((await failureOf(deleteLocation(owner, location.id))).kind, 'eventual')
  for (const id of [awsGrantId, whole.awsGrantId, one.awsGrantId, awsGrantId]) await deleteGrant(owner, id)
  await deleteLocation(owner, location.id)
  await deleteLocation(owner, location.id)
})

test('lists are read to their last page', async t => {
  const { owner, account } = await prepared(t)
  await createLocation(owner, { path: 's3://', roleArn: account.locationRole, marks })
  const grantee = { type: 'IAM', identifier: await makeRole(owner, 'reader') } as const
  const made = new Set<string>()
  for (let number = 0; number < 1010; number += 1) {
    const grant = {
      locationId: 'default',
      grantee,
      permission: 'READ',
      subPrefix: `research-data/${number}/*`,
      isObject: false,
      marks,
    } as const
    made.add((await createGrant(owner, grant)).awsGrantId)
  }
  const seen: string[] = []
  for await (const page of listGrants(owner)) seen.push(...page.map(({ id }) => id))
  assert.deepEqual(new Set(seen), made)
  assert.equal(seen.length, 1010)
})

test('a location is recognised however it was typed, and never by a shared beginning', () => {
  for (const scope of ['s3://b', 's3://b/', 's3://b/*']) assert.equal(isLocationOf(scope, 's3://b/'), true, scope)
  for (const scope of ['s3://b*', 's3://bc', 's3://b/p/', 's3://'])
    assert.equal(isLocationOf(scope, 's3://b/'), false, scope)
  assert.equal(isLocationOf('s3://', 's3://'), true)
  assert.equal(isLocationOf('s3://b/p*', 's3://b/p/'), false)
})

test('IAM principals are found by their whole ARN, with the unique id', async t => {
  const { owner } = await prepared(t)
  const { User } = await owner.iam.send(new CreateUserCommand({ UserName: 'ann', Path: '/research/' }))
  const arn = 'arn:aws:iam::111122223333:user/research/ann'
  assert.deepEqual(await lookUpIam(owner, 'iamUser', arn), {
    found: true,
    identifier: arn,
    uniqueId: User?.UserId,
  })
  assert.deepEqual(await lookUpIam(owner, 'iamUser', 'arn:aws:iam::111122223333:user/ann'), {
    found: false,
    reason: `its full ARN is \`${arn}\``,
  })
  const missing = await lookUpIam(owner, 'iamRole', 'arn:aws:iam::111122223333:role/nobody')
  assert.deepEqual(missing, { found: false, reason: 'AWS knows no such IAM role' })
  assert.ok('unknown' in (await lookUpIam(owner, 'iamRole', 'arn:aws:iam::999999999999:role/r')))
  await makeRole(owner, 'four-hours', 14_400)
  assert.equal((await findRole(owner, 'four-hours'))?.maxSessionSeconds, 14_400)
})

test('not being allowed to ask about a principal is unknown, not missing', async t => {
  const { sandbox, owner } = await prepared(t)
  sandbox.faults.set({ rules: [{ kind: 'error', service: 'iam', status: 403, code: 'AccessDenied' }] })
  const answer = await lookUpIam(owner, 'iamRole', 'arn:aws:iam::111122223333:role/r')
  assert.deepEqual(answer, { unknown: 'AWS answered GetRole with AccessDenied' })
})

test('an Identity Center user is found by id, user name and e-mail address', async t => {
  const { sandbox, owner } = await prepared(t)
  const { identityStoreId } = sandbox.makeIdentityCenter('111122223333', 'us-east-1')
  const created = await owner.identityStore.send(
    new CreateDirectoryUserCommand({
      IdentityStoreId: identityStoreId,
      UserName: 'ann',
      DisplayName: 'Ann',
      Name: { GivenName: 'Ann', FamilyName: 'Lee' },
      Emails: [{ Value: 'ann@acme.example', Primary: true }],
    }),
  )
  const found = { found: true, identifier: created.UserId }
  for (const identifier of [created.UserId ?? '', 'ann', 'ann@acme.example']) {
    assert.deepEqual(await lookUpInDirectory(owner, async () => identityStoreId, identifier), found, identifier)
  }
  const nobody = await lookUpInDirectory(owner, async () => identityStoreId, 'bob')
  assert.equal('found' in nobody && nobody.found, false)
  assert.deepEqual(await lookUpInDirectory(owner, async () => undefined, 'ann'), {
    unknown: 'the Access Grants instance is associated with no Identity Center',
  })
})

test('retrying stops at the cap, at once for other failures, and waits as long as AWS asks, within reason', async () => {
  const failing = (kind: 'throttled' | 'refused', retryAfterMs?: number) => {
    let calls = 0
    const call = async () => {
      calls += 1
      throw new AwsFailure({ kind, code: 'X', message: 'x', operation: 'Y', retryAfterMs })
    }
    return { call, calls: () => calls }
  }
  const waits: number[] = []
  const retry = {
    kinds: ['throttled'],
    tries: 4,
    firstWaitMs: 100,
    pause: async (ms: number) => void waits.push(ms),
  } as const
  const throttled = failing('throttled')
  await assert.rejects(retrying(throttled.call, retry), { name: 'AwsFailure', kind: 'throttled' })
  assert.equal(throttled.calls(), 4)
  assert.ok(
    waits.every((ms, at) => ms >= 50 * 2 ** at && ms <= 100 * 2 ** at),
    waits.join(),
  )
  const refused = failing('refused')
  await assert.rejects(retrying(refused.call, retry))
  assert.equal(refused.calls(), 1)
  waits.length = 0
  await assert.rejects(retrying(failing('throttled', 3000).call, { ...retry, tries: 2 }))
  assert.deepEqual(waits, [3000])
  waits.length = 0
  await assert.rejects(retrying(failing('throttled', 3_600_000).call, { ...retry, tries: 2 }))
  assert.deepEqual(waits, [5000], 'an hour is not waited for')
})

async function prepared(t: TestContext, options: SandboxOptions = {}) {
  const sandbox: Sandbox = await startSandbox(options)
  t.after(() => sandbox.close())
  const account = await prepareAccount(sandbox)
  return { sandbox, account, owner: account.owner }
}

async function makeRole(
  owner: Parameters<typeof findInstance>[0],
  RoleName: string,
  MaxSessionDuration?: number,
): Promise<string> {
  const Statement = [{ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' }]
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  const limit = MaxSessionDuration === undefined ? {} : { MaxSessionDuration }
  const { Role } = await owner.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, ...limit }))
  return Role?.Arn ?? ''
}

async function failureOf(call: Promise<unknown>): Promise<AwsFailure> {
  const error = await call.then(
    () => undefined,
    reason => reason,
  )
  assert.ok(error instanceof AwsFailure, String(error))
  return error
}

async function listening(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
