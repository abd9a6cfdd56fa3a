/**
 * An AWS account as its admin would have set it up before connecting it: an Access Grants instance, a location role
 * that it trusts, a controller with a key, and a bucket with one object. Made through AWS's own APIs.
 */
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { CreateAccessGrantsInstanceCommand } from '@aws-sdk/client-s3-control'
import type { Sandbox } from '@headgate/sandbox'
import { type AwsClients, createAwsAccess } from '../../src/aws/clients.ts'
import { createVault } from '../../src/secrets.ts'

export interface TestAccount {
  readonly accountId: string
  readonly region: string
  readonly locationRole: string
  readonly bucket: string
  readonly controller: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Clients that may do everything in the account. */
  readonly owner: AwsClients
}

/** What an integration needs to know of an account. */
export type Connectable = Pick<TestAccount, 'accountId' | 'region' | 'locationRole' | 'controller'>

export interface AccountOptions {
  /** Default `111122223333`. */
  readonly accountId?: string
  /** Default `us-east-1`. */
  readonly region?: string
  /** Default `research-data`; made in `region`, with the object `public/hello.txt`. */
  readonly bucket?: string
  /** Default true. */
  readonly instance?: boolean
  /** JSON of the controller's policy; default: everything. */
  readonly controllerPolicy?: string
}

export async function prepareAccount(sandbox: Sandbox, options: AccountOptions = {}): Promise<TestAccount> {
  const { accountId = '111122223333', region = 'us-east-1', bucket = 'research-data', instance = true } = options
  const bootstrap = sandbox.makeAccount(accountId)
  const owner = ownerOf(sandbox, accountId, region, bootstrap)
  if (instance) await owner.s3Control.send(new CreateAccessGrantsInstanceCommand({ AccountId: accountId }))
  const { iam, s3 } = owner

  const RoleName = 'access-grants-location'
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }))
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'data', PolicyDocument: allow('s3:*') }))

  const UserName = 'headgate-controller'
  await iam.send(new CreateUserCommand({ UserName }))
  const PolicyDocument = options.controllerPolicy ?? allow('*')
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'controller', PolicyDocument }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))

  const elsewhere = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as 'EU' } }
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ...elsewhere }))
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'public/hello.txt', Body: 'hello' }))
  const controller = {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  }
  return { accountId, region, bucket, locationRole: Role?.Arn ?? '', controller, owner }
}

function ownerOf(
  sandbox: Sandbox,
  accountId: string,
  region: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
): AwsClients {
  const vault = createVault([Buffer.alloc(32, 1)])
  const intent = accountId
  const access = createAwsAccess({ vault, endpoint: sandbox.url, parallel: 10 })
  return access.of({
    id: 0,
    intent,
    account_id: accountId,
    region,
    authentication_type: 'accessKey',
    access_key_id: credentials.accessKeyId,
    secret_access_key: vault.seal(credentials.secretAccessKey, `integration/${intent}/awsSecretAccessKey`),
    assumed_role: null,
  })
}

export const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'access-grants.s3.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    },
  ],
})

export function allow(...actions: readonly string[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] })
}

/** What `POST /integrations` takes for this account. */
export function integrationBody(account: Connectable, config: Readonly<Record<string, unknown>> = {}) {
  return {
    type: 'Native S3' as const,
    autoBootstrap: false as const,
    config: {
      name: 'S3 integration',
      awsAccountId: account.accountId,
      awsRegion: account.region,
      awsLocationRole: account.locationRole,
      awsLocationPath: 's3://research-data',
      authenticationType: 'accessKey' as const,
      awsAccessKeyId: account.controller.accessKeyId,
      awsSecretAccessKey: account.controller.secretAccessKey,
      ...config,
    },
  }
}
