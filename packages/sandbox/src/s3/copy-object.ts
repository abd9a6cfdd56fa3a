// CopyObject: one object becomes another, in the same bucket or across buckets; the caller needs both ends.

import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader, checksumOf } from '../checksum.ts'
import type { ServiceCall } from '../service.ts'
import type { Bucket, StoredObject } from '../state.ts'
import { isoMillis, printXml, type WireResponse, xmlResponse } from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, findBucket, requestedBucket, requestedKey } from './bucket-access.ts'
import { judgeRead } from './condition.ts'
import { decryptFor, encryptionHeaders } from './encryption.ts'
import { s3Error } from './errors.ts'
import { type FoundVersion, findObject } from './object-version.ts'
import { checksumHeaders, draftOf } from './put-object.ts'
import { existingTagContext } from './tag-context.ts'
import { putVersion } from './versions.ts'

export function copyObject(call: ServiceCall): WireResponse {
  const { headers } = call.request
  const bucket = requestedBucket(call)
  const key = requestedKey(call)
  const replaces = isReplaced(headers, 'x-amz-metadata-directive')
  const replacesTags = isReplaced(headers, 'x-amz-tagging-directive')
  const draft = draftOf(call, bucket, key)
  const source = sourceObject(call)
  if (isOntoItself(bucket, key, source) && !replaces && draft.encryptionKey === source.object.encryptionKey) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
      'metadata, storage class, website redirect location or encryption attributes.'
    throw s3Error('InvalidRequest', {}, message)
  }
  const copy = {
    ...source.object,
    key,
    modifiedAt: call.world.now(),
    ...(replaces && { contentType: draft.contentType }),
    headers: {
      ...(replaces ? draft.headers : withoutChecksums(source.object.headers)),
      ...copiedChecksum(source.object, headers['x-amz-checksum-algorithm']),
    },
    tags: replacesTags ? draft.tags : source.object.tags,
    encryptionKey: draft.encryptionKey,
  }
  const versionId = putVersion(call.world, bucket, copy)
  return xmlResponse(200, printXml('CopyObjectResult', resultOf(copy), s3Namespace), {
    ...encryptionHeaders(copy),
    ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
    ...(source.object.versionId !== undefined && { 'x-amz-copy-source-version-id': source.object.versionId }),
  })
}

function isReplaced(headers: Readonly<Record<string, string>>, name: string): boolean {
  const directive = headers[name]
  if (directive !== undefined && directive !== 'COPY' && directive !== 'REPLACE') {
    throw s3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: directive })
  }
  return directive === 'REPLACE'
}

/** An earlier version copied over the current one is how S3 restores it. */
function isOntoItself(bucket: Bucket, key: string, source: FoundVersion): boolean {
  return source.bucket === bucket && bucket.objects.get(key) === source.object
}

/** What `x-amz-copy-source` names, once the caller may read it and its conditions hold. */
export function sourceObject(call: ServiceCall): FoundVersion {
  const { bucketName, key, versionId } = readSource(call.request.headers['x-amz-copy-source'] ?? '')
  const bucket = findBucket(call, bucketName)
  const object = findObject(call, bucket, key, versionId, 'GetObject')
  if (object.tags.size > 0) {
    authorizeOn(call, bucket, 's3:GetObjectTagging', key, existingTagContext(object))
  }
  decryptFor(call, bucket, object)
  // To a copy, a source that has not changed is a failed condition like any other.
  if (judgeRead(call.request.headers, object, 'x-amz-copy-source-') !== 'serve') {
    throw s3Error('PreconditionFailed', { Condition: 'x-amz-copy-source-If-' })
  }
  return { bucket, object }
}

// `/bucket/key`, percent-encoded, the first slash optional; a version as `?versionId=`.
function readSource(header: string): { bucketName: string; key: string; versionId: string | undefined } {
  const [path = '', query] = header.split('?')
  const versionId = query === undefined ? undefined : new URLSearchParams(query).get('versionId')
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decoded(path))
  if (match === null || versionId === null) throw invalidSource(header)
  return { bucketName: match[1] ?? '', key: match[2] ?? '', versionId }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw invalidSource(path)
  }
}

function invalidSource(value: string) {
  return s3Error(
    'InvalidArgument',
    { ArgumentName: 'x-amz-copy-source', ArgumentValue: value },
    'Invalid copy source object key',
  )
}

function copiedChecksum(source: StoredObject, asked: string | undefined): Readonly<Record<string, string>> {
  if (asked === undefined) return onlyChecksums(source.headers)
  const algorithm = checksumAlgorithms.find(each => each === asked.toUpperCase())
  if (algorithm === undefined) throw s3Error('NotImplemented', { Header: 'x-amz-checksum-algorithm' })
  return checksumHeaders({ algorithm, value: checksumOf(algorithm, source.body) })
}

function withoutChecksums(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-amz-checksum-')))
}

function onlyChecksums(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-checksum-')))
}

function resultOf(copy: Omit<StoredObject, 'versionId'>): Record<string, string | undefined> {
  return {
    LastModified: isoMillis(copy.modifiedAt),
    ETag: copy.etag,
    ...storedChecksum(copy, algorithm => `Checksum${algorithm}`),
  }
}

function storedChecksum(
  object: Pick<StoredObject, 'headers'>,
  name: (algorithm: ChecksumAlgorithm) => string,
): Record<string, string> {
  const found = checksumAlgorithms.find(algorithm => object.headers[checksumHeader(algorithm)] !== undefined)
  if (found === undefined) return {}
  return {
    [name(found)]: object.headers[checksumHeader(found)] ?? '',
    ChecksumType: object.headers['x-amz-checksum-type'] ?? 'FULL_OBJECT',
  }
}
