// Which S3 operation a request is. Sub-resources that the sandbox lacks are named, never mistaken for a plain object call.

import { AwsError, queryValue, type WireRequest } from '../wire.ts'
import { addressOf } from './address.ts'
import { s3Error } from './errors.ts'

/** AWS's name of the operation, or undefined where the sandbox has none for this request. */
export function operationOf(request: WireRequest): string | undefined {
  const { bucket, key } = addressOrNothing(request)
  if (missingFunctionality(request).length > 0) return undefined
  if (bucket === undefined) return request.method === 'GET' ? 'ListBuckets' : undefined
  const [subresource = ''] = subresources(request, knownSubresources)
  if (key === undefined) return bucketOperations[`${request.method} ${subresource}`]?.(request)
  return objectOperations[`${request.method} ${subresource}`]?.(request)
}

/** Why there is no operation: functionality that is missing here, or a method that S3 itself refuses. */
export function unknownOperation(request: WireRequest): AwsError {
  const [missing] = missingFunctionality(request)
  if (missing !== undefined)
    return s3Error('NotImplemented', { Resource: missing }, `\`?${missing}\` is not implemented`)
  return s3Error('MethodNotAllowed', { Method: request.method })
}

type Name = (request: WireRequest) => string

const bucketOperations: Readonly<Record<string, Name>> = {
  'PUT ': () => 'CreateBucket',
  'HEAD ': () => 'HeadBucket',
  'DELETE ': () => 'DeleteBucket',
  'GET ': request => (queryValue(request, 'list-type') === '2' ? 'ListObjectsV2' : 'ListObjects'),
  'GET location': () => 'GetBucketLocation',
  'PUT policy': () => 'PutBucketPolicy',
  'GET policy': () => 'GetBucketPolicy',
  'DELETE policy': () => 'DeleteBucketPolicy',
  'POST delete': () => 'DeleteObjects',
  'PUT versioning': () => 'PutBucketVersioning',
  'GET versioning': () => 'GetBucketVersioning',
  'GET versions': () => 'ListObjectVersions',
  'GET uploads': () => 'ListMultipartUploads',
  'PUT tagging': () => 'PutBucketTagging',
  'GET tagging': () => 'GetBucketTagging',
  'DELETE tagging': () => 'DeleteBucketTagging',
  'PUT encryption': () => 'PutBucketEncryption',
  'GET encryption': () => 'GetBucketEncryption',
  'DELETE encryption': () => 'DeleteBucketEncryption',
  'PUT publicAccessBlock': () => 'PutPublicAccessBlock',
  'GET publicAccessBlock': () => 'GetPublicAccessBlock',
  'DELETE publicAccessBlock': () => 'DeletePublicAccessBlock',
  'GET policyStatus': () => 'GetBucketPolicyStatus',
}

const objectOperations: Readonly<Record<string, Name>> = {
  'PUT ': request => (request.headers['x-amz-copy-source'] === undefined ? 'PutObject' : 'CopyObject'),
  'GET ': () => 'GetObject',
  'HEAD ': () => 'HeadObject',
  'DELETE ': () => 'DeleteObject',
  'GET acl': () => 'GetObjectAcl',
  'PUT tagging': () => 'PutObjectTagging',
  'GET tagging': () => 'GetObjectTagging',
  'DELETE tagging': () => 'DeleteObjectTagging',
  'POST uploads': () => 'CreateMultipartUpload',
  'PUT uploadId': request => (request.headers['x-amz-copy-source'] === undefined ? 'UploadPart' : 'UploadPartCopy'),
  'POST uploadId': () => 'CompleteMultipartUpload',
  'DELETE uploadId': () => 'AbortMultipartUpload',
  'GET uploadId': () => 'ListParts',
}

const knownSubresources = new Set([
  'acl',
  'delete',
  'encryption',
  'location',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'tagging',
  'uploadId',
  'uploads',
  'versioning',
  'versions',
])

const unknownSubresources = new Set([
  'accelerate',
  'analytics',
  'attributes',
  'cors',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'logging',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'torrent',
  'website',
])

// A part of a stored object by its number is not kept: only an upload under way has parts here.
function missingFunctionality(request: WireRequest): string[] {
  const readsPart =
    request.method === 'GET' || request.method === 'HEAD' ? subresources(request, new Set(['partNumber'])) : []
  return [...subresources(request, unknownSubresources), ...readsPart]
}

function subresources(request: WireRequest, names: ReadonlySet<string>): string[] {
  return request.query.map(([name]) => name).filter(name => names.has(name))
}

// A path that cannot be read is refused when the operation runs, where the error can be printed.
function addressOrNothing(request: WireRequest): ReturnType<typeof addressOf> {
  try {
    return addressOf(request)
  } catch (error) {
    if (error instanceof AwsError) return { bucket: '-', key: '-' }
    throw error
  }
}
