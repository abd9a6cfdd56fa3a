/**
 * The order of a list as somebody asks for it: by one of a few keys, up or down, and what is equal by that by the list's
 * own key, so that every row has one place. A cursor names the order that it belongs to, and goes on in no other.
 */
import { Problem } from '@headgate/core/api'
import { type AliasedRawBuilder, type RawBuilder, sql } from 'kysely'
import { type Page, printCursor, readCursor } from './page.ts'

export interface Key {
  /** Null in no row. */
  readonly by: RawBuilder<unknown>
  readonly type: 'text' | 'bigint'
}

/** By their names in the contract; `own` is different in every row. */
export interface Keys<Name extends string> {
  readonly own: Key
  readonly named: Readonly<Record<Name, Key>>
}

interface Asked<Name extends string> {
  readonly sort: Name | `-${Name}`
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface Order {
  /** What follows the last page; on the first page everything. */
  readonly isNext: RawBuilder<boolean>
  readonly by: RawBuilder<unknown>
  /** To be selected: where a row stands. */
  readonly place: AliasedRawBuilder<string[], 'place'>
  /** @param rows up to one more than the limit; `total` counts all that the search matches, on every page */
  page<Row extends { readonly place: string[] }>(rows: readonly Row[], total: number): Page<Row>
}

/** Throws Problem `request-invalid` for a cursor of another order. */
export function orderOf<Name extends string>({ own, named }: Keys<Name>, { sort, cursor, limit }: Asked<Name>): Order {
  const isDown = sort.startsWith('-')
  const chosen = named[(isDown ? sort.slice(1) : sort) as Name]
  const keys = chosen === own ? [own] : [chosen, own]
  const after = placeIn(cursor, sort, keys)
  const way = isDown ? sql`desc` : sql`asc`
  return {
    isNext: after === undefined ? sql<boolean>`true` : isBeyond(keys, after, isDown),
    by: sql.join(keys.map(({ by }) => sql`${by} ${way}`)),
    place: sql<string[]>`array[${sql.join(keys.map(({ by }) => sql`(${by})::text`))}]`.as('place'),
    page: (rows, total) => {
      const items = rows.slice(0, limit)
      const last = items.at(-1)
      if (rows.length <= limit || last === undefined) return { items, total }
      return { items, next: printCursor(JSON.stringify([sort, ...last.place])), total }
    },
  }
}

/** Compared as rows, so that an index over both keys serves it. */
function isBeyond(keys: readonly Key[], after: readonly string[], isDown: boolean): RawBuilder<boolean> {
  const left = sql.join(keys.map(({ by }) => by))
  const right = sql.join(keys.map(({ type }, at) => sql`${after[at]}::${sql.raw(type)}`))
  return isDown ? sql<boolean>`(${left}) < (${right})` : sql<boolean>`(${left}) > (${right})`
}

function placeIn(cursor: string | undefined, sort: string, keys: readonly Key[]): readonly string[] | undefined {
  const text = readCursor(cursor)
  if (text === undefined) return undefined
  const [of, ...place] = listIn(text)
  const isOurs = of === sort && place.length === keys.length
  if (isOurs && keys.every(({ type }, at) => type === 'text' || isWhole(place[at]))) return place
  const issue = { path: 'query.cursor', message: `must be the \`next\` of a page with \`sort=${sort}\`` }
  throw new Problem('request-invalid', { reason: `\`${issue.path}\` ${issue.message}`, issues: [issue] })
}

function listIn(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.every(one => typeof one === 'string') ? list : []
  } catch {
    return []
  }
}

function isWhole(text = ''): boolean {
  return /^-?\d{1,18}$/.test(text)
}
