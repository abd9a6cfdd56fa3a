// Conditional requests on objects: whether a read is served, answered 304, or refused 412, and whether a write may go on.

import type { StoredObject } from '../state.ts'

type Version = Pick<StoredObject, 'etag' | 'modifiedAt'>
type Headers = Readonly<Record<string, string | undefined>>

export type ReadVerdict = 'serve' | 'not-modified' | 'precondition-failed'

/**
 * What a conditional GET or HEAD deserves; `prefix` is `x-amz-copy-source-` for the source side of a copy.
 * If-Match beats If-Unmodified-Since and If-None-Match beats If-Modified-Since (RFC 9110, 13.2.2; S3 does the same).
 */
export function judgeRead(headers: Headers, object: Version, prefix = ''): ReadVerdict {
  const ifMatch = headers[`${prefix}if-match`]
  const ifNoneMatch = headers[`${prefix}if-none-match`]
  const unmodifiedSince = httpDate(headers[`${prefix}if-unmodified-since`])
  const modifiedSince = httpDate(headers[`${prefix}if-modified-since`])
  // HTTP dates have whole seconds.
  const modified = Math.floor(object.modifiedAt / 1000) * 1000

  if (ifMatch !== undefined) {
    if (!listsEtag(ifMatch, object.etag)) return 'precondition-failed'
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 'precondition-failed'

  if (ifNoneMatch !== undefined) return listsEtag(ifNoneMatch, object.etag) ? 'not-modified' : 'serve'
  if (modifiedSince !== undefined && modified <= modifiedSince) return 'not-modified'
  return 'serve'
}

export type WriteVerdict = 'write' | 'precondition-failed' | 'no-such-key' | 'not-implemented'

/** Whether a conditional PUT may replace `existing`. S3 knows only `If-None-Match: *` and `If-Match: <etag>` here. */
export function judgeWrite(headers: Headers, existing: Version | undefined): WriteVerdict {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') return 'not-implemented'
    return existing === undefined ? 'write' : 'precondition-failed'
  }
  if (ifMatch === undefined) return 'write'
  if (existing === undefined) return 'no-such-key'
  return listsEtag(ifMatch, existing.etag) ? 'write' : 'precondition-failed'
}

/** Whether a conditional DELETE may go on: an object that is not there has nothing to lose. */
export function mayDelete(ifMatch: string | undefined, existing: Version | undefined): boolean {
  return ifMatch === undefined || existing === undefined || listsEtag(ifMatch, existing.etag)
}

function listsEtag(header: string, etag: string): boolean {
  return header
    .split(',')
    .map(item => unquoted(item.trim().replace(/^W\//, '')))
    .some(item => item === '*' || item === unquoted(etag))
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/, '$1')
}

// An unreadable date is no condition.
function httpDate(header: string | undefined): number | undefined {
  const at = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(at) ? undefined : at
}
