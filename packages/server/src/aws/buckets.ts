/**
 * What an S3 path is: whether its bucket is there, where it lies, whose it is, and whether anything is below it.
 * Reads names only, never an object. Throws AwsFailure.
 */
import { HeadBucketCommand, ListBucketsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { AwsFailure, callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

export type BucketState =
  | { readonly is: 'here' }
  | { readonly is: 'missing' }
  /** `region` where AWS told it. */
  | { readonly is: 'elsewhere'; readonly region?: string }
  | { readonly is: 'of-another-account' }
  /** We may not look: it may be anybody's. */
  | { readonly is: 'hidden' }

/** Whether the bucket exists in the clients' region and belongs to their account. */
export async function lookAtBucket(aws: AwsClients, bucket: string): Promise<BucketState> {
  const owned = await head(aws, bucket, aws.accountId)
  if (owned.is !== 'hidden') return owned
  // 403 means either "not yours" or "you may not look"; asked without naming the owner, only the second remains.
  const anybodys = await head(aws, bucket)
  return anybodys.is === 'here' ? { is: 'of-another-account' } : anybodys
}

/** Whoever it belongs to. */
export function lookAtAnybodysBucket(aws: AwsClients, bucket: string): Promise<BucketState> {
  return head(aws, bucket)
}

async function head(aws: AwsClients, bucket: string, owner?: string): Promise<BucketState> {
  try {
    const answer = await callAws('HeadBucket', () =>
      aws.s3.send(
        new HeadBucketCommand({ Bucket: bucket, ...(owner === undefined ? {} : { ExpectedBucketOwner: owner }) }),
      ),
    )
    const region = answer.BucketRegion
    return region === undefined || region === aws.region ? { is: 'here' } : { is: 'elsewhere', region }
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    if (error.kind === 'notFound') return { is: 'missing' }
    // A HEAD has no body, so the status is all there is; 400 is how S3 refuses a signature for another region.
    if (error.status === 301 || error.status === 400) return { is: 'elsewhere', ...regionOf(error) }
    if (error.kind === 'denied') return { is: 'hidden' }
    throw error
  }
}

function regionOf(failure: AwsFailure): { readonly region?: string } {
  const { $response } = failure.cause as { $response?: { headers?: Readonly<Record<string, string>> } }
  const region = $response?.headers?.['x-amz-bucket-region']
  return region === undefined ? {} : { region }
}

/** Whether any key begins with `prefix`. */
export async function hasKeysBelow(aws: AwsClients, bucket: string, prefix: string): Promise<boolean> {
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 })
  const { KeyCount = 0, Contents = [] } = await callAws('ListObjectsV2', () => aws.s3.send(command))
  return KeyCount > 0 || Contents.length > 0
}

/** Whether the account has any bucket in the clients' region; `denied` without `s3:ListAllMyBuckets`. */
export async function hasBuckets(aws: AwsClients): Promise<boolean> {
  const command = new ListBucketsCommand({ BucketRegion: aws.region, MaxBuckets: 1 })
  const { Buckets = [] } = await callAws('ListBuckets', () => aws.s3.send(command))
  return Buckets.length > 0
}
