// CopyObject: one object becomes another, in the same bucket or across buckets; the caller needs both ends.

import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader, checksumOf } from '../checksum.ts'
import type { ServiceCall } from '../service.ts'
import type { StoredObject } from '../state.ts'
import { isoMillis, printXml, type WireResponse, xmlResponse } from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, findBucket, noSuchKey, requestedBucket, requestedKey, writeContext } from './bucket-access.ts'
import { judgeRead } from './condition.ts'
import { s3Error } from './errors.ts'
import { storeObject } from './object-index.ts'
import {
  checksumHeaders,
  defaultContentType,
  encryptionHeaders,
  keptHeaders,
  refuseUnknownWriteHeaders,
} from './put-object.ts'

export function copyObject(call: ServiceCall): WireResponse {
  const { headers } = call.request
  const bucket = requestedBucket(call)
  const key = requestedKey(call)
  const replaces = replacesMetadata(headers['x-amz-metadata-directive'])
  authorizeOn(call, bucket, 's3:PutObject', key, writeContext(call))
  refuseUnknownWriteHeaders(headers)
  const source = sourceObject(call)
  if (source.bucket === bucket.name && source.object.key === key && !replaces) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
      'metadata, storage class, website redirect location or encryption attributes.'
    throw s3Error('InvalidRequest', {}, message)
  }
  const copy: StoredObject = {
    ...source.object,
    key,
    modifiedAt: call.world.now(),
    ...(replaces ? { contentType: headers['content-type'] ?? defaultContentType } : {}),
    headers: {
      ...(replaces ? keptHeaders(headers) : withoutChecksums(source.object.headers)),
      ...copiedChecksum(source.object, headers['x-amz-checksum-algorithm']),
    },
  }
  storeObject(bucket, copy)
  return xmlResponse(200, printXml('CopyObjectResult', resultOf(copy), s3Namespace), encryptionHeaders)
}

function replacesMetadata(directive: string | undefined): boolean {
  if (directive !== undefined && directive !== 'COPY' && directive !== 'REPLACE') {
    throw s3Error('InvalidArgument', { ArgumentName: 'x-amz-metadata-directive', ArgumentValue: directive })
  }
  return directive === 'REPLACE'
}

function sourceObject(call: ServiceCall): { bucket: string; object: StoredObject } {
  const { bucketName, key } = readSource(call.request.headers['x-amz-copy-source'] ?? '')
  const bucket = findBucket(call, bucketName)
  authorizeOn(call, bucket, 's3:GetObject', key)
  const object = bucket.objects.get(key)
  if (object === undefined) throw noSuchKey(call, bucket, key)
  // To a copy, a source that has not changed is a failed condition like any other.
  if (judgeRead(call.request.headers, object, 'x-amz-copy-source-') !== 'serve') {
    throw s3Error('PreconditionFailed', { Condition: 'x-amz-copy-source-If-' })
  }
  return { bucket: bucketName, object }
}

// `/bucket/key`, percent-encoded, the first slash optional.
function readSource(header: string): { bucketName: string; key: string } {
  const [path = '', query] = header.split('?')
  if (query !== undefined) throw s3Error('NotImplemented', { Header: 'x-amz-copy-source' })
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decoded(path))
  if (match === null) throw invalidSource(header)
  return { bucketName: match[1] ?? '', key: match[2] ?? '' }
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

function resultOf(copy: StoredObject): Record<string, string | undefined> {
  return {
    LastModified: isoMillis(copy.modifiedAt),
    ETag: copy.etag,
    ...storedChecksum(copy, algorithm => `Checksum${algorithm}`),
  }
}

function storedChecksum(object: StoredObject, name: (algorithm: ChecksumAlgorithm) => string): Record<string, string> {
  const found = checksumAlgorithms.find(algorithm => object.headers[checksumHeader(algorithm)] !== undefined)
  if (found === undefined) return {}
  return { [name(found)]: object.headers[checksumHeader(found)] ?? '', ChecksumType: 'FULL_OBJECT' }
}
