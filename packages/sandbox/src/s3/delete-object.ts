// Deleting one object or up to a thousand. What is not there counts as deleted.

import type { ServiceCall } from '../service.ts'
import type { Bucket } from '../state.ts'
import {
  AwsError,
  childrenOf,
  parseXml,
  printXml,
  queryValue,
  textOf,
  type WireResponse,
  type XmlFields,
  xmlResponse,
} from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, requestedBucket, requestedKey } from './bucket-access.ts'
import { mayDelete } from './condition.ts'
import { s3Error } from './errors.ts'
import { readPayload } from './payload.ts'
import { type Deletion, deleteCurrent, deleteVersion } from './versions.ts'

export function deleteObject(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  const key = requestedKey(call)
  const versionId = queryValue(call.request, 'versionId')
  const deletion = removeAllowed(call, bucket, { key, versionId, etag: call.request.headers['if-match'] })
  return {
    status: 204,
    headers: {
      ...(deletion.versionId !== undefined && { 'x-amz-version-id': deletion.versionId }),
      ...(deletion.isMarker && { 'x-amz-delete-marker': 'true' }),
    },
    body: '',
  }
}

export function deleteObjects(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  const request = requestedDeletes(call)
  const outcomes = request.objects.map(one => ({ one, outcome: attempt(() => removeAllowed(call, bucket, one)) }))
  const deleted = outcomes.flatMap(({ one, outcome }) =>
    outcome instanceof AwsError ? [] : [printDeletion(one, outcome)],
  )
  const refused = outcomes.flatMap(({ one: { key, versionId }, outcome }) =>
    outcome instanceof AwsError
      ? [{ Key: key, VersionId: versionId, Code: outcome.code, Message: outcome.message }]
      : [],
  )
  const fields = request.quiet ? { Error: refused } : { Deleted: deleted, Error: refused }
  return xmlResponse(200, printXml('DeleteResult', fields, s3Namespace))
}

interface Wanted {
  readonly key: string
  readonly versionId: string | undefined
  readonly etag: string | undefined
}

function removeAllowed(call: ServiceCall, bucket: Bucket, { key, versionId, etag }: Wanted): Deletion {
  const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
  authorizeOn(call, bucket, action, key, { 's3:versionid': versionId })
  if (!mayDelete(etag, bucket.objects.get(key))) throw s3Error('PreconditionFailed', { Condition: 'If-Match' })
  return versionId === undefined ? deleteCurrent(call.world, bucket, key) : deleteVersion(bucket, key, versionId)
}

function printDeletion({ key, versionId }: Wanted, deletion: Deletion): XmlFields {
  const marker = deletion.isMarker ? { DeleteMarker: true, DeleteMarkerVersionId: deletion.versionId } : {}
  return { Key: key, VersionId: versionId, ...marker }
}

// One refused key stops none of the others.
function attempt<Result>(work: () => Result): Result | AwsError {
  try {
    return work()
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
}

interface Deletes {
  readonly quiet: boolean
  readonly objects: readonly Wanted[]
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
    return { key: keyOf(textOf(entry, 'Key')), versionId: textOf(entry, 'VersionId'), etag: textOf(entry, 'ETag') }
  })
  return { quiet: textOf(body, 'Quiet') === 'true', objects }
}

function keyOf(text: string | undefined): string {
  if (text === undefined || text === '') throw s3Error('MalformedXML')
  return text
}
