/**
 * Lists page by page: each page begins after the last key of the one before, so that nothing is skipped or shown twice
 * while others write, and page ten thousand costs what page one does.
 *
 * Ask for one row more than the limit, ordered by a unique key in byte order; the cursor is opaque to clients.
 */
import { Problem } from '@headgate/core/api'

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly search?: string | undefined
}

export interface Page<Item> {
  readonly items: Item[]
  readonly next?: string
  readonly total: number
}

/** @param rows up to `limit + 1` of them; `total` counts all that the search matches, on every page */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  total: number,
  keyOf: (row: Row) => string,
): Page<Row> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return rows.length > limit && last !== undefined ? { items, next: printCursor(keyOf(last)), total } : { items, total }
}

/** The key to begin after. Throws Problem `request-invalid` on what we never gave out. */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const key = text.slice(mark.length)
  if (text.startsWith(mark) && printCursor(key) === cursor && !key.includes('\0')) return key
  const issue = { path: 'query.cursor', message: 'must be the `next` of the page before' }
  throw new Problem('request-invalid', { reason: `\`${issue.path}\` ${issue.message}`, issues: [issue] })
}

/** Of a list that goes by number. */
export function readNumber(text: string | undefined): number | undefined {
  const number = Number(text)
  // A cursor of another list: begin where nothing is left rather than repeat.
  return text === undefined ? undefined : Number.isSafeInteger(number) ? number : 0
}

/** A pattern for ILIKE that matches whatever contains the words as they stand. */
export function containing(search: string): string {
  return `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`
}

const mark = 'after:'

export function printCursor(key: string): string {
  return Buffer.from(mark + key, 'utf8').toString('base64url')
}
