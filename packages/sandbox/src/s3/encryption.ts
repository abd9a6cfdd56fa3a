// With which key an object is encrypted, and whether the caller may have S3 use it: KMS is asked in the caller's name.

import { authorizeKey, findKey, requireUsable } from '../kms/kms-call.ts'
import type { ServiceCall } from '../service.ts'
import type { Bucket, StoredObject } from '../state.ts'
import { AwsError, childOf, parseXml, printXml, textOf, type WireResponse, xmlResponse } from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, requestedBucket } from './bucket-access.ts'
import { s3Error } from './errors.ts'
import { readPayload } from './payload.ts'

/** The key of a new object, as the request or else the bucket says; undefined: S3's own. Throws what KMS refuses. */
export function keyForWrite(call: ServiceCall, bucket: Bucket): string | undefined {
  const { headers } = call.request
  const asked = headers['x-amz-server-side-encryption']
  const named = headers['x-amz-server-side-encryption-aws-kms-key-id']
  if (asked !== undefined && asked !== 'AES256' && asked !== 'aws:kms') {
    throw s3Error('NotImplemented', { Header: 'x-amz-server-side-encryption' })
  }
  if (named !== undefined && asked !== 'aws:kms') {
    throw s3Error('InvalidArgument', { ArgumentName: 'x-amz-server-side-encryption' })
  }
  if (asked === 'AES256') return undefined
  const name = named ?? bucket.encryptionKey
  // AWS makes a key `aws/s3` of its own accord; here a key is always somebody's.
  if (asked === 'aws:kms' && name === undefined) throw s3Error('NotImplemented', { Header: 'aws/s3' })
  return name === undefined ? undefined : useKey(call, bucket, name, 'kms:GenerateDataKey')
}

/** Throws AccessDenied, or what KMS says of the key, unless the caller may have the object decrypted. */
export function decryptFor(
  call: ServiceCall,
  bucket: Bucket,
  { encryptionKey }: Pick<StoredObject, 'encryptionKey'>,
): void {
  if (encryptionKey !== undefined) useKey(call, bucket, encryptionKey, 'kms:Decrypt')
}

/** What an answer says of how the object is encrypted. */
export function encryptionHeaders({
  encryptionKey,
}: Pick<StoredObject, 'encryptionKey'>): Readonly<Record<string, string>> {
  if (encryptionKey === undefined) return { 'x-amz-server-side-encryption': 'AES256' }
  return {
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': encryptionKey,
  }
}

export function putBucketEncryption(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:PutEncryptionConfiguration')
  const body = parseXml(readPayload(call).content)
  const rule = childOf(childOf(body, 'Rule'), 'ApplyServerSideEncryptionByDefault')
  const algorithm = textOf(rule, 'SSEAlgorithm')
  if (body.name !== 'ServerSideEncryptionConfiguration' || algorithm === undefined) throw s3Error('MalformedXML')
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms') throw s3Error('NotImplemented', { Header: algorithm })
  const key = textOf(rule, 'KMSMasterKeyID')
  if (algorithm === 'aws:kms' && key === undefined) throw s3Error('NotImplemented', { Header: 'aws/s3' })
  bucket.encryptionKey = algorithm === 'aws:kms' ? key : undefined
  return { status: 200, headers: {}, body: '' }
}

export function getBucketEncryption(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:GetEncryptionConfiguration')
  const { encryptionKey } = bucket
  const byDefault =
    encryptionKey === undefined
      ? { SSEAlgorithm: 'AES256' }
      : { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: encryptionKey }
  const fields = { Rule: { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: false } }
  return xmlResponse(200, printXml('ServerSideEncryptionConfiguration', fields, s3Namespace))
}

export function deleteBucketEncryption(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:PutEncryptionConfiguration')
  bucket.encryptionKey = undefined
  return { status: 204, headers: {}, body: '' }
}

function useKey({ world, caller }: ServiceCall, bucket: Bucket, name: string, action: string): string {
  try {
    const key = findKey(world, name, caller.account, bucket.region)
    authorizeKey(world, caller, key, action, {
      'kms:ViaService': `s3.${bucket.region}.amazonaws.com`,
      'kms:EncryptionContext:aws:s3:arn': `arn:aws:s3:::${bucket.name}`,
    })
    requireUsable(key)
    return key.arn
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    if (error.code === 'AccessDeniedException') throw s3Error('AccessDenied', {}, error.message)
    throw new AwsError(`KMS.${error.code}`, 400, error.message)
  }
}
