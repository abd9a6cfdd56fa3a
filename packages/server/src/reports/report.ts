/** What every report is: a question that is answered page by page, each row by the columns of the contract. */
import type { ReportCell, ReportColumn, ReportName, ReportParameters } from '@headgate/core/api'
import { type PageQuery, printCursor, readCursor } from '../db/page.ts'
import type { Caller } from '../http/serve.ts'
import type { World } from '../world.ts'

export type Row<Name extends ReportName> = { readonly [Column in ReportColumn<Name>]: ReportCell }

export interface Rows<Name extends ReportName> {
  readonly rows: readonly Row<Name>[]
  readonly next?: string | undefined
}

export interface Question extends Pick<PageQuery, 'limit' | 'cursor'> {
  /** Those that the report needs are there. */
  readonly asked: ReportParameters
  readonly caller: Caller
}

export type Report<Name extends ReportName> = (
  world: Pick<World, 'db' | 'index'>,
  question: Question,
) => Promise<Rows<Name>>

/** Where a row stands among the others: compared part by part; unique, and never changes. */
export type Rank = readonly (string | number)[]

/**
 * The page of rows that are all at hand, by where they stand. A page goes on behind where the one before it ended, be
 * that row there still or not: rows that go meanwhile take none of the others along.
 */
export function pageOf<Item, Name extends ReportName>(
  all: readonly Item[],
  { limit, cursor }: Pick<Question, 'limit' | 'cursor'>,
  rankOf: (item: Item) => Rank,
  toRow: (item: Item) => Row<Name>,
): Rows<Name> {
  const after = readRank(readCursor(cursor))
  const found = all
    .map(item => ({ item, rank: rankOf(item) }))
    .filter(({ rank }) => after === undefined || compare(rank, after) > 0)
    .sort((a, b) => compare(a.rank, b.rank))
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  return {
    rows: page.map(({ item }) => toRow(item)),
    ...(last ? { next: printCursor(JSON.stringify(last.rank)) } : {}),
  }
}

function compare(one: Rank, other: Rank): number {
  for (const [at, part] of one.entries()) {
    const against = other[at]
    if (against === undefined || part > against) return 1
    if (part < against) return -1
  }
  return 0
}

/** Of another list: the end, as there is no telling where to go on. */
function readRank(text: string | undefined): Rank | undefined {
  if (text === undefined) return undefined
  try {
    const read: unknown = JSON.parse(text)
    if (Array.isArray(read) && read.every(part => typeof part === 'string' || typeof part === 'number')) return read
  } catch {
    // Nor is it ours.
  }
  return [theEnd]
}

const theEnd = Number.POSITIVE_INFINITY

export function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
