// Tags of objects and of buckets.

import type { ServiceCall } from '../service.ts'
import type { StoredObject } from '../state.ts'
import { childOf, childrenOf, parseXml, printXml, textOf, type WireResponse, xmlResponse } from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, requestedBucket } from './bucket-access.ts'
import { s3Error } from './errors.ts'
import { replaceVersion, requestedVersion } from './object-version.ts'
import { readPayload } from './payload.ts'
import { checkedTags, requestTagContext, type Tags } from './tag-context.ts'

export function putObjectTagging(call: ServiceCall): WireResponse {
  const tags = tagsInBody(call, 10)
  const { bucket, object } = requestedVersion(call, 'PutObjectTagging', requestTagContext(tags))
  replaceVersion(bucket, { ...object, tags })
  return { status: 200, headers: versionHeader(object), body: '' }
}

export function getObjectTagging(call: ServiceCall): WireResponse {
  const { object } = requestedVersion(call, 'GetObjectTagging')
  return { ...printTags(object.tags), headers: { 'content-type': 'application/xml', ...versionHeader(object) } }
}

export function deleteObjectTagging(call: ServiceCall): WireResponse {
  const { bucket, object } = requestedVersion(call, 'DeleteObjectTagging')
  replaceVersion(bucket, { ...object, tags: new Map() })
  return { status: 204, headers: versionHeader(object), body: '' }
}

export function putBucketTagging(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:PutBucketTagging')
  const tags = tagsInBody(call, 50)
  bucket.tags.clear()
  for (const [key, value] of tags) bucket.tags.set(key, value)
  return { status: 204, headers: {}, body: '' }
}

export function getBucketTagging(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:GetBucketTagging')
  if (bucket.tags.size === 0) throw s3Error('NoSuchTagSet', { BucketName: bucket.name })
  return printTags(bucket.tags)
}

export function deleteBucketTagging(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:PutBucketTagging')
  bucket.tags.clear()
  return { status: 204, headers: {}, body: '' }
}

const versionHeader = ({ versionId }: StoredObject): Record<string, string> =>
  versionId === undefined ? {} : { 'x-amz-version-id': versionId }

function printTags(tags: Tags): WireResponse {
  const fields = { TagSet: { Tag: [...tags].map(([Key, Value]) => ({ Key, Value })) } }
  return xmlResponse(200, printXml('Tagging', fields, s3Namespace))
}

function tagsInBody(call: ServiceCall, most: number): Tags {
  const body = parseXml(readPayload(call).content)
  const set = childOf(body, 'TagSet')
  if (body.name !== 'Tagging' || set === undefined) throw s3Error('MalformedXML')
  const tags = childrenOf(set, 'Tag').map(tag => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? ''] as const)
  return checkedTags(tags, most)
}
