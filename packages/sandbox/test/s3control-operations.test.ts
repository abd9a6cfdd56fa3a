import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  AssociateAccessGrantsIdentityCenterCommand,
  CreateAccessGrantCommand,
  type CreateAccessGrantCommandInput,
  CreateAccessGrantsInstanceCommand,
  CreateAccessGrantsLocationCommand,
  DeleteAccessGrantCommand,
  DeleteAccessGrantsInstanceCommand,
  DeleteAccessGrantsInstanceResourcePolicyCommand,
  DeleteAccessGrantsLocationCommand,
  DissociateAccessGrantsIdentityCenterCommand,
  GetAccessGrantCommand,
  GetAccessGrantsInstanceCommand,
  GetAccessGrantsInstanceForPrefixCommand,
  GetAccessGrantsInstanceResourcePolicyCommand,
  GetAccessGrantsLocationCommand,
  ListAccessGrantsCommand,
  ListAccessGrantsInstancesCommand,
  ListAccessGrantsLocationsCommand,
  ListTagsForResourceCommand,
  PutAccessGrantsInstanceResourcePolicyCommand,
  paginateListAccessGrants,
  type S3ControlClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAccessGrantsLocationCommand,
} from '@aws-sdk/client-s3-control'
import type { Bootstrap, Sandbox } from '../src/index.ts'
import type { IamRole } from '../src/state.ts'
import { ACCOUNT, controlClient, putBucket, putRole, putUser, REGION, refusal, startTestSandbox } from './world.ts'

const of = { AccountId: ACCOUNT }
const INSTANCE_ARN = `arn:aws:s3:${REGION}:${ACCOUNT}:access-grants/default`

describe('S3 Access Grants through the real SDK', () => {
  let sandbox: Sandbox
  let admin: Bootstrap
  let client: S3ControlClient
  let role: IamRole

  before(async () => {
    ;({ sandbox, admin } = await startTestSandbox())
    client = controlClient(sandbox, admin)
    role = putRole(sandbox, 'location')
    putBucket(sandbox, 'lake')
  })
  after(async () => {
    client.destroy()
    await sandbox.close()
  })

  const refused = (call: Promise<unknown>, name: string, status: number, message?: string | RegExp) =>
    refusal(call).then(error => {
      assert.deepEqual([error.name, error.status], [name, status], error.message)
      if (typeof message === 'string') assert.equal(error.message, message)
      else if (message !== undefined) assert.match(error.message, message)
    })

  const grantInput = (more: Partial<CreateAccessGrantCommandInput> = {}): CreateAccessGrantCommandInput => ({
    ...of,
    AccessGrantsLocationId: 'default',
    AccessGrantsLocationConfiguration: { S3SubPrefix: 'lake/finance/*' },
    Grantee: { GranteeType: 'IAM', GranteeIdentifier: role.arn },
    Permission: 'READ',
    ...more,
  })

  it('refuses everything in an account without an instance', async () => {
    const text = 'Access Grants Instance does not exist'
    await refused(client.send(new GetAccessGrantsInstanceCommand(of)), 'AccessGrantsInstanceNotExistsError', 404, text)
    await refused(client.send(new CreateAccessGrantCommand(grantInput())), 'AccessGrantsInstanceNotExistsError', 404)
    await refused(client.send(new ListAccessGrantsCommand(of)), 'AccessGrantsInstanceNotExistsError', 404)
    const prefix = { ...of, S3Prefix: 's3://lake/x' }
    await refused(
      client.send(new GetAccessGrantsInstanceForPrefixCommand(prefix)),
      'AccessGrantsInstanceNotExistsError',
      404,
    )
  })

  it('makes one instance per account and region', async () => {
    const made = await client.send(new CreateAccessGrantsInstanceCommand(of))
    assert.equal(made.AccessGrantsInstanceArn, INSTANCE_ARN)
    assert.equal(made.AccessGrantsInstanceId, 'default')
    assert.ok(made.CreatedAt instanceof Date)
    await refused(
      client.send(new CreateAccessGrantsInstanceCommand(of)),
      'AccessGrantsInstanceAlreadyExists',
      409,
      'Access Grants Instance already exists',
    )
    const elsewhere = controlClient(sandbox, admin, { region: 'us-east-1' })
    await elsewhere.send(new CreateAccessGrantsInstanceCommand(of))
    await elsewhere.send(new DeleteAccessGrantsInstanceCommand(of))
    elsewhere.destroy()
    const listed = await client.send(new ListAccessGrantsInstancesCommand(of))
    assert.deepEqual(
      listed.AccessGrantsInstancesList?.map(each => each.AccessGrantsInstanceArn),
      [INSTANCE_ARN],
    )
    const found = await client.send(new GetAccessGrantsInstanceForPrefixCommand({ ...of, S3Prefix: 's3://lake/a/*' }))
    assert.equal(found.AccessGrantsInstanceArn, INSTANCE_ARN)
  })

  it('registers one location per scope, `default` for all of S3', async () => {
    const create = (scope: string, arn = role.arn) =>
      client.send(new CreateAccessGrantsLocationCommand({ ...of, LocationScope: scope, IAMRoleArn: arn }))
    const whole = await create('s3://')
    assert.equal(whole.AccessGrantsLocationId, 'default')
    assert.equal(whole.AccessGrantsLocationArn, `${INSTANCE_ARN}/location/default`)
    const bucket = await create('s3://lake/')
    assert.match(bucket.AccessGrantsLocationId ?? '', /^[0-9a-f-]{36}$/)
    await refused(
      create('s3://lake/'),
      'AccessGrantsLocationAlreadyExistsError',
      409,
      'The specified access grants location already exists',
    )
    await refused(create('lake'), 'InvalidAccessGrantsLocation', 400)
    await refused(create('s3://nowhere/'), 'InvalidRequest', 400)
    await refused(create('s3://lake/x/', `arn:aws:iam::${ACCOUNT}:role/unknown`), 'InvalidIamRole', 400)
    await refused(create('s3://lake/x/', 'not-an-arn'), 'InvalidIamRole', 400)

    const id = { ...of, AccessGrantsLocationId: bucket.AccessGrantsLocationId }
    const other = putRole(sandbox, 'other', { path: '/deep/' })
    await client.send(new UpdateAccessGrantsLocationCommand({ ...id, IAMRoleArn: other.arn }))
    assert.equal((await client.send(new GetAccessGrantsLocationCommand(id))).IAMRoleArn, other.arn)
    const all = await client.send(new ListAccessGrantsLocationsCommand(of))
    assert.deepEqual(
      all.AccessGrantsLocationsList?.map(each => each.LocationScope),
      ['s3://', 's3://lake/'],
    )
    const one = await client.send(new ListAccessGrantsLocationsCommand({ ...of, LocationScope: 's3://lake/' }))
    assert.equal(one.AccessGrantsLocationsList?.length, 1)
    await client.send(new DeleteAccessGrantsLocationCommand(id))
    await refused(client.send(new DeleteAccessGrantsLocationCommand(id)), 'NoSuchAccessGrantsLocationError', 404)
    await refused(client.send(new CreateAccessGrantCommand(grantInput(id))), 'NoSuchAccessGrantsLocationError', 404)
  })

  it('creates, reads and deletes a grant, and refuses its twin', async () => {
    const made = await client.send(new CreateAccessGrantCommand(grantInput()))
    assert.equal(made.GrantScope, 's3://lake/finance/*')
    assert.equal(made.AccessGrantArn, `${INSTANCE_ARN}/grant/${made.AccessGrantId}`)
    assert.deepEqual(made.Grantee, { GranteeType: 'IAM', GranteeIdentifier: role.arn })
    const { $metadata: _, ...facts } = made
    const { $metadata: __, ...read } = await client.send(
      new GetAccessGrantCommand({ ...of, AccessGrantId: made.AccessGrantId }),
    )
    assert.deepEqual(read, facts)
    await refused(
      client.send(new CreateAccessGrantCommand(grantInput())),
      'AccessGrantAlreadyExists',
      409,
      'The specified access grant already exists',
    )
    const write = await client.send(new CreateAccessGrantCommand(grantInput({ Permission: 'WRITE' })))
    await refused(
      client.send(new DeleteAccessGrantsLocationCommand({ ...of, AccessGrantsLocationId: 'default' })),
      'AccessGrantsLocationNotEmptyError',
      400,
      'Please clean up access grants before deleting access grants location',
    )
    await refused(
      client.send(new DeleteAccessGrantsInstanceCommand(of)),
      'AccessGrantsInstanceNotEmptyError',
      400,
      'Please clean up locations before deleting the access grants instance',
    )
    for (const { AccessGrantId } of [made, write]) {
      await client.send(new DeleteAccessGrantCommand({ ...of, AccessGrantId }))
      await refused(client.send(new GetAccessGrantCommand({ ...of, AccessGrantId })), 'NoSuchAccessGrantError', 404)
      await refused(client.send(new DeleteAccessGrantCommand({ ...of, AccessGrantId })), 'NoSuchAccessGrantError', 404)
    }
    const again = await client.send(new CreateAccessGrantCommand(grantInput()))
    await client.send(new DeleteAccessGrantCommand({ ...of, AccessGrantId: again.AccessGrantId }))
  })

  it('refuses grants that make no sense', async () => {
    const create = (more: Partial<CreateAccessGrantCommandInput>) =>
      client.send(new CreateAccessGrantCommand(grantInput(more)))
    const unknown = (GranteeIdentifier: string) => create({ Grantee: { GranteeType: 'IAM', GranteeIdentifier } })
    const invalidGrantee = 'Invalid Grantee in the request'
    await refused(unknown(`arn:aws:iam::${ACCOUNT}:role/nobody`), 'InvalidRequest', 400, invalidGrantee)
    await refused(unknown(`arn:aws:iam::${ACCOUNT}:role/other`), 'InvalidRequest', 400, invalidGrantee)
    await refused(unknown(`arn:aws:sts::${ACCOUNT}:assumed-role/location/x`), 'InvalidRequest', 400, invalidGrantee)
    const person = { GranteeType: 'DIRECTORY_USER', GranteeIdentifier: crypto.randomUUID() } as const
    await refused(create({ Grantee: person }), 'InvalidRequest', 400, invalidGrantee)
    await refused(create({ Permission: 'OWN' as 'READ' }), 'InvalidAccessGrant', 400)
    await refused(
      create({ Grantee: { GranteeType: 'ROOT' as 'IAM', GranteeIdentifier: 'x' } }),
      'InvalidAccessGrant',
      400,
    )
    await refused(create({ AccessGrantsLocationConfiguration: {} }), 'InvalidAccessGrant', 400)
    await refused(create({ S3PrefixType: 'Object' }), 'InvalidAccessGrant', 400)
    await refused(create({ ApplicationArn: 'arn:aws:iam::1:x' }), 'InvalidAccessGrant', 400)
    const sub = (S3SubPrefix: string) => create({ AccessGrantsLocationConfiguration: { S3SubPrefix } })
    await refused(sub('nowhere/*'), 'InvalidRequest', 400)
    await refused(sub('x'.repeat(2001)), 'InvalidAccessGrant', 400)
    putBucket(sandbox, 'far', { region: 'us-east-1' })
    await refused(sub('far/*'), 'InvalidAccessGrant', 400)
    const object = await create({
      S3PrefixType: 'Object',
      AccessGrantsLocationConfiguration: { S3SubPrefix: 'lake/a b&<ü>.txt' },
    })
    assert.equal(object.GrantScope, 's3://lake/a b&<ü>.txt')
    await client.send(new DeleteAccessGrantCommand({ ...of, AccessGrantId: object.AccessGrantId }))
  })

  it('pages through grants and filters them literally', async () => {
    const { user } = putUser(sandbox, 'paula')
    const scopes = Array.from({ length: 25 }, (_, i) => `lake/p${i}/*`)
    for (const [i, S3SubPrefix] of scopes.entries()) {
      await client.send(
        new CreateAccessGrantCommand(
          grantInput({
            AccessGrantsLocationConfiguration: { S3SubPrefix },
            Permission: i % 2 === 0 ? 'READ' : 'READWRITE',
            Grantee: { GranteeType: 'IAM', GranteeIdentifier: i < 20 ? role.arn : user.arn },
          }),
        ),
      )
    }
    const seen: string[] = []
    let pages = 0
    for await (const page of paginateListAccessGrants({ client, pageSize: 10 }, { ...of })) {
      pages++
      for (const grant of page.AccessGrantsList ?? []) seen.push((grant.GrantScope ?? '').slice('s3://'.length))
    }
    assert.deepEqual(seen, scopes)
    assert.equal(pages, 3)

    const count = async (filter: object) =>
      (await client.send(new ListAccessGrantsCommand({ ...of, ...filter }))).AccessGrantsList?.length
    assert.equal(await count({ GranteeIdentifier: user.arn }), 5)
    assert.equal(await count({ GranteeIdentifier: user.arn, GranteeType: 'DIRECTORY_USER' }), 0)
    assert.equal(await count({ GranteeType: 'IAM', Permission: 'READWRITE' }), 12)
    assert.equal(await count({ GrantScope: 's3://lake/p3/*' }), 1)
    assert.equal(await count({ GrantScope: 's3://lake/p' }), 0)
    assert.equal(await count({ ApplicationArn: `arn:aws:sso::${ACCOUNT}:application/x` }), 0)
    assert.equal(await count({ MaxResults: 0 }), 25)

    const list = (more: object) => client.send(new ListAccessGrantsCommand({ ...of, ...more }))
    await refused(list({ NextToken: 'bogus' }), 'InvalidRequest', 400)
    const { NextToken } = await list({ MaxResults: 5 })
    await refused(list({ NextToken, Permission: 'READ' }), 'InvalidRequest', 400)
    await refused(list({ MaxResults: 1001 }), 'InvalidRequest', 400)
    await refused(list({ Permission: 'NONE' }), 'InvalidRequest', 400)
    // A grant that goes away between two pages neither hides nor repeats another.
    const first = (await list({ MaxResults: 5 })).AccessGrantsList ?? []
    await client.send(new DeleteAccessGrantCommand({ ...of, AccessGrantId: first[4]?.AccessGrantId }))
    const second = await list({ MaxResults: 5, NextToken })
    assert.equal(second.AccessGrantsList?.[0]?.GrantScope, 's3://lake/p5/*')
  })

  it('keeps tags by AWS’s rules', async () => {
    const grant = await client.send(
      new CreateAccessGrantCommand(
        grantInput({
          AccessGrantsLocationConfiguration: { S3SubPrefix: 'lake/tagged/*' },
          Tags: [{ Key: 'team', Value: 'Ops: Müller' }],
        }),
      ),
    )
    const ResourceArn = grant.AccessGrantArn
    const resource = { ...of, ResourceArn }
    await client.send(
      new TagResourceCommand({
        ...resource,
        Tags: [
          { Key: 'b', Value: '' },
          { Key: 'c', Value: '3' },
        ],
      }),
    )
    await client.send(new UntagResourceCommand({ ...resource, TagKeys: ['b', 'unknown'] }))
    const { Tags } = await client.send(new ListTagsForResourceCommand(resource))
    assert.deepEqual(Tags, [
      { Key: 'team', Value: 'Ops: Müller' },
      { Key: 'c', Value: '3' },
    ])
    const tag = (Tags: { Key: string; Value: string }[]) => client.send(new TagResourceCommand({ ...resource, Tags }))
    await refused(tag([{ Key: 'aws:x', Value: '1' }]), 'InvalidTags', 400)
    await refused(tag([{ Key: 'a*', Value: '1' }]), 'InvalidTag', 400)
    await refused(tag([{ Key: 'x'.repeat(129), Value: '1' }]), 'InvalidTag', 400)
    await refused(tag(Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: '' }))), 'TooManyTags', 400)
    await refused(tag(Array.from({ length: 49 }, (_, i) => ({ Key: `k${i}`, Value: '' }))), 'TooManyTags', 400)
    const unknown = { ...of, ResourceArn: `${INSTANCE_ARN}/grant/${crypto.randomUUID()}` }
    await refused(client.send(new ListTagsForResourceCommand(unknown)), 'NoSuchAccessGrantError', 404)
  })

  it('stores a resource policy and spells out bare account ids', async () => {
    const get = () => client.send(new GetAccessGrantsInstanceResourcePolicyCommand(of))
    await refused(get(), 'AccessGrantsInstanceResourcePolicyNotExists', 404)
    const policy = (action: string) =>
      JSON.stringify(
        {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { AWS: '999988887777' }, Action: action, Resource: INSTANCE_ARN }],
        },
        null,
        2,
      )
    const put = (Policy: string) => client.send(new PutAccessGrantsInstanceResourcePolicyCommand({ ...of, Policy }))
    await put(policy('s3:GetDataAccess'))
    const stored = JSON.parse((await get()).Policy ?? '')
    assert.deepEqual(stored.Statement[0].Principal, { AWS: 'arn:aws:iam::999988887777:root' })
    await refused(put(policy('s3:CreateAccessGrant')), 'InvalidResourcePolicy', 400)
    await refused(put('{'), 'InvalidResourcePolicy', 400)
    await client.send(new DeleteAccessGrantsInstanceResourcePolicyCommand(of))
    await refused(get(), 'AccessGrantsInstanceResourcePolicyNotExists', 404)
  })

  it('ties the instance to Identity Center and lets go again', async () => {
    const { instanceArn, identityStoreId } = sandbox.makeIdentityCenter(ACCOUNT, REGION)
    const associate = (IdentityCenterArn: string) =>
      client.send(new AssociateAccessGrantsIdentityCenterCommand({ ...of, IdentityCenterArn }))
    await refused(associate('arn:aws:sso:::instance/ssoins-unknown'), 'InvalidIdentityCenterInstance', 400)
    await associate(instanceArn)
    const read = await client.send(new GetAccessGrantsInstanceCommand(of))
    assert.equal(read.IdentityCenterInstanceArn, instanceArn)
    assert.match(read.IdentityCenterApplicationArn ?? '', /^arn:aws:sso::111122223333:application\/ssoins-/)
    const userId = crypto.randomUUID()
    sandbox.state.identityStores
      .get(identityStoreId)
      ?.users.set(userId, { userId, createdAt: Date.now(), attributes: {}, memberships: new Map() })
    const grant = await client.send(
      new CreateAccessGrantCommand(
        grantInput({ Grantee: { GranteeType: 'DIRECTORY_USER', GranteeIdentifier: userId } }),
      ),
    )
    assert.equal(grant.Grantee?.GranteeType, 'DIRECTORY_USER')
    await client.send(new DissociateAccessGrantsIdentityCenterCommand(of))
    await refused(client.send(new DissociateAccessGrantsIdentityCenterCommand(of)), 'InvalidRequest', 400)
  })

  it('holds to its quotas', async () => {
    sandbox.limits.grantsPerInstance = 1
    sandbox.limits.locationsPerInstance = 1
    const input = grantInput({ AccessGrantsLocationConfiguration: { S3SubPrefix: 'lake/quota/*' } })
    await refused(client.send(new CreateAccessGrantCommand(input)), 'AccessGrantsQuotaExceededError', 409, /Quota: 1\./)
    const location = { ...of, LocationScope: 's3://lake/quota/', IAMRoleArn: role.arn }
    await refused(
      client.send(new CreateAccessGrantsLocationCommand(location)),
      'AccessGrantsLocationsQuotaExceededError',
      409,
      /Quota: 1\./,
    )
    Object.assign(sandbox.limits, { grantsPerInstance: 100_000, locationsPerInstance: 1000 })
  })

  it('asks IAM for each operation with its own resource and condition keys', async () => {
    const only = (statement: object) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] })
    const confined = putUser(
      sandbox,
      'confined',
      only({
        Action: 's3:CreateAccessGrant',
        Resource: `${INSTANCE_ARN}/grant/*`,
        Condition: { StringLike: { 's3:AccessGrantScope': 's3://lake/team/*' } },
      }),
    )
    const confinedClient = controlClient(sandbox, confined.keys)
    const input = (S3SubPrefix: string) => grantInput({ AccessGrantsLocationConfiguration: { S3SubPrefix } })
    await confinedClient.send(new CreateAccessGrantCommand(input('lake/team/a/*')))
    await refused(
      confinedClient.send(new CreateAccessGrantCommand(input('lake/other/*'))),
      'AccessDenied',
      403,
      /not authorized to perform: s3:CreateAccessGrant.*because no identity-based policy allows/,
    )
    await refused(confinedClient.send(new ListAccessGrantsCommand(of)), 'AccessDenied', 403, /s3:ListAccessGrants/)
    confinedClient.destroy()

    const noPass = putUser(sandbox, 'nopass', only({ Action: 's3:*', Resource: '*' }))
    const noPassClient = controlClient(sandbox, noPass.keys)
    const location = { ...of, LocationScope: 's3://lake/', IAMRoleArn: role.arn }
    await refused(
      noPassClient.send(new CreateAccessGrantsLocationCommand(location)),
      'AccessDenied',
      403,
      /iam:PassRole/,
    )
    noPassClient.destroy()
  })
})
