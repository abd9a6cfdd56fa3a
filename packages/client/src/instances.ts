/**
 * Which Access Grants instance answers for a bucket: its account and region.
 *
 * The caller's account asks AWS (`GetAccessGrantsInstanceForPrefix`), which also knows of an instance in another account.
 * The region is the bucket's, which S3 tells anybody in the header of its answer, a refusal included. Both are asked once.
 */
import { GetAccessGrantsInstanceForPrefixCommand, type S3ControlClient } from '@aws-sdk/client-s3-control'
import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts'

export interface Instance {
  readonly accountId: string
  readonly region: string
}

export type FindInstance = (bucket: string) => Promise<Instance>

export interface InstanceFinder {
  readonly sts: STSClient
  control(region: string): S3ControlClient
  /** Where nothing tells the bucket's region. */
  readonly region: string
  /** Undefined: AWS's own address of the bucket. */
  readonly endpoint: string | undefined
}

export function instanceFinder({ sts, control, region, endpoint }: InstanceFinder): FindInstance {
  let account: Promise<string> | undefined
  const ownAccount = () => {
    account ??= sts.send(new GetCallerIdentityCommand({})).then(({ Account = '' }) => Account)
    account.catch(() => {
      account = undefined
    })
    return account
  }
  return async bucket => {
    const [own, there] = await Promise.all([ownAccount(), regionOf(bucket, endpoint)])
    const found = await control(there ?? region).send(
      new GetAccessGrantsInstanceForPrefixCommand({ AccountId: own, S3Prefix: `s3://${bucket}/` }),
    )
    // arn:aws:s3:REGION:ACCOUNT:access-grants/default
    const [, , , arnRegion, owner] = (found.AccessGrantsInstanceArn ?? '').split(':')
    return { accountId: owner || own, region: arnRegion || there || region }
  }
}

async function regionOf(bucket: string, endpoint: string | undefined): Promise<string | undefined> {
  const url = endpoint === undefined ? `https://s3.amazonaws.com/${bucket}` : new URL(`/${bucket}`, endpoint)
  const answer = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(5000) })
  return answer.headers.get('x-amz-bucket-region') ?? undefined
}
