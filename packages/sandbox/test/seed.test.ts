/** A seeded account is ready for Access Grants: shown by using it through the real SDK, not by looking into the state. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CreateUserCommand, GetRoleCommand } from '@aws-sdk/client-iam'
import { DescribeUserCommand } from '@aws-sdk/client-identitystore'
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import * as aws from '@aws-sdk/client-s3-control'
import { type Sandbox, type Seed, type SeededAccount, startSandbox } from '../src/index.ts'
import { snapshotState } from '../src/state-text.ts'
import { clientsOf } from './aws-clients.ts'
import { controlClient, type Keys, REGION, refusal } from './world.ts'

const HOME = '111122223333'
const AWAY = '444455556666'

const SEED = {
  accounts: [
    {
      accountId: HOME,
      region: REGION,
      locationRole: 'location',
      controller: 'controller',
      buckets: [{ name: 'lake', objects: [{ key: 'sales/1.csv', contentType: 'text/csv', body: 'a,b\n1,ü\n' }] }],
      roles: ['analyst'],
      users: ['ann'],
      identityCenter: { users: [{ userName: 'dee@acme.example', displayName: 'Dee Dee' }], sessionRole: 'directory' },
      trustedAccounts: [AWAY],
    },
    {
      ...{ accountId: AWAY, region: REGION, locationRole: 'location', controller: 'controller', roles: ['guest'] },
      exporter: { user: 'exporter', bucket: 'reviews' },
    },
  ],
} as const satisfies Seed

let sandbox: Sandbox
let home: SeededAccount
let away: SeededAccount

before(async () => {
  sandbox = await startSandbox()
  ;[home, away] = (await sandbox.seed(SEED)).accounts as [SeededAccount, SeededAccount]
  const of = { AccountId: HOME }
  const controller = controlClient(sandbox, home.controller)
  const location = { ...of, LocationScope: 's3://lake/', IAMRoleArn: home.locationRole }
  const { AccessGrantsLocationId } = await controller.send(new aws.CreateAccessGrantsLocationCommand(location))
  const grantees = [
    ['IAM', home.roles.analyst],
    ['IAM', home.users.ann?.arn],
    ['IAM', away.roles.guest],
    ['DIRECTORY_USER', home.identityCenter?.users['dee@acme.example']],
  ] as const
  for (const [GranteeType, GranteeIdentifier] of grantees) {
    const grant = { ...of, AccessGrantsLocationId, Permission: 'READ', Grantee: { GranteeType, GranteeIdentifier } }
    const sub = { AccessGrantsLocationConfiguration: { S3SubPrefix: 'sales/*' } }
    const Tags = [{ Key: 'made-by', Value: 'headgate' }]
    await controller.send(
      new aws.CreateAccessGrantCommand({ ...grant, ...sub, Tags } as aws.CreateAccessGrantCommandInput),
    )
  }
})
after(() => sandbox.close())

async function vend(keys: Keys, target = 's3://lake/sales/*'): Promise<S3Client> {
  const asked = { AccountId: HOME, Target: target, Permission: 'READ' } as const
  const { Credentials } = await controlClient(sandbox, keys).send(new aws.GetDataAccessCommand(asked))
  return s3(sandbox, {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  })
}

function s3({ url }: Sandbox, keys: Keys): S3Client {
  const { sessionToken, ...long } = keys
  const credentials = sessionToken === undefined ? long : { ...long, sessionToken }
  return new S3Client({ region: REGION, endpoint: url, forcePathStyle: true, credentials, maxAttempts: 1 })
}

async function read(client: S3Client): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'lake', Key: 'sales/1.csv' }))
  return Body?.transformToString()
}

const session = (accountId: string, roleName: string, directoryUserId?: string) =>
  sandbox.roleSession({ accountId, roleName, sessionName: 'test', ...(directoryUserId && { directoryUserId }) })

describe('a seeded account', () => {
  test('its role, its user, its directory and a trusted account get at what is granted to them', async () => {
    const dee = home.identityCenter?.users['dee@acme.example']
    for (const keys of [
      await session(HOME, 'analyst'),
      home.users.ann?.credentials as Keys,
      await session(AWAY, 'guest'),
      await session(HOME, 'directory', dee),
    ]) {
      assert.equal(await read(await vend(keys)), 'a,b\n1,ü\n')
    }
  })

  test('nobody gets at data but through a grant', async () => {
    const direct = [
      home.users.ann?.credentials as Keys,
      await session(HOME, 'analyst'),
      await session(HOME, 'location'),
    ]
    for (const keys of [...direct, home.controller]) {
      assert.equal((await refusal(read(s3(sandbox, keys)))).name, 'AccessDenied')
    }
    assert.equal((await refusal(vend(await session(HOME, 'directory')))).name, 'AccessDenied')
    const reader = await vend(home.users.ann?.credentials as Keys)
    const put = new PutObjectCommand({ Bucket: 'lake', Key: 'sales/2.csv', Body: 'x' })
    assert.equal((await refusal(reader.send(put))).name, 'AccessDenied')
  })

  test('the controller may look up identities and buckets, and neither change IAM nor vend', async () => {
    const { iam, store } = clientsOf(sandbox, home.controller)
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'location' }))
    assert.equal(Role?.MaxSessionDuration, 3600)
    const IdentityStoreId = home.identityCenter?.identityStoreId
    const UserId = home.identityCenter?.users['dee@acme.example']
    const dee = await store.send(new DescribeUserCommand({ IdentityStoreId, UserId }))
    assert.equal(dee.DisplayName, 'Dee Dee')
    const { Buckets } = await s3(sandbox, home.controller).send(new ListBucketsCommand())
    assert.deepEqual(
      Buckets?.map(({ Name }) => Name),
      ['lake'],
    )
    assert.equal((await refusal(vend(home.controller))).name, 'AccessDenied')
    assert.equal((await refusal(iam.send(new CreateUserCommand({ UserName: 'eve' })))).name, 'AccessDenied')
  })

  test('the exporter puts files into its bucket, reads none, and touches no other', async () => {
    const exporter = s3(sandbox, away.exporter ?? assert.fail())
    await exporter.send(new PutObjectCommand({ Bucket: 'reviews', Key: 'a.csv', Body: 'x' }))
    const get = exporter.send(new GetObjectCommand({ Bucket: 'reviews', Key: 'a.csv' }))
    assert.equal((await refusal(get)).name, 'AccessDenied')
    const put = exporter.send(new PutObjectCommand({ Bucket: 'lake', Key: 'sales/2.csv', Body: 'x' }))
    assert.equal((await refusal(put)).name, 'AccessDenied')
  })

  test('sessions last twelve hours, or as long as the role allows', async () => {
    const lasting = async (roleName: string) => {
      const { accessKeyId } = await session(HOME, roleName)
      const { issuedAt = 0, expiresAt = 0 } = sandbox.state.sessions.get(accessKeyId) ?? {}
      return (expiresAt - issuedAt) / 3_600_000
    }
    assert.equal(await lasting('analyst'), 12)
    assert.equal(await lasting('location'), 1)
  })

  test('seeding again changes nothing and answers the same keys, over HTTP too', async () => {
    const before = snapshotState(sandbox.state)
    assert.deepEqual((await sandbox.seed(SEED)).accounts, [home, away])
    const answer = await fetch(`${sandbox.url}/_sandbox/seed`, { method: 'POST', body: JSON.stringify(SEED) })
    assert.deepEqual(await answer.json(), { accounts: [home, away] })
    assert.equal(snapshotState(sandbox.state), before)
  })

  test('what has been changed since is kept, what is missing is made', async () => {
    const changed = await startSandbox()
    const [account] = SEED.accounts
    const [first] = (await changed.seed({ accounts: [account] })).accounts
    const admin = s3(changed, changed.makeAccount(HOME))
    await admin.send(new PutObjectCommand({ Bucket: 'lake', Key: 'sales/1.csv', Body: 'mine' }))
    const more = { ...account, users: ['ann', 'bob'], buckets: [...account.buckets, { name: 'pond' }] }
    const [second] = (await changed.seed({ accounts: [more] })).accounts
    assert.equal(await read(admin), 'mine')
    assert.deepEqual(Object.keys(second?.users ?? {}), ['ann', 'bob'])
    assert.deepEqual(second?.users.ann, first?.users.ann)
    const { Buckets } = await admin.send(new ListBucketsCommand())
    assert.deepEqual(
      Buckets?.map(({ Name }) => Name),
      ['lake', 'pond'],
    )
    await changed.close()
  })

  test('a mistake is named and told as such', async () => {
    const [account] = SEED.accounts
    for (const [wrong, named] of [
      [{ ...account, accountId: '12' }, /twelve digits/],
      [{ ...account, bukets: [] }, /no field `bukets`/],
      [{ ...account, users: [7] }, /`users\[0\]` must be text/],
      [{ ...account, accountId: AWAY }, /bucket `lake` is account `111122223333`'s/],
    ] as const) {
      await assert.rejects(sandbox.seed({ accounts: [wrong] } as never), named)
      const body = JSON.stringify({ accounts: [wrong] })
      assert.equal((await fetch(`${sandbox.url}/_sandbox/seed`, { method: 'POST', body })).status, 400)
    }
    await assert.rejects(session(HOME, 'nobody'), /no role `nobody`/)
    await assert.rejects(session(AWAY, 'guest', home.identityCenter?.users['dee@acme.example']), /has a user/)
  })
})
