// Deleting one object or up to a thousand. What is not there counts as deleted.

import type { ServiceCall } from '../service.ts'
import type { Bucket } from '../state.ts'
import { AwsError, childrenOf, parseXml, printXml, textOf, type WireResponse, xmlResponse } from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, requestedBucket, requestedKey } from './bucket-access.ts'
import { mayDelete } from './condition.ts'
import { s3Error } from './errors.ts'
import { removeObject } from './object-index.ts'
import { readPayload } from './payload.ts'

export function deleteObject(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  removeAllowed(call, bucket, requestedKey(call), call.request.headers['if-match'])
  return { status: 204, headers: {}, body: '' }
}

export function deleteObjects(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  const request = requestedDeletes(call)
  const outcomes = request.objects.map(({ key, etag }) => ({ key, error: refusal(call, bucket, key, etag) }))
  const deleted = outcomes.filter(({ error }) => error === undefined).map(({ key }) => ({ Key: key }))
  const refused = outcomes
    .filter(outcome => outcome.error !== undefined)
    .map(({ key, error }) => ({ Key: key, Code: error?.code, Message: error?.message }))
  const fields = request.quiet ? { Error: refused } : { Deleted: deleted, Error: refused }
  return xmlResponse(200, printXml('DeleteResult', fields, s3Namespace))
}

function removeAllowed(call: ServiceCall, bucket: Bucket, key: string, ifMatch: string | undefined): void {
  authorizeOn(call, bucket, 's3:DeleteObject', key)
  if (!mayDelete(ifMatch, bucket.objects.get(key))) throw s3Error('PreconditionFailed', { Condition: 'If-Match' })
  removeObject(bucket, key)
}

// One refused key stops none of the others.
function refusal(call: ServiceCall, bucket: Bucket, key: string, etag: string | undefined): AwsError | undefined {
  try {
    removeAllowed(call, bucket, key, etag)
    return undefined
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
}

interface Deletes {
  readonly quiet: boolean
  readonly objects: readonly { readonly key: string; readonly etag: string | undefined }[]
}

function requestedDeletes(call: ServiceCall): Deletes {
  const payload = readPayload(call)
  if (payload.checksum === undefined && call.request.headers['content-md5'] === undefined) {
    throw s3Error('InvalidRequest', {}, 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  }
  const body = parseXml(payload.content)
  const entries = childrenOf(body, 'Object')
  if (body.name !== 'Delete' || entries.length === 0 || entries.length > 1000) throw s3Error('MalformedXML')
  const objects = entries.map(entry => {
    if (textOf(entry, 'VersionId') !== undefined) throw s3Error('NotImplemented', { Header: 'VersionId' })
    return { key: keyOf(textOf(entry, 'Key')), etag: textOf(entry, 'ETag') }
  })
  return { quiet: textOf(body, 'Quiet') === 'true', objects }
}

function keyOf(text: string | undefined): string {
  if (text === undefined || text === '') throw s3Error('MalformedXML')
  return text
}
