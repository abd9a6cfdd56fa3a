/** The law that durability stands on: whatever was done, doing the journal again gives the same state, byte for byte. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as directory from '@aws-sdk/client-identitystore'
import * as s3 from '@aws-sdk/client-s3'
import * as control from '@aws-sdk/client-s3-control'
import { AssumeRoleCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import fc from 'fast-check'
import type { Sandbox } from '../src/index.ts'
import { snapshotState } from '../src/state-text.ts'
import { clientsOf, policyText } from './aws-clients.ts'
import { asIfKilled, newDataDir, startDurable } from './durable-world.ts'
import { ACCOUNT, ALLOW_ALL, controlClient, type Keys, LOCATION_TRUST, REGION } from './world.ts'

const TRUST = policyText({
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  Action: 'sts:AssumeRole',
})
const INSTANCE_ARN = `arn:aws:s3:${REGION}:${ACCOUNT}:access-grants/default`

const silence = { debug() {}, info() {}, warn() {}, error() {} }

/** Somebody at work: the first kind of thing to do, the second and third pick among few names. */
type Step = readonly [kind: number, a: number, b: number]
type Does = (a: number, b: number) => Promise<unknown>

test('carrying out the journal again gives the state that was, whatever was asked and refused', async t => {
  const steps = fc.array(fc.tuple(fc.nat(999), fc.nat(2), fc.nat(2)), { minLength: 15, maxLength: 45 })
  const seed = Math.floor(Math.random() * 2 ** 31)
  await fc.assert(
    fc.asyncProperty(steps, async sequence => {
      await liveThrough(t, sequence)
    }),
    { seed, numRuns: 25, endOnFailure: true },
  )
})

async function liveThrough(t: Parameters<typeof newDataDir>[0], sequence: readonly Step[]): Promise<void> {
  let now = Date.now()
  const dataDir = await newDataDir(t)
  const sandbox = await startDurable(t, { dataDir, now: () => now })
  const { setUp, does, looks } = everything(sandbox, sandbox.makeAccount(ACCOUNT))
  await setUp()
  for (const [kind, a, b] of sequence) {
    now += 1 + kind
    const before = snapshotState(sandbox.state)
    const step = [...does, ...looks][kind % (does.length + looks.length)] as Does
    const isDone = await step(a, b).then(() => true, refused)
    if (!isDone || looks.includes(step)) assert.equal(snapshotState(sandbox.state), before, step.toString())
  }
  const copy = await asIfKilled(t, dataDir)
  const again = await startDurable(t, { dataDir: copy })
  assert.equal(snapshotState(again.state), snapshotState(sandbox.state))
  await again.close()
  const compacted = await startDurable(t, { dataDir: copy })
  assert.equal(snapshotState(compacted.state), snapshotState(sandbox.state))
  await compacted.close()
  await sandbox.close()
}

/** AWS refuses much of what comes at random; a bug of ours, or of the test, is no refusal. */
function refused(error: unknown): false {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0
  if (status >= 400 && status < 500) return false
  throw error
}

function everything(sandbox: Sandbox, admin: Keys) {
  const { iam: people, sts, store } = clientsOf(sandbox, admin)
  const of = { AccountId: ACCOUNT }
  const grants = controlClient(sandbox, admin)
  const { accessKeyId, secretAccessKey } = admin
  const credentials = { accessKeyId, secretAccessKey }
  const storage = new s3.S3Client({
    region: REGION,
    endpoint: sandbox.url,
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
    // It warns of every refused upload.
    logger: silence,
  })
  const user = (n: number) => `user-${n}`
  const role = (n: number) => `role-${n}`
  const roleArn = (n: number) => `arn:aws:iam::${ACCOUNT}:role/${role(n)}`
  const bucket = (n: number) => `bucket-${n}`
  const instance = () => sandbox.state.accounts.get(ACCOUNT)?.accessGrants.get(REGION)
  const nth = <Item>(items: Iterable<Item> | undefined, n: number): Item | undefined => {
    const all = [...(items ?? [])]
    return all[n % Math.max(1, all.length)]
  }
  const location = (n: number) => nth(instance()?.locations.keys(), n) ?? 'none'
  const grant = (n: number) => nth(instance()?.grants.keys(), n) ?? 'none'
  const center = () => nth(sandbox.state.identityStores.values(), 0)
  const IdentityStoreId = () => center()?.identityStoreId ?? 'd-1234567890'
  const person = (n: number) => nth(center()?.users.keys(), n) ?? 'none'
  const group = (n: number) => nth(center()?.groups.keys(), n) ?? 'none'
  const desk = async (name: string, body: object) => {
    const answer = await fetch(`${sandbox.url}/_sandbox/${name}`, { method: 'POST', body: JSON.stringify(body) })
    // A seed that is refused half way is remembered by other means than the journal, and tested by name.
    assert.equal(answer.status, 200, await answer.text())
  }

  const setUp = async () => {
    for (const n of [0, 1, 2]) {
      await people.send(new iam.CreateUserCommand({ UserName: user(n) }))
      await people.send(
        new iam.CreateRoleCommand({ RoleName: role(n), AssumeRolePolicyDocument: n === 0 ? LOCATION_TRUST : TRUST }),
      )
    }
    await storage.send(
      new s3.CreateBucketCommand({ Bucket: bucket(0), CreateBucketConfiguration: { LocationConstraint: REGION } }),
    )
    await grants.send(new control.CreateAccessGrantsInstanceCommand(of))
    await grants.send(
      new control.CreateAccessGrantsLocationCommand({ ...of, LocationScope: 's3://', IAMRoleArn: roleArn(0) }),
    )
    await storage.send(new s3.PutObjectCommand({ Bucket: bucket(0), Key: 's0', Body: 'x' }))
    const IdentityStoreId = sandbox.makeIdentityCenter(ACCOUNT, REGION).identityStoreId
    const IdentityCenterArn = center()?.instanceArn
    await grants.send(new control.AssociateAccessGrantsIdentityCenterCommand({ ...of, IdentityCenterArn }))
    await store.send(new directory.CreateGroupCommand({ IdentityStoreId, DisplayName: 'all' }))
    const Name = { GivenName: 'P', FamilyName: 'Q' }
    await store.send(new directory.CreateUserCommand({ IdentityStoreId, UserName: 'p', DisplayName: 'P', Name }))
  }
  const does: Does[] = [
    a => people.send(new iam.CreateUserCommand({ UserName: user(a), Tags: [{ Key: 'a', Value: 'b' }] })),
    a => people.send(new iam.DeleteUserCommand({ UserName: user(a) })),
    a => people.send(new iam.CreateAccessKeyCommand({ UserName: user(a) })),
    (a, b) => people.send(new iam.TagUserCommand({ UserName: user(a), Tags: [{ Key: `k${b}`, Value: 'ü' }] })),
    (a, b) => people.send(new iam.UntagRoleCommand({ RoleName: role(a), TagKeys: [`k${b}`] })),
    a => people.send(new iam.PutRolePolicyCommand({ RoleName: role(a), PolicyName: 'p', PolicyDocument: ALLOW_ALL })),
    (a, b) =>
      people.send(new iam.PutRolePolicyCommand({ RoleName: role(a), PolicyName: 'p', PolicyDocument: `{${b}` })),
    a => people.send(new iam.DeleteRolePolicyCommand({ RoleName: role(a), PolicyName: 'p' })),
    a => people.send(new iam.DeleteRoleCommand({ RoleName: role(a) })),
    (a, b) =>
      people.send(new iam.UpdateRoleCommand({ RoleName: role(a), MaxSessionDuration: b * 3600, Description: 'd' })),
    a => people.send(new iam.CreatePolicyCommand({ PolicyName: `p${a}`, PolicyDocument: ALLOW_ALL })),
    (a, b) =>
      people.send(
        new iam.AttachRolePolicyCommand({ RoleName: role(a), PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/p${b}` }),
      ),
    (a, b) =>
      people.send(
        new iam.CreatePolicyVersionCommand({
          PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/p${a}`,
          PolicyDocument: ALLOW_ALL,
          SetAsDefault: b === 0,
        }),
      ),
    a => sts.send(new AssumeRoleCommand({ RoleArn: roleArn(a), RoleSessionName: 'test' })),
    a => sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 + a })),
    a =>
      storage.send(
        new s3.CreateBucketCommand({ Bucket: bucket(a), CreateBucketConfiguration: { LocationConstraint: REGION } }),
      ),
    a => storage.send(new s3.DeleteBucketCommand({ Bucket: bucket(a) })),
    (a, b) =>
      storage.send(
        new s3.PutObjectCommand({
          Bucket: bucket(a),
          Key: `k ${b}/ü`,
          Body: Buffer.from([0, 255, b]),
          Metadata: { a: 'b' },
        }),
      ),
    (a, b) =>
      storage.send(
        new s3.PutObjectCommand({
          Bucket: bucket(a),
          Key: `s${b}`,
          Body: Readable.from([Buffer.from('streamed')]),
          ContentLength: 8,
        }),
      ),
    (a, b) => storage.send(new s3.PutObjectCommand({ Bucket: bucket(a), Key: `s${b}`, Body: 'x', IfNoneMatch: '*' })),
    (a, b) =>
      storage.send(new s3.CopyObjectCommand({ Bucket: bucket(a), Key: 'copy', CopySource: `${bucket(b)}/s${b}` })),
    (a, b) =>
      storage.send(
        new s3.DeleteObjectsCommand({ Bucket: bucket(a), Delete: { Objects: [{ Key: `s${b}` }, { Key: 'copy' }] } }),
      ),
    (a, b) =>
      storage.send(
        new s3.PutBucketPolicyCommand({
          Bucket: bucket(a),
          Policy:
            b === 0
              ? '{}'
              : policyText({
                  Effect: 'Allow',
                  Principal: '*',
                  Action: 's3:GetObject',
                  Resource: `arn:aws:s3:::${bucket(a)}/*`,
                }),
        }),
      ),
    () => grants.send(new control.CreateAccessGrantsInstanceCommand({ ...of, Tags: [{ Key: 'a', Value: 'b' }] })),
    () => grants.send(new control.DeleteAccessGrantsInstanceCommand(of)),
    () =>
      grants.send(
        new control.AssociateAccessGrantsIdentityCenterCommand({ ...of, IdentityCenterArn: center()?.instanceArn }),
      ),
    () => grants.send(new control.DissociateAccessGrantsIdentityCenterCommand(of)),
    a =>
      grants.send(
        new control.PutAccessGrantsInstanceResourcePolicyCommand({
          ...of,
          Policy: policyText({
            Effect: 'Allow',
            Principal: { AWS: `${a}`.repeat(12) },
            Action: 's3:GetDataAccess',
            Resource: INSTANCE_ARN,
          }),
        }),
      ),
    (a, b) =>
      grants.send(
        new control.CreateAccessGrantsLocationCommand({
          ...of,
          LocationScope: `s3://${bucket(a)}/`,
          IAMRoleArn: roleArn(b),
        }),
      ),
    a => grants.send(new control.DeleteAccessGrantsLocationCommand({ ...of, AccessGrantsLocationId: location(a) })),
    (a, b) =>
      grants.send(
        new control.UpdateAccessGrantsLocationCommand({
          ...of,
          AccessGrantsLocationId: location(a),
          IAMRoleArn: roleArn(b),
        }),
      ),
    ...(['READ', 'READWRITE'] as const).flatMap((Permission): Does[] => [
      (a, b) =>
        grants.send(
          new control.CreateAccessGrantCommand({
            ...of,
            AccessGrantsLocationId: 'default',
            AccessGrantsLocationConfiguration: { S3SubPrefix: `${bucket(0)}/${b}/*` },
            Permission,
            Grantee: { GranteeType: 'IAM', GranteeIdentifier: `arn:aws:iam::${ACCOUNT}:user/${user(a)}` },
          }),
        ),
      (a, b) =>
        grants.send(
          new control.CreateAccessGrantCommand({
            ...of,
            AccessGrantsLocationId: location(b),
            AccessGrantsLocationConfiguration: { S3SubPrefix: `${bucket(0)}/*` },
            Permission,
            Grantee: { GranteeType: 'DIRECTORY_USER', GranteeIdentifier: person(a) },
          }),
        ),
    ]),
    a =>
      grants.send(
        new control.CreateAccessGrantCommand({
          ...of,
          AccessGrantsLocationId: 'default',
          AccessGrantsLocationConfiguration: { S3SubPrefix: `${bucket(0)}/*` },
          Permission: 'READ',
          Grantee: { GranteeType: 'IAM', GranteeIdentifier: `arn:aws:iam::${ACCOUNT}:user/sandbox-administrator` },
          Tags: [{ Key: 'n', Value: `${a}` }],
        }),
      ),
    a => grants.send(new control.DeleteAccessGrantCommand({ ...of, AccessGrantId: grant(a) })),
    (_, b) =>
      grants.send(new control.GetDataAccessCommand({ ...of, Target: `s3://${bucket(0)}/${b}/*`, Permission: 'READ' })),
    (a, b) =>
      grants.send(
        new control.TagResourceCommand({
          ...of,
          ResourceArn: `${INSTANCE_ARN}/grant/${grant(a)}`,
          Tags: [{ Key: `k${b}`, Value: '' }],
        }),
      ),
    a =>
      store.send(
        new directory.CreateUserCommand({
          IdentityStoreId: IdentityStoreId(),
          UserName: `p${a}`,
          DisplayName: 'P',
          Name: { GivenName: 'P', FamilyName: 'Q' },
        }),
      ),
    a => store.send(new directory.CreateGroupCommand({ IdentityStoreId: IdentityStoreId(), DisplayName: `g${a}` })),
    (a, b) =>
      store.send(
        new directory.CreateGroupMembershipCommand({
          IdentityStoreId: IdentityStoreId(),
          GroupId: group(a),
          MemberId: { UserId: person(b) },
        }),
      ),
    a => store.send(new directory.DeleteUserCommand({ IdentityStoreId: IdentityStoreId(), UserId: person(a) })),
    () => desk('identity-center', { accountId: ACCOUNT, region: REGION }),
    a => desk('accounts', { accountId: `${a}`.repeat(12) }),
    a =>
      desk('seed', {
        accounts: [
          {
            accountId: ACCOUNT,
            region: REGION,
            locationRole: role(0),
            controller: 'ctl',
            users: [user(a)],
            roles: [role(1)],
            identityCenter: { users: [{ userName: `p${a}`, displayName: 'P' }], sessionRole: role(2) },
          },
        ],
      }),
    async a => {
      if (sandbox.state.accounts.get(ACCOUNT)?.roles.has(role(a)))
        await desk('role-session', { accountId: ACCOUNT, roleName: role(a), sessionName: 'desk' })
    },
    async a =>
      sandbox.faults.set({ propagation: { revocation: a * 300, role: a * 200, principal: a * 100, grant: a * 50 } }),
    async a => {
      sandbox.limits.grantsPerInstance = 2 + a
    },
  ]
  const looks: Does[] = [
    () => grants.send(new control.ListAccessGrantsCommand(of)),
    a => grants.send(new control.GetAccessGrantCommand({ ...of, AccessGrantId: grant(a) })),
    () => grants.send(new control.ListCallerAccessGrantsCommand(of)),
    a => people.send(new iam.ListAttachedRolePoliciesCommand({ RoleName: role(a) })),
    a => storage.send(new s3.ListObjectsV2Command({ Bucket: bucket(a) })),
    () => store.send(new directory.ListUsersCommand({ IdentityStoreId: IdentityStoreId() })),
  ]
  return { setUp, does, looks }
}
