// Whether a bucket keeps versions, and the list of those that it keeps.

import type { ServiceCall } from '../service.ts'
import type { Bucket, StoredVersion } from '../state.ts'
import {
  isoMillis,
  parseXml,
  printXml,
  queryValue,
  textOf,
  type WireResponse,
  type XmlFields,
  xmlResponse,
} from '../wire.ts'
import { canonicalUserId, s3Namespace } from './bucket.ts'
import { authorizeOn, listContext, requestedBucket } from './bucket-access.ts'
import { s3Error } from './errors.ts'
import { type Listing, readListing } from './listing.ts'
import { readPayload } from './payload.ts'
import { compareKeys } from './sorted-keys.ts'
import { versionsOf } from './versions.ts'

export function putBucketVersioning(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:PutBucketVersioning')
  const body = parseXml(readPayload(call).content)
  const status = textOf(body, 'Status')
  if (body.name !== 'VersioningConfiguration' || (status !== 'Enabled' && status !== 'Suspended')) {
    throw s3Error('MalformedXML')
  }
  if (textOf(body, 'MfaDelete') === 'Enabled') throw s3Error('NotImplemented', { Header: 'MfaDelete' })
  bucket.noncurrent ??= new Map()
  bucket.versioning = status
  return { status: 200, headers: {}, body: '' }
}

export function getBucketVersioning(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:GetBucketVersioning')
  return xmlResponse(200, printXml('VersioningConfiguration', { Status: bucket.versioning }, s3Namespace))
}

interface Row {
  readonly key: string
  readonly version: StoredVersion
  readonly isLatest: boolean
}

/** By key, then newest first; keys with a common prefix rolled up. */
export function listObjectVersions(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:ListBucketVersions', undefined, listContext(call))
  const keyMarker = queryValue(call.request, 'key-marker') ?? ''
  const versionMarker = queryValue(call.request, 'version-id-marker') ?? ''
  const listing = readListing(call, undefined)
  const { rows, prefixes, more } = pageOfRows(rowsAfter(bucket, listing, keyMarker, versionMarker), listing, keyMarker)
  const last = rows.at(-1)
  const lastPrefix = prefixes.at(-1) ?? ''
  const endsWithPrefix = last === undefined || compareKeys(lastPrefix, last.key) > 0
  const body = printXml(
    'ListVersionsResult',
    {
      Name: bucket.name,
      Prefix: listing.print(listing.prefix),
      KeyMarker: listing.print(keyMarker),
      VersionIdMarker: versionMarker,
      ...(more && {
        NextKeyMarker: listing.print(endsWithPrefix ? lastPrefix : last.key),
        NextVersionIdMarker: endsWithPrefix ? undefined : last.version.versionId,
      }),
      MaxKeys: listing.maxKeys,
      Delimiter: listing.delimiter === '' ? undefined : listing.print(listing.delimiter),
      EncodingType: listing.encoded ? 'url' : undefined,
      IsTruncated: more,
      Version: rows.filter(({ version }) => version.object).map(row => printRow(bucket, listing, row)),
      DeleteMarker: rows.filter(({ version }) => !version.object).map(row => printRow(bucket, listing, row)),
      CommonPrefixes: prefixes.map(prefix => ({ Prefix: listing.print(prefix) })),
    },
    s3Namespace,
  )
  return xmlResponse(200, body)
}

function rowsAfter(bucket: Bucket, { prefix }: Listing, keyMarker: string, versionMarker: string): Row[] {
  const keys = new Set([...bucket.objects.keys(), ...(bucket.noncurrent?.keys() ?? [])])
  return [...keys]
    .filter(key => key.startsWith(prefix) && (keyMarker === '' || compareKeys(key, keyMarker) >= 0))
    .sort(compareKeys)
    .flatMap(key => {
      const rows = versionsOf(bucket, key).map((version, at) => ({ key, version, isLatest: at === 0 }))
      if (key !== keyMarker || keyMarker === '') return rows
      // Without a version the marker stands for all of its key.
      const at = rows.findIndex(({ version }) => version.versionId === versionMarker)
      return versionMarker === '' || at < 0 ? [] : rows.slice(at + 1)
    })
}

function pageOfRows(all: readonly Row[], { prefix, delimiter, maxKeys }: Listing, keyMarker: string) {
  const rows: Row[] = []
  const prefixes: string[] = []
  for (const row of all) {
    const end = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length)
    const common = end < 0 ? undefined : row.key.slice(0, end + delimiter.length)
    if (common !== undefined && (common === prefixes.at(-1) || common === keyMarker)) continue
    if (rows.length + prefixes.length >= maxKeys) return { rows, prefixes, more: maxKeys > 0 }
    if (common === undefined) rows.push(row)
    else prefixes.push(common)
  }
  return { rows, prefixes, more: false }
}

function printRow(bucket: Bucket, listing: Listing, { key, version, isLatest }: Row): XmlFields {
  const { object } = version
  return {
    Key: listing.print(key),
    VersionId: version.versionId,
    IsLatest: isLatest,
    LastModified: isoMillis(version.modifiedAt),
    ...(object && { ETag: object.etag, Size: object.body.length, StorageClass: 'STANDARD' }),
    Owner: { ID: canonicalUserId(bucket.account) },
  }
}
