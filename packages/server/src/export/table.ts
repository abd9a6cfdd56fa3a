/** A table that is exported: its columns, and its rows in batches. */

export type CellType = 'text' | 'number' | 'boolean' | 'instant'
/** Instants are milliseconds; null: there is nothing to say. */
export type Cell = string | number | boolean | null
export type Row = readonly Cell[]
/** By name, in order. */
export type Columns = Readonly<Record<string, CellType>>

export interface Table {
  readonly name: string
  readonly columns: Columns
  /** In the order of the columns. */
  rows(): AsyncIterable<readonly Row[]>
}
