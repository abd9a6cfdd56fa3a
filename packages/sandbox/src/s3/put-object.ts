// PutObject: a whole object stored at once, or nothing.

import { keptContentEncoding } from '../aws-chunked.ts'
import { checksumHeader, checksumOf } from '../checksum.ts'
import type { ServiceCall } from '../service.ts'
import type { Bucket, MultipartUpload, StoredObject } from '../state.ts'
import type { WireResponse } from '../wire.ts'
import { authorizeOn, requestedBucket, requestedKey, writeContext } from './bucket-access.ts'
import { judgeWrite } from './condition.ts'
import { encryptionHeaders, keyForWrite } from './encryption.ts'
import { s3Error } from './errors.ts'
import { type Checksum, readPayload } from './payload.ts'
import { requestTagContext, tagsInHeader } from './tag-context.ts'
import { putVersion } from './versions.ts'

type Headers = Readonly<Record<string, string>>

export function putObject(call: ServiceCall): WireResponse {
  const { headers } = call.request
  const bucket = requestedBucket(call)
  const key = requestedKey(call)
  const draft = draftOf(call, bucket, key)
  const payload = readPayload(call)
  refuseUnmetCondition(headers, bucket.objects.get(key), key)
  // S3 computes CRC64NVME itself where the client sent nothing.
  const checksum = payload.checksum ?? {
    algorithm: 'CRC64NVME',
    value: checksumOf('CRC64NVME', payload.content),
  }
  const object = {
    ...draft,
    key,
    body: payload.content,
    etag: `"${payload.md5.toString('hex')}"`,
    modifiedAt: call.world.now(),
    headers: { ...draft.headers, ...checksumHeaders(checksum) },
  }
  const versionId = putVersion(call.world, bucket, object)
  return {
    status: 200,
    headers: {
      etag: object.etag,
      ...checksumHeaders(checksum),
      ...encryptionHeaders(object),
      ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
    },
    body: '',
  }
}

/** All of an object but its content, as the headers of a write say it, once the caller may write it. */
export function draftOf(call: ServiceCall, bucket: Bucket, key: string): MultipartUpload['draft'] {
  const { headers } = call.request
  const tags = tagsInHeader(call)
  authorizeOn(call, bucket, 's3:PutObject', key, { ...writeContext(call), ...requestTagContext(tags) })
  if (tags.size > 0) authorizeOn(call, bucket, 's3:PutObjectTagging', key, requestTagContext(tags))
  refuseUnknownWriteHeaders(headers)
  return {
    contentType: headers['content-type'] ?? defaultContentType,
    headers: keptHeaders(headers),
    tags,
    encryptionKey: keyForWrite(call, bucket),
  }
}

export const defaultContentType = 'binary/octet-stream'

export function checksumHeaders({ algorithm, value }: Checksum): Headers {
  return { [checksumHeader(algorithm)]: value, 'x-amz-checksum-type': 'FULL_OBJECT' }
}

/** The headers of a write that come back with every read. Throws MetadataTooLarge beyond 2 KB of metadata. */
export function keptHeaders(headers: Headers): Headers {
  const kept: Record<string, string> = {}
  let metadataSize = 0
  for (const [name, value] of Object.entries(headers)) {
    if (systemHeaders.has(name)) kept[name] = value
    if (!name.startsWith('x-amz-meta-')) continue
    kept[name] = value
    metadataSize += Buffer.byteLength(name.slice('x-amz-meta-'.length)) + Buffer.byteLength(value)
  }
  if (metadataSize > 2048) {
    throw s3Error('MetadataTooLarge', { Size: String(metadataSize), MaxSizeAllowed: '2048' })
  }
  const encoding = keptContentEncoding(headers['content-encoding'])
  return encoding === undefined ? kept : { ...kept, 'content-encoding': encoding }
}

const systemHeaders = new Set(['cache-control', 'content-disposition', 'content-language', 'expires'])

/** Throws NotImplemented on a header that asks for more than is stored here: silence would be a lie. */
export function refuseUnknownWriteHeaders(headers: Headers): void {
  const storage = headers['x-amz-storage-class']
  if (storage !== undefined && storage !== 'STANDARD') throw notImplemented('x-amz-storage-class')
  const unknown = Object.keys(headers).find(name => unknownWriteHeaders.test(name))
  if (unknown !== undefined) throw notImplemented(unknown)
  // Buckets are made with owner-enforced ownership, where ACLs can only repeat what is so anyway.
  const acl = headers['x-amz-acl']
  if (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control') {
    throw s3Error('AccessControlListNotSupported')
  }
}

const unknownWriteHeaders =
  /^x-amz-(?:object-lock-.*|server-side-encryption-(?!aws-kms-key-id$).*|grant-.*|write-offset-bytes|website-redirect-location)$/

function notImplemented(header: string) {
  return s3Error('NotImplemented', { Header: header })
}

function refuseUnmetCondition(headers: Headers, existing: StoredObject | undefined, key: string): void {
  const condition = headers['if-none-match'] === undefined ? 'If-Match' : 'If-None-Match'
  switch (judgeWrite(headers, existing)) {
    case 'precondition-failed':
      throw s3Error('PreconditionFailed', { Condition: condition })
    case 'no-such-key':
      throw s3Error('NoSuchKey', { Key: key })
    case 'not-implemented':
      throw notImplemented(condition)
    case 'write':
  }
}
