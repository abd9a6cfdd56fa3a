// One page of a bucket's keys: prefix, delimiter and a place to go on from. The order is UTF-8 bytes, as S3 promises.

import { compareKeys, type SortedKeys } from './sorted-keys.ts'

export interface PageRequest {
  readonly prefix: string
  /** Empty: no rolling up. */
  readonly delimiter: string
  /** Keys and common prefixes up to and including this one are past. */
  readonly after?: string
  /** Keys and common prefixes together; 0 to 1000. */
  readonly maxKeys: number
}

export interface KeyPage {
  readonly keys: readonly string[]
  readonly commonPrefixes: readonly string[]
  /** Set when more follows: the last key or common prefix of this page. */
  readonly last?: string
}

export function pageOfKeys(index: SortedKeys, request: PageRequest): KeyPage {
  const keys: string[] = []
  const commonPrefixes: string[] = []
  let last: string | undefined
  for (let next = firstKey(index, request); next?.startsWith(request.prefix); ) {
    const common = commonPrefix(next, request)
    // A marker inside a rolled-up prefix: what it stands for is past.
    if (common !== undefined && common === request.after) {
      next = firstBeyondPrefix(index, common)
      continue
    }
    if (keys.length + commonPrefixes.length >= request.maxKeys) {
      return last === undefined ? { keys, commonPrefixes } : { keys, commonPrefixes, last }
    }
    if (common === undefined) keys.push(next)
    else commonPrefixes.push(common)
    last = common ?? next
    next = common === undefined ? index.seek(next, false) : firstBeyondPrefix(index, common)
  }
  return { keys, commonPrefixes }
}

function firstKey(index: SortedKeys, { prefix, after }: PageRequest): string | undefined {
  if (after === undefined || compareKeys(after, prefix) < 0) return index.seek(prefix)
  return index.seek(after, false)
}

function commonPrefix(key: string, { prefix, delimiter }: PageRequest): string | undefined {
  if (delimiter === '') return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

// No key starting with `prefix` can lie beyond prefix + U+10FFFF, the last code point there is, repeated:
// a key is at most 1,024 bytes, so 256 of them are more than any key holds.
const beyondAnyKey = '\u{10FFFF}'.repeat(257)

function firstBeyondPrefix(index: SortedKeys, prefix: string): string | undefined {
  return index.seek(prefix + beyondAnyKey)
}
