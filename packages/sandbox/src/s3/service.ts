// S3 as the server sees it: one table from operation to handler, and S3's words for what goes wrong before one runs.

import { authErrorOf } from '../auth-errors.ts'
import type { Service, ServiceCall } from '../service.ts'
import { AwsError, type WireResponse } from '../wire.ts'
import { addressOf } from './address.ts'
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './bucket.ts'
import { deleteBucketPolicy, getBucketPolicy, getBucketPolicyStatus, putBucketPolicy } from './bucket-policy.ts'
import { copyObject } from './copy-object.ts'
import { deleteObject, deleteObjects } from './delete-object.ts'
import { deleteBucketEncryption, getBucketEncryption, putBucketEncryption } from './encryption.ts'
import { printS3Error, s3Error } from './errors.ts'
import { getObject, getObjectAcl } from './get-object.ts'
import { listObjects, listObjectsV2 } from './list-objects.ts'
import { listMultipartUploads } from './list-uploads.ts'
import * as multipart from './multipart.ts'
import { operationOf, unknownOperation } from './operation.ts'
import { deletePublicAccessBlock, getPublicAccessBlock, putPublicAccessBlock } from './public-access.ts'
import { putObject } from './put-object.ts'
import * as tags from './tags.ts'
import { getBucketVersioning, listObjectVersions, putBucketVersioning } from './versioning.ts'

export const s3Service: Service = {
  name: 's3',
  operationOf,
  unknownOperation,
  handle,
  printError: printS3Error,
  authError: flaw => authErrorOf('rest-xml', flaw),
  throttled: () => s3Error('SlowDown'),
}

const handlers: Readonly<Record<string, (call: ServiceCall) => WireResponse>> = {
  ListBuckets: listBuckets,
  CreateBucket: createBucket,
  HeadBucket: headBucket,
  DeleteBucket: deleteBucket,
  GetBucketLocation: getBucketLocation,
  PutBucketPolicy: putBucketPolicy,
  GetBucketPolicy: getBucketPolicy,
  DeleteBucketPolicy: deleteBucketPolicy,
  ListObjectsV2: listObjectsV2,
  ListObjects: listObjects,
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: getObject,
  HeadObject: getObject,
  GetObjectAcl: getObjectAcl,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  CreateMultipartUpload: multipart.createMultipartUpload,
  UploadPart: multipart.uploadPart,
  UploadPartCopy: multipart.uploadPartCopy,
  CompleteMultipartUpload: multipart.completeMultipartUpload,
  AbortMultipartUpload: multipart.abortMultipartUpload,
  ListParts: multipart.listParts,
  ListMultipartUploads: listMultipartUploads,
  PutBucketVersioning: putBucketVersioning,
  GetBucketVersioning: getBucketVersioning,
  ListObjectVersions: listObjectVersions,
  PutObjectTagging: tags.putObjectTagging,
  GetObjectTagging: tags.getObjectTagging,
  DeleteObjectTagging: tags.deleteObjectTagging,
  PutBucketTagging: tags.putBucketTagging,
  GetBucketTagging: tags.getBucketTagging,
  DeleteBucketTagging: tags.deleteBucketTagging,
  PutBucketEncryption: putBucketEncryption,
  GetBucketEncryption: getBucketEncryption,
  DeleteBucketEncryption: deleteBucketEncryption,
  PutPublicAccessBlock: putPublicAccessBlock,
  GetPublicAccessBlock: getPublicAccessBlock,
  DeletePublicAccessBlock: deletePublicAccessBlock,
  GetBucketPolicyStatus: getBucketPolicyStatus,
}

function handle(call: ServiceCall): WireResponse {
  const handler = handlers[call.operation]
  if (handler === undefined) throw s3Error('NotImplemented')
  try {
    return handler(call)
  } catch (error) {
    if (error instanceof AwsError && tellsRegion.has(error.status)) return refusalWithRegion(error, call)
    throw error
  }
}

// With these, S3 says where the bucket is, so that a client can go there: it is the only hint that a refused HEAD gives.
const tellsRegion = new Set([301, 400, 403])

function refusalWithRegion(error: AwsError, call: ServiceCall): WireResponse {
  const response = printS3Error(error, call.request, call.requestId)
  const region = call.world.state.buckets.get(addressOf(call.request).bucket ?? '')?.region
  if (region === undefined) return response
  return { ...response, headers: { ...response.headers, 'x-amz-bucket-region': region } }
}
