/** The contract's surroundings in a fresh sandbox, made through the same APIs that AWS has. */
import assert from 'node:assert/strict'
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { S3ControlClient } from '@aws-sdk/client-s3-control'
import { STSClient } from '@aws-sdk/client-sts'
import { startSandbox } from '../../packages/sandbox/src/index.ts'
import { defaultUnknowns } from '../../packages/sandbox/src/unknowns.ts'
import type { ContractTarget, Identity } from './target.ts'

const accountId = '111122223333'
const region = 'eu-central-1'
const bucket = 'contract-bucket'
const instanceArn = `arn:aws:s3:${region}:${accountId}:access-grants/default`

export async function sandboxTarget(): Promise<ContractTarget> {
  const sandbox = await startSandbox()
  const clients = clientsFor(sandbox.url)
  const close = async () => {
    clients.destroy()
    await sandbox.close()
  }
  try {
    const { accessKeyId, secretAccessKey } = sandbox.makeAccount(accountId)
    const admin = { credentials: { accessKeyId, secretAccessKey } }
    return { ...(await furnish(admin, clients)), ...clients, settle, close }
  } catch (error) {
    await close()
    throw error
  }
}

// Here the answers are the table's own: the suite finds out whether the switches do what they say.
const assumed = defaultUnknowns()
const settle: ContractTarget['settle'] = (name, answer) => {
  assert.equal(answer, assumed[name], name)
  return undefined
}

/** A bucket, a location role, somebody to make grants to and somebody who may do nothing. */
async function furnish(admin: Identity, clients: ReturnType<typeof clientsFor>) {
  const CreateBucketConfiguration = { LocationConstraint: region } as const
  await clients.s3(admin).send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }))
  const iam = clients.iam(admin)
  return {
    accountId,
    region,
    bucket,
    admin,
    locationRoleArn: await newLocationRole(iam),
    grantee: await newUser(iam, 'grantee', ['s3:GetDataAccess', 's3:ListCallerAccessGrants']),
    stranger: await newUser(iam, 'stranger', ['s3:ListAllMyBuckets']),
    patienceMs: 0,
  }
}

function clientsFor(endpoint: string) {
  const opened: { destroy(): void }[] = []
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    opened.push(client)
    return client
  }
  const signing = {
    name: 'sigv4',
    signingName: 's3',
    signingRegion: region,
    disableDoubleEncoding: true,
    properties: {},
  }
  const endpointProvider = () => ({ url: new URL(endpoint), properties: { authSchemes: [signing] }, headers: {} })
  const common = (identity: Identity) => ({ region, maxAttempts: 1, ...identity })
  return {
    // The endpoint rules would put the account before the host, and 127.0.0.1 has no subdomains.
    control: (identity: Identity) =>
      kept(new S3ControlClient({ ...common(identity), endpointProvider, disableHostPrefix: true })),
    iam: (identity: Identity) => kept(new IAMClient({ ...common(identity), region: 'us-east-1', endpoint })),
    s3: (identity: Identity) => kept(new S3Client({ ...common(identity), endpoint, forcePathStyle: true })),
    sts: (identity: Identity) => kept(new STSClient({ ...common(identity), endpoint })),
    destroy() {
      for (const client of opened) client.destroy()
    },
  }
}

async function newLocationRole(iam: IAMClient): Promise<string> {
  const trust = policyOf({
    Effect: 'Allow',
    Principal: { Service: 'access-grants.s3.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    Condition: { StringEquals: { 'aws:SourceAccount': accountId }, ArnEquals: { 'aws:SourceArn': instanceArn } },
  })
  const RoleName = 'contract-location'
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }))
  const access = policyOf({
    Effect: 'Allow',
    Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket'],
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
    Condition: { ArnEquals: { 's3:AccessGrantsInstanceArn': instanceArn } },
  })
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'data', PolicyDocument: access }))
  return Role?.Arn ?? ''
}

async function newUser(iam: IAMClient, UserName: string, Action: string[]): Promise<Identity & { arn: string }> {
  const { User } = await iam.send(new CreateUserCommand({ UserName }))
  const PolicyDocument = policyOf({ Effect: 'Allow', Action, Resource: '*' })
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'only', PolicyDocument }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {}
  return { arn: User?.Arn ?? '', credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } }
}

function policyOf(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}
