// Multipart uploads: begun, filled part by part, completed or given up. Nothing of one is an object before it completes.

import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader, checksumOf, md5Of } from '../checksum.ts'
import type { ServiceCall } from '../service.ts'
import type { Bucket, MultipartUpload, UploadedPart } from '../state.ts'
import {
  childrenOf,
  isoMillis,
  parseXml,
  printXml,
  queryValue,
  textOf,
  type WireResponse,
  xmlResponse,
} from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, requestedBucket, requestedKey } from './bucket-access.ts'
import { judgeWrite } from './condition.ts'
import { sourceObject } from './copy-object.ts'
import { decryptFor, encryptionHeaders } from './encryption.ts'
import { s3Error } from './errors.ts'
import { readPayload } from './payload.ts'
import { draftOf } from './put-object.ts'
import { putVersion } from './versions.ts'

export function createMultipartUpload(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  const key = requestedKey(call)
  const draft = draftOf(call, bucket, key)
  // S3 takes the parts apart again to put them together: a multipart write under a KMS key needs both permissions.
  decryptFor(call, bucket, draft)
  const checksum = askedChecksum(call)
  const uploadId = call.world.random.bytes(48).toString('base64url')
  bucket.uploads ??= new Map()
  bucket.uploads.set(uploadId, { uploadId, key, initiatedAt: call.world.now(), draft, checksum, parts: new Map() })
  const fields = { Bucket: bucket.name, Key: key, UploadId: uploadId }
  return xmlResponse(200, printXml('InitiateMultipartUploadResult', fields, s3Namespace), {
    ...encryptionHeaders(draft),
    ...(checksum && {
      'x-amz-checksum-algorithm': checksum.algorithm,
      'x-amz-checksum-type': checksum.isComposite ? 'COMPOSITE' : 'FULL_OBJECT',
    }),
  })
}

function askedChecksum({ request: { headers } }: ServiceCall): MultipartUpload['checksum'] {
  const asked = headers['x-amz-checksum-algorithm']
  if (asked === undefined) return undefined
  const algorithm = checksumAlgorithms.find(each => each === asked.toUpperCase())
  if (algorithm === undefined) throw s3Error('NotImplemented', { Header: 'x-amz-checksum-algorithm' })
  const type = headers['x-amz-checksum-type'] ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  // A whole object's SHA cannot be put together from its parts, and a CRC64NVME always is the whole object's.
  const isPossible =
    type === 'COMPOSITE' ? algorithm !== 'CRC64NVME' : type === 'FULL_OBJECT' && !algorithm.startsWith('SHA')
  if (isPossible) return { algorithm, isComposite: type === 'COMPOSITE' }
  throw s3Error(
    'InvalidRequest',
    {},
    `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
  )
}

export function uploadPart(call: ServiceCall): WireResponse {
  const { bucket, upload } = requestedUpload(call, 's3:PutObject')
  decryptFor(call, bucket, upload.draft)
  const { content, md5, checksum } = readPayload(call)
  if (checksum && upload.checksum && checksum.algorithm !== upload.checksum.algorithm) {
    throw s3Error(
      'InvalidRequest',
      {},
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm}`,
    )
  }
  const part = storePart(call, upload, content, md5)
  return {
    status: 200,
    headers: {
      etag: part.etag,
      ...encryptionHeaders(upload.draft),
      ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }),
      'x-amz-bucket-region': bucket.region,
    },
    body: '',
  }
}

export function uploadPartCopy(call: ServiceCall): WireResponse {
  const { upload } = requestedUpload(call, 's3:PutObject')
  const { object } = sourceObject(call)
  const content = partOf(object.body, call.request.headers['x-amz-copy-source-range'])
  const part = storePart(call, upload, content, md5Of(content))
  const fields = { LastModified: isoMillis(part.uploadedAt), ETag: part.etag }
  return xmlResponse(200, printXml('CopyPartResult', fields, s3Namespace), encryptionHeaders(upload.draft))
}

function partOf(body: Buffer, range: string | undefined): Buffer {
  if (range === undefined) return body
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
  if (from === undefined || Number(from) > Number(to) || Number(to) >= body.length) {
    throw s3Error('InvalidArgument', { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: range })
  }
  return body.subarray(Number(from), Number(to) + 1)
}

function storePart({ request, world }: ServiceCall, upload: MultipartUpload, body: Buffer, md5: Buffer): UploadedPart {
  const asked = queryValue(request, 'partNumber') ?? ''
  const number = Number(asked)
  if (!/^\d{1,5}$/.test(asked) || number < 1 || number > 10_000) {
    const message = 'Part number must be an integer between 1 and 10000, inclusive'
    throw s3Error('InvalidArgument', { ArgumentName: 'partNumber', ArgumentValue: asked }, message)
  }
  const algorithm = upload.checksum?.algorithm as ChecksumAlgorithm | undefined
  const part: UploadedPart = {
    number,
    body,
    etag: `"${md5.toString('hex')}"`,
    checksum: algorithm && checksumOf(algorithm, body),
    uploadedAt: world.now(),
  }
  upload.parts.set(number, part)
  return part
}

const leastPartSize = 5 * 1024 * 1024

export function completeMultipartUpload(call: ServiceCall): WireResponse {
  const { headers } = call.request
  const { bucket, upload } = requestedUpload(call, 's3:PutObject')
  const parts = namedParts(call, upload)
  for (const part of parts.slice(0, -1)) {
    if (part.body.length < leastPartSize) {
      throw s3Error('EntityTooSmall', { ProposedSize: String(part.body.length), PartNumber: String(part.number) })
    }
  }
  if (judgeWrite(headers, bucket.objects.get(upload.key)) !== 'write') {
    throw s3Error('PreconditionFailed', { Condition: headers['if-match'] === undefined ? 'If-None-Match' : 'If-Match' })
  }
  const body = Buffer.concat(parts.map(part => part.body))
  const md5s = Buffer.concat(parts.map(part => Buffer.from(part.etag.slice(1, -1), 'hex')))
  const checksum = wholeChecksum(upload, parts, body)
  refuseOtherChecksum(headers, checksum)
  const object = {
    ...upload.draft,
    key: upload.key,
    body,
    etag: `"${md5Of(md5s).toString('hex')}-${parts.length}"`,
    modifiedAt: call.world.now(),
    headers: { ...upload.draft.headers, [checksum.header]: checksum.value, 'x-amz-checksum-type': checksum.type },
  }
  const versionId = putVersion(call.world, bucket, object)
  bucket.uploads?.delete(upload.uploadId)
  const fields = {
    Location: `/${bucket.name}/${upload.key}`,
    Bucket: bucket.name,
    Key: upload.key,
    ETag: object.etag,
    [`Checksum${checksum.algorithm}`]: checksum.value,
    ChecksumType: checksum.type,
  }
  return xmlResponse(200, printXml('CompleteMultipartUploadResult', fields, s3Namespace), {
    ...encryptionHeaders(object),
    ...(versionId !== undefined && { 'x-amz-version-id': versionId }),
  })
}

/** The parts that the request names, in its order; each must be there as it says. */
function namedParts(call: ServiceCall, upload: MultipartUpload): readonly UploadedPart[] {
  const body = parseXml(readPayload(call).content)
  const named = childrenOf(body, 'Part')
  if (body.name !== 'CompleteMultipartUpload' || named.length === 0) throw s3Error('MalformedXML')
  const numbers = named.map(part => Number(textOf(part, 'PartNumber')))
  if (numbers.some((number, at) => at > 0 && number <= (numbers[at - 1] ?? 0))) throw s3Error('InvalidPartOrder')
  return named.map((part, at) => {
    const found = upload.parts.get(numbers[at] ?? 0)
    const etag = textOf(part, 'ETag')?.replaceAll('"', '')
    if (found === undefined || found.etag !== `"${etag}"`) {
      throw s3Error('InvalidPart', { UploadId: upload.uploadId, PartNumber: String(numbers[at]), ETag: etag ?? '' })
    }
    return found
  })
}

interface WholeChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly header: string
  readonly value: string
  readonly type: 'COMPOSITE' | 'FULL_OBJECT'
}

/** S3 computes CRC64NVME itself where the upload named no algorithm. */
function wholeChecksum({ checksum }: MultipartUpload, parts: readonly UploadedPart[], body: Buffer): WholeChecksum {
  const algorithm = (checksum?.algorithm ?? 'CRC64NVME') as ChecksumAlgorithm
  const header = checksumHeader(algorithm)
  if (!checksum?.isComposite) return { algorithm, header, value: checksumOf(algorithm, body), type: 'FULL_OBJECT' }
  const each = Buffer.concat(parts.map(part => Buffer.from(part.checksum ?? '', 'base64')))
  return { algorithm, header, value: `${checksumOf(algorithm, each)}-${parts.length}`, type: 'COMPOSITE' }
}

function refuseOtherChecksum(
  headers: Readonly<Record<string, string>>,
  { algorithm, header, value }: WholeChecksum,
): void {
  const given = headers[header]
  if (given === undefined || given === value || given === value.replace(/-\d+$/, '')) return
  throw s3Error('BadDigest', {}, `The ${algorithm} you specified did not match the calculated checksum.`)
}

export function abortMultipartUpload(call: ServiceCall): WireResponse {
  const { bucket, upload } = requestedUpload(call, 's3:AbortMultipartUpload')
  bucket.uploads?.delete(upload.uploadId)
  return { status: 204, headers: {}, body: '' }
}

function requestedUpload(call: ServiceCall, action: string): { bucket: Bucket; upload: MultipartUpload } {
  const { bucket, upload, uploadId } = namedUpload(call, action)
  if (upload) return { bucket, upload }
  throw s3Error('NoSuchUpload', { UploadId: uploadId })
}

function namedUpload(call: ServiceCall, action: string) {
  const bucket = requestedBucket(call)
  const key = requestedKey(call)
  authorizeOn(call, bucket, action, key)
  const uploadId = queryValue(call.request, 'uploadId') ?? ''
  const upload = bucket.uploads?.get(uploadId)
  return { bucket, uploadId, upload: upload?.key === key ? upload : undefined }
}

export function listParts(call: ServiceCall): WireResponse {
  const { bucket, upload } = requestedUpload(call, 's3:ListMultipartUploadParts')
  const marker = Number(queryValue(call.request, 'part-number-marker') ?? 0)
  const most = Math.min(1000, Number(queryValue(call.request, 'max-parts') ?? 1000))
  const rest = [...upload.parts.values()].filter(({ number }) => number > marker).sort((a, b) => a.number - b.number)
  const page = rest.slice(0, most)
  const isTruncated = rest.length > page.length
  const fields = {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.uploadId,
    PartNumberMarker: marker,
    NextPartNumberMarker: isTruncated ? page.at(-1)?.number : undefined,
    MaxParts: most,
    IsTruncated: isTruncated,
    ChecksumAlgorithm: upload.checksum?.algorithm,
    Part: page.map(({ number, etag, body, uploadedAt, checksum }) => ({
      PartNumber: number,
      LastModified: isoMillis(uploadedAt),
      ETag: etag,
      Size: body.length,
      ...(upload.checksum && { [`Checksum${upload.checksum.algorithm}`]: checksum }),
    })),
    StorageClass: 'STANDARD',
  }
  return xmlResponse(200, printXml('ListPartsResult', fields, s3Namespace))
}
