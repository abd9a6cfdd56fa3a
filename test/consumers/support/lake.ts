/** A sandbox with a bucket, an Access Grants location over everything, and people who may do nothing but ask for grants. */
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { CreateAccessGrantCommand, CreateAccessGrantsLocationCommand } from '@aws-sdk/client-s3-control'
import { startSandbox } from '@headgate/sandbox'
import { allow, prepareAccount, type TestAccount } from '../../../packages/server/test/support/aws-account.ts'

export interface Consumer {
  readonly arn: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export type Lake = Awaited<ReturnType<typeof startLake>>

/** Bucket `lake` in eu-central-1 with the objects `a/0` to `a/99`, whose contents are `number 0` and so on. */
export async function startLake() {
  /** AWS's clock, ahead of ours. */
  const clock = { aheadMs: 0 }
  const sandbox = await startSandbox({ now: () => Date.now() + clock.aheadMs })
  const account = await prepareAccount(sandbox, { bucket: 'lake', region: 'eu-central-1' })
  const location = await newLocation(account)
  for (let n = 0; n < 100; n++)
    await account.owner.s3.send(new PutObjectCommand({ Bucket: 'lake', Key: `a/${n}`, Body: `number ${n}` }))
  return {
    ...{ sandbox, account, clock },
    person: (name: string) => newPerson(account, name),
    /** The id of the new grant; `scope` as `lake/a/*`. */
    grant: (arn: string, scope: string, permission: 'READ' | 'READWRITE', isObject = false) =>
      newGrant(account, location, { arn, scope, permission, isObject }),
    close: () => sandbox.close(),
  }
}

export async function newLocation({ accountId, locationRole, owner }: TestAccount): Promise<string> {
  const where = { AccountId: accountId, IAMRoleArn: locationRole, LocationScope: 's3://' }
  const { AccessGrantsLocationId } = await owner.s3Control.send(new CreateAccessGrantsLocationCommand(where))
  return AccessGrantsLocationId ?? ''
}

export async function newGrant(
  { accountId, owner }: TestAccount,
  location: string,
  wanted: { arn: string; scope: string; permission: 'READ' | 'READWRITE'; isObject: boolean },
): Promise<string> {
  const { AccessGrantId } = await owner.s3Control.send(
    new CreateAccessGrantCommand({
      ...{ AccountId: accountId, AccessGrantsLocationId: location, Permission: wanted.permission },
      AccessGrantsLocationConfiguration: { S3SubPrefix: wanted.scope },
      Grantee: { GranteeType: 'IAM', GranteeIdentifier: wanted.arn },
      ...(wanted.isObject && { S3PrefixType: 'Object' }),
    }),
  )
  return AccessGrantId ?? ''
}

async function newPerson({ owner: { iam } }: TestAccount, UserName: string): Promise<Consumer> {
  const { User } = await iam.send(new CreateUserCommand({ UserName }))
  const PolicyDocument = allow('s3:GetDataAccess', 's3:GetAccessGrantsInstanceForPrefix', 'sts:GetCallerIdentity')
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'ask', PolicyDocument }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {}
  return { arn: User?.Arn ?? '', credentials: { accessKeyId, secretAccessKey } }
}
