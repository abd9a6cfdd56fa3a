/** Principal advice: whom an approval would reach, by what AWS says of roles. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CreateRoleCommand, CreateUserCommand } from '@aws-sdk/client-iam'
import { takeDuePrincipals } from '../src/db/principal-check.ts'
import { checkPrincipals, startPrincipalChecks } from '../src/directory/check-principals.ts'
import { until } from './reconcile/reconcile-world.ts'
import { prepareAccount, type TestAccount } from './support/aws-account.ts'
import { create, limitController } from './support/integrations.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

let server: TestServer
let account: TestAccount

before(async () => {
  server = await testServer({ sandbox: true })
  account = await prepareAccount(server.sandbox)
  const { status } = await create(server, account)
  assert.equal(status, 'enabled')
})
after(() => server.close())

async function makeRole(RoleName: string, ...principals: object[]): Promise<string> {
  const Statement = principals.map(Principal => ({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }))
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  const { Role } = await account.owner.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  return Role?.Arn ?? ''
}

async function mapped(userid: string, identifier: string, kind: 'person' | 'role-user' = 'person') {
  const { id } = await server.admin.users.create({ body: { userid, name: userid, kind } })
  const type = identifier.includes(':user/') ? ('iamUser' as const) : ('iamRole' as const)
  await server.admin.users.setPrincipals({ params: { id }, body: [{ kind: type, identifier }] })
  return id
}

const look = async () => checkPrincipals(server.world, await takeDuePrincipals(server.db.kysely, 1000, 60_000))
const adviceOf = async (id: number) => (await server.admin.principalAdvice.ofUser({ params: { id } }))[0]

test('of a role is told who can assume it, with the people of the directory among them', async () => {
  const { User } = await account.owner.iam.send(new CreateUserCommand({ UserName: 'bea' }))
  await mapped('bea', User?.Arn ?? '')
  const wide = await mapped(
    'analyst',
    await makeRole('analyst', { AWS: `arn:aws:iam::${account.accountId}:root` }),
    'role-user',
  )
  const narrow = await mapped(
    'bea-too',
    await makeRole('for-bea', { AWS: User?.Arn }, { Service: 'glue.amazonaws.com' }),
  )
  assert.match((await adviceOf(wide))?.text ?? '', /who can assume `analyst` was not read yet/)
  await look()

  const advice = await adviceOf(wide)
  assert.deepEqual([advice?.breadth, advice?.preference], ['several', 3])
  assert.match(advice?.text ?? '', /`analyst` stands for a role rather than for a person/)
  assert.match(
    advice?.text ?? '',
    /approving this reaches everyone who can assume `analyst`: everyone in account 111122223333 whose own policies let them$/,
  )
  assert.ok(advice?.readAt)
  const { warnings } = await server.admin.users.get({ params: { id: wide } })
  assert.match(warnings.join(), /several people can assume/)

  const other = await adviceOf(narrow)
  assert.deepEqual([other?.breadth, other?.preference], ['one', 2])
  assert.match(other?.text ?? '', /one person can assume `for-bea`: IAM user `.*\/bea` \(`bea`\)/)
  assert.deepEqual(
    other?.who.map(({ users }) => users.map(({ userid }) => userid)),
    [['bea'], []],
  )

  const list = await server.admin.principalAdvice.list({ query: {} })
  assert.deepEqual(
    list.items.map(({ user }) => user.userid),
    ['analyst'],
  )
  const all = await server.admin.principalAdvice.list({ query: { breadth: 'all', limit: 2 } })
  assert.deepEqual([all.total, all.items.length], [3, 2])
  const rest = await server.admin.principalAdvice.list({ query: { breadth: 'all', limit: 2, cursor: all.next ?? '' } })
  assert.deepEqual([rest.items.length, rest.next], [1, undefined])
  const roleUsers = await server.admin.principalAdvice.list({
    query: { kind: 'role-user', awsAccountId: '999999999999' },
  })
  assert.equal(roleUsers.total, 0)
})

test('a role that lets in the role of one person is that person, and one that nobody knows is not', async () => {
  const { User } = await account.owner.iam.send(new CreateUserCommand({ UserName: 'cid' }))
  const inner = await makeRole('inner', { AWS: User?.Arn })
  const hidden = await makeRole('hidden', { AWS: User?.Arn })
  await mapped('inner', inner)
  await look()
  const outer = await mapped('outer', await makeRole('outer', { AWS: inner }))
  const other = await mapped('beside', await makeRole('beside', { AWS: hidden }))
  await look()
  assert.equal((await adviceOf(outer))?.breadth, 'one')
  const unknown = await adviceOf(other)
  assert.deepEqual([unknown?.breadth, unknown?.preference], ['unknown', 3])
  assert.match(unknown?.text ?? '', /may reach several people, since not everything is known/)
})

test('what may not be read is said and never guessed', async () => {
  const id = await mapped('shut', await makeRole('shut', { AWS: account.accountId }))
  await limitController(account, ['iam:GetRole', 'iam:GetAccountSummary'])
  await server.admin.principals.check({ params: { id } })
  const advice = await adviceOf(id)
  assert.equal(advice?.breadth, 'unknown')
  assert.match(advice?.text ?? '', /who can assume `shut` is not known: AWS answered GetRole with AccessDenied/)
  await limitController(account, undefined)
})

test('by itself it looks at what is new, and at how many roles the account has', async () => {
  const config = { ...server.world.config, HEADGATE_PRINCIPAL_CHECK_MINUTES: 0.002 }
  const checks = startPrincipalChecks({ ...server.world, config })
  try {
    const id = await mapped('early', `arn:aws:iam::${account.accountId}:role/early`)
    await until('the warning', async () => (await server.admin.users.get({ params: { id } })).warnings.length > 0)
    await makeRole('early', { AWS: account.accountId })
    await until('the role', async () => (await adviceOf(id))?.breadth === 'several')
    const { warnings } = await server.admin.users.get({ params: { id } })
    assert.deepEqual(
      warnings.filter(one => one.includes('does not know')),
      [],
    )
    const room = await until('the count', async () => {
      const [first] = await server.admin.principalAdvice.accounts()
      return first?.roles && first
    })
    assert.equal(room.awsAccountId, account.accountId)
    assert.deepEqual([room.roles?.of, room.instances.length], [1000, 1])
    assert.ok((room.roles?.used ?? 0) > 5)
  } finally {
    await checks.stop()
  }
})

test('the ARN of a role in other letters is refused with the right one', async () => {
  const arn = await makeRole('Cased', { AWS: account.accountId })
  const { id } = await server.admin.users.create({ body: { userid: 'cased', name: 'cased' } })
  const body = [{ kind: 'iamRole' as const, identifier: arn.replace('Cased', 'cased') }]
  const attempt = server.admin.users.setPrincipals({ params: { id }, body })
  await refuses(attempt, 'principal-invalid', 422)
  await assert.rejects(
    attempt,
    /its full ARN is `arn:aws:iam::111122223333:role\/Cased`: ARNs are compared byte for byte/,
  )
  assert.deepEqual((await server.admin.users.get({ params: { id } })).principals, [])
})

test('a person and a role-user do not share a principal', async () => {
  const arn = await makeRole('team', { AWS: account.accountId })
  const holder = await mapped('team', arn, 'role-user')
  const { id } = await server.admin.users.create({ body: { userid: 'team-lead', name: 'Team lead' } })
  const attempt = server.admin.users.setPrincipals({ params: { id }, body: [{ kind: 'iamRole', identifier: arn }] })
  await refuses(attempt, 'principal-taken', 409)
  await assert.rejects(attempt, new RegExp(`belongs to user \`team\` \\(id = ${holder}\\)`))
})
