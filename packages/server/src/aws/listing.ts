/**
 * What lies in the buckets of an account, level by level as people see folders. Reads names only, never an object; one
 * call each. Throws AwsFailure.
 */
import { ListBucketsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Scope } from '@headgate/core'
import { callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

export interface Level {
  /** What stands directly below, in AWS's order. */
  readonly names: readonly {
    /** Whole keys; those of prefixes end in the slash. */
    readonly key: string
    readonly kind: 'prefix' | 'object'
  }[]
  /** AWS's continuation token: there while more follows. */
  readonly next?: string
}

export interface PageOfAws {
  readonly limit: number
  readonly token?: string | undefined
}

/** The keys that begin with `prefix`, up to the next slash. A page may be empty and yet more follow. */
export async function listLevel(
  aws: AwsClients,
  bucket: string,
  prefix: string,
  { limit, token }: PageOfAws,
): Promise<Level> {
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    Prefix: prefix,
    Delimiter: '/',
    MaxKeys: limit,
    EncodingType: 'url',
    ...(token === undefined ? {} : { ContinuationToken: token }),
  })
  const { CommonPrefixes = [], Contents = [], ...rest } = await callAws('ListObjectsV2', () => aws.s3.send(command))
  const prefixes = CommonPrefixes.flatMap(({ Prefix }) =>
    Prefix === undefined ? [] : [{ key: decodeKey(Prefix), kind: 'prefix' as const }],
  )
  const objects = Contents.flatMap(({ Key }) =>
    Key === undefined ? [] : [{ key: decodeKey(Key), kind: 'object' as const }],
  )
  return { names: [...prefixes, ...objects], ...nextOf(rest.IsTruncated ? rest.NextContinuationToken : undefined) }
}

/** The account's buckets in the clients' region whose names begin so. */
export async function listBuckets(
  aws: AwsClients,
  { limit, token, prefix }: PageOfAws & { readonly prefix: string },
): Promise<{ readonly buckets: readonly string[]; readonly next?: string }> {
  const command = new ListBucketsCommand({
    BucketRegion: aws.region,
    MaxBuckets: limit,
    ...(prefix === '' ? {} : { Prefix: prefix }),
    ...(token === undefined ? {} : { ContinuationToken: token }),
  })
  const { Buckets = [], ContinuationToken } = await callAws('ListBuckets', () => aws.s3.send(command))
  return { buckets: Buckets.flatMap(({ Name }) => Name ?? []), ...nextOf(ContinuationToken) }
}

/** Whether anything is at the scope; a whole bucket is there even when it is empty. */
export async function isThere(aws: AwsClients, { bucket, key, kind }: Scope): Promise<boolean> {
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1, EncodingType: 'url' })
  const { Contents = [] } = await callAws('ListObjectsV2', () => aws.s3.send(command))
  // The key itself comes before all that begin with it.
  const first = Contents[0]?.Key
  return (
    kind === 'bucket' || (kind === 'prefix' ? first !== undefined : first !== undefined && decodeKey(first) === key)
  )
}

function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '))
}

function nextOf(token: string | undefined): { readonly next?: string } {
  return token === undefined || token === '' ? {} : { next: token }
}
