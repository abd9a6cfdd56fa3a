// The resource policy of a bucket. Kept as the text that was put, once it has been found to be a policy for this bucket.

import { type PolicyDocument, parsePolicy } from '@headgate/iam'
import type { ServiceCall } from '../service.ts'
import type { Bucket } from '../state.ts'
import { printXml, type WireResponse, xmlResponse } from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, requestedBucket } from './bucket-access.ts'
import { s3Error } from './errors.ts'
import { readPayload } from './payload.ts'
import { refusePublicPolicy } from './public-access.ts'
import { isPublic } from './public-policy.ts'

export function putBucketPolicy(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:PutBucketPolicy')
  const text = readPayload(call).content.toString('utf8')
  const policy = readPolicy(text)
  refuseForeignResources(policy, bucket)
  refusePublicPolicy(bucket, policy)
  bucket.policy = text
  return { status: 204, headers: {}, body: '' }
}

export function getBucketPolicy(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:GetBucketPolicy')
  if (bucket.policy === undefined) throw s3Error('NoSuchBucketPolicy', { BucketName: bucket.name })
  return { status: 200, headers: { 'content-type': 'application/json' }, body: bucket.policy }
}

export function getBucketPolicyStatus(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:GetBucketPolicyStatus')
  if (bucket.policy === undefined) throw s3Error('NoSuchBucketPolicy', { BucketName: bucket.name })
  const fields = { IsPublic: isPublic(readPolicy(bucket.policy)) }
  return xmlResponse(200, printXml('PolicyStatus', fields, s3Namespace))
}

export function deleteBucketPolicy(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:DeleteBucketPolicy')
  bucket.policy = undefined
  return { status: 204, headers: {}, body: '' }
}

function readPolicy(text: string): PolicyDocument {
  if (!text.startsWith('{')) {
    throw s3Error('MalformedPolicy', {}, "Policies must be valid JSON and the first byte must be '{'")
  }
  try {
    return parsePolicy(text, 'resource')
  } catch (error) {
    throw s3Error('MalformedPolicy', { Detail: error instanceof Error ? error.message : 'unreadable' })
  }
}

function refuseForeignResources(policy: PolicyDocument, { name }: Bucket): void {
  const own = `arn:aws:s3:::${name}`
  for (const { resources } of policy.statements) {
    const foreign = resources?.patterns.find(pattern => pattern !== own && !pattern.startsWith(`${own}/`))
    if (foreign !== undefined) {
      throw s3Error('MalformedPolicy', { Detail: foreign }, 'Policy has invalid resource')
    }
  }
}
