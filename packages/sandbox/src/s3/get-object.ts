// GetObject, HeadObject and the little there is to say about an object's ACL.

import type { ServiceCall } from '../service.ts'
import type { StoredObject } from '../state.ts'
import { printXml, type WireResponse, xmlResponse } from '../wire.ts'
import { canonicalUserId, s3Namespace } from './bucket.ts'
import { judgeRead } from './condition.ts'
import { decryptFor, encryptionHeaders } from './encryption.ts'
import { s3Error } from './errors.ts'
import { requestedVersion } from './object-version.ts'
import { type ByteRange, requestedRange } from './range.ts'

/** GET and HEAD alike: the server sends no body with the answer to a HEAD. */
export function getObject(call: ServiceCall): WireResponse {
  const { bucket, object } = requestedVersion(call, 'GetObject')
  decryptFor(call, bucket, object)
  const { headers } = call.request
  const verdict = judgeRead(headers, object)
  if (verdict === 'precondition-failed') throw s3Error('PreconditionFailed', { Condition: failedCondition(headers) })
  if (verdict === 'not-modified') return { status: 304, headers: validators(object), body: '' }

  const range = requestedRange(headers.range, object.body.length)
  if (range === 'unsatisfiable') {
    throw s3Error('InvalidRange', {
      RangeRequested: headers.range ?? '',
      ActualObjectSize: String(object.body.length),
    })
  }
  const body = range === undefined ? object.body : object.body.subarray(range.start, range.end + 1)
  const described = { ...objectHeaders(object, wantsChecksum(call) && range === undefined), ...overrides(call) }
  const sized = { ...described, 'content-length': String(body.length) }
  return {
    status: range === undefined ? 200 : 206,
    headers: range === undefined ? sized : { ...sized, 'content-range': contentRange(range, object) },
    body: call.request.method === 'HEAD' ? '' : body,
  }
}

export function getObjectAcl(call: ServiceCall): WireResponse {
  const { bucket } = requestedVersion(call, 'GetObjectAcl')
  const owner = canonicalUserId(bucket.account)
  const instance = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
  const grantee = `<Grantee ${instance} xsi:type="CanonicalUser"><ID>${owner}</ID></Grantee>`
  const acl = `<Owner><ID>${owner}</ID></Owner><AccessControlList><Grant>${grantee}<Permission>FULL_CONTROL</Permission></Grant></AccessControlList>`
  const frame = printXml('AccessControlPolicy', {}, s3Namespace)
  return xmlResponse(200, frame.replace('></AccessControlPolicy>', `>${acl}</AccessControlPolicy>`))
}

function failedCondition(headers: Readonly<Record<string, string>>): string {
  return headers['if-match'] === undefined ? 'If-Unmodified-Since' : 'If-Match'
}

function validators(object: StoredObject): Record<string, string> {
  return { etag: object.etag, 'last-modified': new Date(object.modifiedAt).toUTCString() }
}

// Checksums are of the whole object and come only when asked for; a part of it has none.
function objectHeaders(object: StoredObject, withChecksum: boolean): Record<string, string> {
  const kept = Object.entries(object.headers).filter(([name]) => withChecksum || !name.startsWith('x-amz-checksum-'))
  return {
    ...Object.fromEntries(kept),
    ...validators(object),
    ...encryptionHeaders(object),
    ...(object.versionId !== undefined && { 'x-amz-version-id': object.versionId }),
    ...(object.tags.size > 0 && { 'x-amz-tagging-count': String(object.tags.size) }),
    'accept-ranges': 'bytes',
    'content-type': object.contentType,
  }
}

function wantsChecksum({ request }: ServiceCall): boolean {
  return request.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED'
}

function contentRange({ start, end }: ByteRange, object: StoredObject): string {
  return `bytes ${start}-${end}/${object.body.length}`
}

const overridable = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]

// `response-content-type=…` and its sisters; S3 refuses them to the anonymous, who could have made the link up.
function overrides({ request, caller }: ServiceCall): Record<string, string> {
  const asked = request.query
    .map(([name, value]) => [name.replace(/^response-/, ''), value, name] as const)
    .filter(([header, , name]) => name.startsWith('response-') && overridable.includes(header))
  if (asked.length > 0 && caller.kind === 'anonymous') {
    throw s3Error('InvalidRequest', {}, 'Request specific response headers cannot be used for anonymous GET requests.')
  }
  return Object.fromEntries(asked.map(([header, value, name]) => [header, headerValue(name, value)]))
}

// Headers travel as ISO-8859-1, and one that could end its line early must not travel at all.
function headerValue(name: string, value: string): string {
  if (/^[\t\x20-\x7e\xa0-\xff]*$/.test(value)) return value
  const message = 'Header value cannot be represented using ISO-8859-1.'
  throw s3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, message)
}
