// The multipart uploads of a bucket that are under way, by key and then by age.

import type { ServiceCall } from '../service.ts'
import type { MultipartUpload } from '../state.ts'
import { isoMillis, printXml, queryValue, type WireResponse, xmlResponse } from '../wire.ts'
import { s3Namespace } from './bucket.ts'
import { authorizeOn, listContext, requestedBucket } from './bucket-access.ts'
import { invalidArgument } from './listing.ts'
import { compareKeys } from './sorted-keys.ts'

export function listMultipartUploads(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:ListBucketMultipartUploads', undefined, listContext(call))
  const prefix = queryValue(call.request, 'prefix') ?? ''
  const keyMarker = queryValue(call.request, 'key-marker') ?? ''
  const idMarker = queryValue(call.request, 'upload-id-marker') ?? ''
  const most = readMost(queryValue(call.request, 'max-uploads'))
  const all = [...(bucket.uploads?.values() ?? [])].filter(({ key }) => key.startsWith(prefix)).sort(inOrder)
  const rest = keyMarker === '' ? all : all.filter(upload => isAfter(all, upload, keyMarker, idMarker))
  const page = rest.slice(0, most)
  const last = rest.length > page.length ? page.at(-1) : undefined
  const fields = {
    Bucket: bucket.name,
    KeyMarker: keyMarker,
    UploadIdMarker: idMarker,
    NextKeyMarker: last?.key,
    NextUploadIdMarker: last?.uploadId,
    Prefix: prefix,
    MaxUploads: most,
    IsTruncated: last !== undefined,
    Upload: page.map(({ key, uploadId, initiatedAt }) => ({
      Key: key,
      UploadId: uploadId,
      Initiated: isoMillis(initiatedAt),
      StorageClass: 'STANDARD',
    })),
  }
  return xmlResponse(200, printXml('ListMultipartUploadsResult', fields, s3Namespace))
}

function inOrder(a: MultipartUpload, b: MultipartUpload): number {
  return compareKeys(a.key, b.key) || a.initiatedAt - b.initiatedAt || compareKeys(a.uploadId, b.uploadId)
}

/** Without an upload id the marker stands for every upload of its key. */
function isAfter(
  all: readonly MultipartUpload[],
  upload: MultipartUpload,
  keyMarker: string,
  idMarker: string,
): boolean {
  const order = compareKeys(upload.key, keyMarker)
  if (order !== 0 || idMarker === '') return order > 0
  const marked = all.find(one => one.key === keyMarker && one.uploadId === idMarker)
  return marked !== undefined && inOrder(upload, marked) > 0
}

function readMost(asked: string | undefined): number {
  if (asked === undefined) return 1000
  if (/^\d{1,4}$/.test(asked) && Number(asked) >= 1) return Math.min(1000, Number(asked))
  throw invalidArgument('max-uploads', asked, 'Argument max-uploads must be an integer between 1 and 1000')
}
