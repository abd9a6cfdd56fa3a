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

/** The page of rows that are all at hand, in their own order. `idOf` is unique and never changes. */
export function pageOf<Item, Name extends ReportName>(
  all: readonly Item[],
  { limit, cursor }: Pick<Question, 'limit' | 'cursor'>,
  idOf: (item: Item) => string,
  toRow: (item: Item) => Row<Name>,
): Rows<Name> {
  const after = readCursor(cursor)
  const start = after === undefined ? 0 : all.findIndex(item => idOf(item) === after) + 1
  // Gone meanwhile: better no more than some rows twice.
  if (after !== undefined && start === 0) return { rows: [] }
  const items = all.slice(start, start + limit)
  const last = items.at(-1)
  const isLast = last === undefined || start + limit >= all.length
  return { rows: items.map(toRow), ...(isLast ? {} : { next: printCursor(idOf(last)) }) }
}

export function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
