// The public access block of a bucket. The block of a whole account is not kept here.

import type { PolicyDocument } from '@headgate/iam'
import type { ServiceCall } from '../service.ts'
import type { Bucket, PublicAccessBlock } from '../state.ts'
import { parseXml, printXml, textOf, type WireResponse, xmlResponse } from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, requestedBucket } from './bucket-access.ts'
import { s3Error } from './errors.ts'
import { readPayload } from './payload.ts'
import { isPublic } from './public-policy.ts'

const settings = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const

export function putPublicAccessBlock(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:PutBucketPublicAccessBlock')
  const body = parseXml(readPayload(call).content)
  if (body.name !== 'PublicAccessBlockConfiguration') throw s3Error('MalformedXML')
  const read = settings.map(name => [name, textOf(body, name)?.toLowerCase() === 'true'] as const)
  bucket.publicAccessBlock = Object.fromEntries(read) as unknown as PublicAccessBlock
  return { status: 200, headers: {}, body: '' }
}

export function getPublicAccessBlock(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:GetBucketPublicAccessBlock')
  const { publicAccessBlock: block } = bucket
  if (block === undefined) throw s3Error('NoSuchPublicAccessBlockConfiguration', { BucketName: bucket.name })
  const fields = Object.fromEntries(settings.map(name => [name, block[name]]))
  return xmlResponse(200, printXml('PublicAccessBlockConfiguration', fields, s3Namespace))
}

export function deletePublicAccessBlock(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:PutBucketPublicAccessBlock')
  bucket.publicAccessBlock = undefined
  return { status: 204, headers: {}, body: '' }
}

/** Throws AccessDenied where the bucket takes no policy that lets anybody in. */
export function refusePublicPolicy({ publicAccessBlock }: Bucket, policy: PolicyDocument): void {
  if (publicAccessBlock?.BlockPublicPolicy && isPublic(policy)) {
    const message = 'public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.'
    throw s3Error('AccessDenied', {}, message)
  }
}
