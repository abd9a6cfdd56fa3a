// How every S3 operation comes to its bucket: found, reached through the right region, and allowed by IAM.

import { authorize, named } from '../authorize.ts'
import type { AccessQuestion, ServiceCall } from '../service.ts'
import type { Bucket, Region } from '../state.ts'
import { type AwsError, queryValue } from '../wire.ts'
import { addressOf, isGlobalBucketHost, regionInHost } from './address.ts'
import { s3Error } from './errors.ts'
import { isRestricted } from './public-policy.ts'

/** The bucket that the request names. Throws NoSuchBucket, AccessDenied for another owner than expected, and the two redirects. */
export function requestedBucket(call: ServiceCall): Bucket {
  const name = addressOf(call.request).bucket ?? ''
  const bucket = findBucket(call, name)
  refuseWrongRegion(call, bucket)
  const expectedOwner = call.request.headers['x-amz-expected-bucket-owner']
  if (expectedOwner !== undefined && expectedOwner !== bucket.account) throw s3Error('AccessDenied')
  return bucket
}

/** The key that the request names. Throws KeyTooLongError; S3 counts UTF-8 bytes. */
export function requestedKey(call: ServiceCall): string {
  const key = addressOf(call.request).key ?? ''
  const size = Buffer.byteLength(key)
  if (size > 1024) throw s3Error('KeyTooLongError', { Size: String(size), MaxSizeAllowed: '1024' })
  return key
}

export function findBucket({ world }: ServiceCall, name: string): Bucket {
  const bucket = world.state.buckets.get(name)
  if (bucket === undefined) throw s3Error('NoSuchBucket', { BucketName: name })
  return bucket
}

/** Throws AccessDenied unless the caller may do `action` on the bucket, or on the object `key` in it. */
export function authorizeOn(
  { world, caller }: ServiceCall,
  bucket: Bucket,
  action: string,
  key?: string,
  context: AccessQuestion['context'] = {},
): void {
  const bucketArn = `arn:aws:s3:::${bucket.name}`
  const policy = bucket.policy === undefined ? undefined : named('bucket policy', bucket.policy, 'resource').document
  if (policy && isRestricted(bucket, policy, caller.account)) throw s3Error('AccessDenied')
  authorize(world, caller, {
    action,
    resource: key === undefined ? bucketArn : `${bucketArn}/${key}`,
    resourceAccount: bucket.account,
    resourcePolicy: bucket.policy,
    context,
  })
}

/** S3 tells "not there" only to those who could have found out by listing; to others this throws AccessDenied. */
export function noSuchKey(call: ServiceCall, bucket: Bucket, key: string): AwsError {
  authorizeOn(call, bucket, 's3:ListBucket')
  return s3Error('NoSuchKey', { Key: key })
}

/** What a list request brings into the context: only what it sent, as IAM sees it. */
export function listContext({ request }: ServiceCall): Readonly<Record<string, string | undefined>> {
  return {
    's3:prefix': queryValue(request, 'prefix'),
    's3:delimiter': queryValue(request, 'delimiter'),
    's3:max-keys': queryValue(request, 'max-keys'),
  }
}

/** What a write brings into the context: the headers that have a condition key of their own. */
export function writeContext({ request }: ServiceCall): Readonly<Record<string, string | undefined>> {
  const named = ['x-amz-acl', 'x-amz-copy-source', 'x-amz-metadata-directive', 'x-amz-storage-class']
  return Object.fromEntries(
    [...named, 'x-amz-server-side-encryption'].map(name => [`s3:${name}`, request.headers[name]]),
  )
}

// A host that names a region is that region's endpoint. A local host is every region's, so the region that a client
// signs for tells which endpoint it believes to have reached. The global host leads to the right place wrongly signed.
function refuseWrongRegion({ request, region, signature }: ServiceCall, bucket: Bucket): void {
  const hostRegion = regionInHost(request.host)
  const signedFor = signature === undefined ? undefined : region
  const endpointRegion = isGlobalBucketHost(request.host) ? bucket.region : (hostRegion ?? signedFor ?? bucket.region)
  if (endpointRegion !== bucket.region) {
    throw s3Error('PermanentRedirect', { Endpoint: endpointOf(bucket), Bucket: bucket.name })
  }
  if (signedFor !== undefined && signedFor !== bucket.region) throw wronglySigned(signedFor, bucket.region)
}

function endpointOf({ name, region }: Bucket): string {
  return `${name}.s3.${region}.amazonaws.com`
}

function wronglySigned(given: Region, expected: Region): AwsError {
  return s3Error(
    'AuthorizationHeaderMalformed',
    { Region: expected },
    `The authorization header is malformed; the region '${given}' is wrong; expecting '${expected}'`,
  )
}
