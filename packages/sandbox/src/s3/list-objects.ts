// ListObjectsV2 and its elder, ListObjects: pages of keys in UTF-8 byte order.

import { checksumAlgorithms, checksumHeader } from '../checksum.ts'
import type { ServiceCall } from '../service.ts'
import type { Bucket, StoredObject } from '../state.ts'
import { isoMillis, printXml, queryValue, type WireResponse, type XmlFields, xmlResponse } from '../wire.ts'
import { canonicalUserId, s3Namespace } from './bucket.ts'
import { authorizeOn, listContext, requestedBucket } from './bucket-access.ts'
import { type KeyPage, pageOfKeys } from './key-page.ts'
import { invalidArgument, type Listing, readListing } from './listing.ts'
import { keysOf } from './object-index.ts'

export function listObjectsV2(call: ServiceCall): WireResponse {
  const bucket = listableBucket(call)
  const token = queryValue(call.request, 'continuation-token')
  const startAfter = queryValue(call.request, 'start-after')
  const listing = readListing(call, token === undefined ? startAfter : keyInToken(token))
  const page = pageOfKeys(keysOf(bucket), listing)
  const fetchOwner = queryValue(call.request, 'fetch-owner') === 'true'
  return printListing(bucket, listing, page, fetchOwner, {
    KeyCount: page.keys.length + page.commonPrefixes.length,
    ContinuationToken: token,
    NextContinuationToken: page.last === undefined ? undefined : tokenFor(page.last),
    StartAfter: startAfter === undefined ? undefined : listing.print(startAfter),
  })
}

export function listObjects(call: ServiceCall): WireResponse {
  const bucket = listableBucket(call)
  const marker = queryValue(call.request, 'marker') ?? ''
  const listing = readListing(call, marker === '' ? undefined : marker)
  const page = pageOfKeys(keysOf(bucket), listing)
  // Without a delimiter the last key is the next marker, and S3 leaves it to the client to see that.
  const next = listing.delimiter === '' ? undefined : page.last
  return printListing(bucket, listing, page, true, {
    Marker: listing.print(marker),
    NextMarker: next === undefined ? undefined : listing.print(next),
  })
}

function listableBucket(call: ServiceCall): Bucket {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:ListBucket', undefined, listContext(call))
  return bucket
}

const tokenMark = 'after:'

function tokenFor(key: string): string {
  return Buffer.from(tokenMark + key).toString('base64url')
}

function keyInToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString()
  if (text.startsWith(tokenMark) && tokenFor(text.slice(tokenMark.length)) === token)
    return text.slice(tokenMark.length)
  throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect')
}

function printListing(
  bucket: Bucket,
  listing: Listing,
  page: KeyPage,
  withOwner: boolean,
  paging: XmlFields,
): WireResponse {
  const owner = withOwner ? { ID: canonicalUserId(bucket.account) } : undefined
  const body = printXml(
    'ListBucketResult',
    {
      Name: bucket.name,
      Prefix: listing.print(listing.prefix),
      Delimiter: listing.delimiter === '' ? undefined : listing.print(listing.delimiter),
      MaxKeys: listing.maxKeys,
      EncodingType: listing.encoded ? 'url' : undefined,
      IsTruncated: page.last !== undefined,
      ...paging,
      Contents: page.keys.map(key => printObject(bucket.objects.get(key), listing, owner)),
      CommonPrefixes: page.commonPrefixes.map(prefix => ({ Prefix: listing.print(prefix) })),
    },
    s3Namespace,
  )
  return xmlResponse(200, body, { 'x-amz-bucket-region': bucket.region })
}

function printObject(object: StoredObject | undefined, listing: Listing, owner: XmlFields | undefined): XmlFields {
  if (object === undefined) return {}
  const algorithm = checksumAlgorithms.find(each => object.headers[checksumHeader(each)] !== undefined)
  return {
    Key: listing.print(object.key),
    LastModified: isoMillis(object.modifiedAt),
    ETag: object.etag,
    ChecksumAlgorithm: algorithm,
    ChecksumType: object.headers['x-amz-checksum-type'],
    Size: object.body.length,
    Owner: owner,
    StorageClass: 'STANDARD',
  }
}
