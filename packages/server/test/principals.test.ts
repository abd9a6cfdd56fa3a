import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CreateRoleCommand, CreateUserCommand } from '@aws-sdk/client-iam'
import { CreateUserCommand as CreateDirectoryUserCommand } from '@aws-sdk/client-identitystore'
import { startSandbox } from '@headgate/sandbox'
import { sql } from 'kysely'
import { prepareAccount, type TestAccount } from './support/aws-account.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
let account: TestAccount
let directoryUser: string
let integration: number
const closing: (() => Promise<void>)[] = []

before(async () => {
  const sandbox = await startSandbox()
  closing.push(() => sandbox.close())
  account = await prepareAccount(sandbox)
  const center = sandbox.makeIdentityCenter(account.accountId, account.region)
  const { UserId } = await account.owner.identityStore.send(
    new CreateDirectoryUserCommand({
      IdentityStoreId: center.identityStoreId,
      UserName: 'ann',
      DisplayName: 'Ann',
      Name: { GivenName: 'Ann', FamilyName: 'Lee' },
      Emails: [{ Value: 'ann@example.com', Primary: true }],
    }),
  )
  directoryUser = UserId ?? ''
  const environment = { HEADGATE_AWS_ENDPOINT: sandbox.url, HEADGATE_IDENTITY_STORE_ID: center.identityStoreId }
  server = await testServer({ environment })
  closing.unshift(() => server.close())
  admin = server.admin
  integration = await connect('main', account.accountId)
})
after(async () => {
  for (const close of closing) await close()
})

const role = (name: string, accountId = account.accountId) => ({
  kind: 'iamRole' as const,
  identifier: `arn:aws:iam::${accountId}:role/${name}`,
})

test('a principal that AWS knows is stored with its unique id and without a warning', async () => {
  const { Role } = await account.owner.iam.send(
    new CreateRoleCommand({ RoleName: 'ann', Path: '/team/', AssumeRolePolicyDocument: trustsEc2 }),
  )
  const ann = await server.as([])
  const user = await set(ann, [role('team/ann')])
  assert.deepEqual([user.principals, user.warnings], [[role('team/ann')], []])
  const row = await server.db.kysely
    .selectFrom('principal')
    .selectAll()
    .where('person_id', '=', ann.id)
    .executeTakeFirst()
  assert.equal(row?.unique_id, Role?.RoleId)
})

test('a principal that AWS does not know is stored with a warning, which goes once it is there', async () => {
  const bob = await server.as([])
  const identifier = `arn:aws:iam::${account.accountId}:user/bob`
  const early = await set(bob, [{ kind: 'iamUser', identifier }])
  assert.match(early.warnings.join(), /AWS does not know/)
  await account.owner.iam.send(new CreateUserCommand({ UserName: 'bob' }))
  const later = await set(bob, [{ kind: 'iamUser', identifier }])
  assert.deepEqual([later.warnings, later.principals], [[], early.principals])
})

test('the path belongs to the ARN: without it, it is another principal', async () => {
  const cat = await server.as([])
  const user = await set(cat, [role('ann')])
  assert.match(user.warnings.join(), /its full ARN is `arn:aws:iam::\d+:role\/team\/ann`/)
})

test('sessions, groups, whole accounts and half an ARN are refused with the reason', async () => {
  const dan = await server.as([])
  const refused = [
    ['iamRole', 'arn:aws:sts::123456789012:assumed-role/analyst/dan', /it is a session/],
    ['iamRole', 'arn:aws:iam::123456789012:group/analysts', /no IAM groups/],
    ['iamUser', 'arn:aws:iam::123456789012:root', /whole account/],
    ['iamUser', 'arn:aws:iam::123456789012:role/analyst', /send the kind iamRole/],
    ['iamRole', 'arn:aws:iam::123456789012:user/analyst', /send the kind iamUser/],
    ['iamRole', 'analyst', /send the full ARN/],
    ['iamRole', 'arn:aws:iam::12345:role/analyst', /send the full ARN/],
    ['iamRole', 'arn:aws:iam::123456789012:role/', /send the full ARN/],
    ['iamRole', 'arn:aws:iam::123456789012:role/a*', /send the full ARN/],
    ['iamRole', 'arn:aws:iam::123456789012:role/ana lyst', /spaces or control/],
    ['identityCenterUser', 'arn:aws:iam::123456789012:user/x', /user id, a user name or an e-mail/],
  ] as const
  for (const [kind, identifier, reason] of refused) {
    const attempt = set(dan, [{ kind, identifier }])
    await refuses(attempt, 'principal-invalid', 422)
    await assert.rejects(attempt, reason)
  }
  assert.deepEqual((await dan.users.me()).principals, [])
})

test('an Identity Center user is found by id, user name or e-mail, and stored as the id', async () => {
  for (const identifier of [directoryUser, 'ann', 'ann@example.com']) {
    const person = await server.as([])
    const user = await set(person, [{ kind: 'identityCenterUser', identifier }])
    assert.deepEqual(user.principals, [{ kind: 'identityCenterUser', identifier: directoryUser }])
    assert.deepEqual(user.warnings, [])
    await set(person, [])
  }
  const person = await server.as([])
  await refuses(set(person, [{ kind: 'identityCenterUser', identifier: 'nobody' }]), 'principal-invalid', 422)
  const unknownId = '00000000-0000-4000-8000-000000000000'
  const user = await set(person, [{ kind: 'identityCenterUser', identifier: unknownId }])
  assert.match(user.warnings.join(), /AWS does not know/)
})

test('a principal belongs to at most one person, also when two are set at the same moment', async () => {
  const [eve, finn] = [await server.as([]), await server.as([])]
  const results = await Promise.allSettled([set(eve, [role('shared')]), set(finn, [role('shared')])])
  assert.deepEqual(results.map(result => result.status).sort(), ['fulfilled', 'rejected'])
  const [holder, other] = (await eve.users.me()).principals.length === 1 ? [eve, finn] : [finn, eve]
  const answer = await admin.send(`/users/${other.id}/principals`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([role('shared')]),
  })
  assert.equal(answer.status, 409)
  const { message } = (await answer.json()) as { message: string }
  assert.match(message, new RegExp(`belongs to user \`${holder.userid}\` \\(id = ${holder.id}\\)`))
  await set(holder, [])
  await set(other, [role('shared')])
  const { rows } = await sql<{ event: string }>`
    select event from audit_event where target_type = 'USER' order by sequence desc limit 2`.execute(server.db.kysely)
  const moved = rows
    .map(({ event }) => JSON.parse(event))
    .map(({ targets, actor, auditPayload: { before, after } }) => {
      return [targets[0].name, actor.name, before.length, after.length]
    })
  const both = [
    [other.userid, 'admin', 0, 1],
    [holder.userid, 'admin', 1, 0],
  ]
  assert.deepEqual(moved, both, 'a removal and an addition, both audited')
})

test('an Identity Center user written in other letters is nobody else', async () => {
  const [ann, bob] = [await server.as([]), await server.as([])]
  const directory = (identifier: string) => ({ kind: 'identityCenterUser' as const, identifier })
  await set(ann, [directory(directoryUser)])
  await refuses(set(bob, [directory(directoryUser.toUpperCase())]), 'principal-taken', 409)
  await set(ann, [])
})

test('one principal for each integration and one for the rest', async () => {
  const gil = await server.as([])
  const second = await connect('second', '444455556666')
  const entries = [
    { ...role('gil-2', '444455556666'), integrationIds: [second] },
    { ...role('gil'), integrationIds: [integration] },
    role('gil-general'),
  ]
  const user = await set(gil, entries)
  assert.deepEqual(
    user.principals.map(({ identifier, integrationIds }) => [identifier.split('/')[1], integrationIds]).sort(),
    [
      ['gil', [String(integration)]],
      ['gil-2', [String(second)]],
      ['gil-general', undefined],
    ],
  )
  await refuses(set(gil, [role('a'), role('b')]), 'principal-invalid', 422)
  const twice = [
    { ...role('a'), integrationIds: [integration] },
    { ...role('b'), integrationIds: [integration] },
  ]
  await refuses(set(gil, twice), 'principal-invalid', 422)
  await refuses(set(gil, [{ ...role('a'), integrationIds: [999_999] }]), 'integration-not-found', 404)
  const foreign = await set(gil, [{ ...role('gil'), integrationIds: [second] }])
  assert.match(foreign.warnings.join(), /integrations of other accounts \(`second`\) treat the user as unmapped/)
})

test('replacing says what was removed and added, and leaves the rest alone', async () => {
  const hal = await server.as([])
  await set(hal, [{ ...role('hal'), integrationIds: [integration] }, role('hal-general')])
  const before = await lastFact()
  await set(hal, [{ ...role('hal'), integrationIds: [integration] }, role('hal-new')])
  const facts = await server.db.kysely
    .selectFrom('fact_change')
    .select(['entity', 'cause'])
    .where('id', '>', before)
    .orderBy('id')
    .execute()
  assert.deepEqual(facts, [
    { entity: 'principal', cause: 'principal-removed' },
    { entity: 'principal', cause: 'principal-added' },
  ])
})

test('a role that carries Identity Center sessions is warned of', async () => {
  const ida = await server.as([])
  const name = 'aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Analyst_0123456789abcdef'
  assert.match((await set(ida, [role(name)])).warnings.join(), /carries Identity Center sessions/)
})

function set(person: TestPerson, body: Parameters<TestPerson['users']['setPrincipals']>[0]['body']) {
  return admin.users.setPrincipals({ params: { id: person.id }, body })
}

async function lastFact(): Promise<number> {
  const newest = server.db.kysely.selectFrom('fact_change').select('id').orderBy('id', 'desc').limit(1)
  return (await newest.executeTakeFirstOrThrow()).id
}

/** An integration that is enabled, with the controller's key. */
async function connect(name: string, accountId: string): Promise<number> {
  const intent = crypto.randomUUID()
  const { controller } = account
  const secret = server.world.vault.seal(controller.secretAccessKey, `integration/${intent}/awsSecretAccessKey`)
  const { id } = await server.db.kysely
    .insertInto('integration')
    .values({
      intent,
      name,
      account_id: accountId,
      region: account.region,
      location_role: account.locationRole,
      location_path: 's3://research-data/',
      authentication_type: 'accessKey',
      access_key_id: controller.accessKeyId,
      secret_access_key: JSON.stringify(secret),
      status: 'enabled',
      validation: JSON.stringify({ status: 'passed', validationTests: [] }),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

const trustsEc2 = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})
