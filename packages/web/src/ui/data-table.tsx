/** A list of things, a row each. On a narrow screen every row becomes a block with the columns' names in it. */
import type { ReactNode } from 'react'
import classes from './data-table.module.css'
import { SortChoice, SortedHead, type Sorting } from './sorting.tsx'
import { rowCount, VirtualRows } from './virtual-rows.tsx'

export interface Column<Row> {
  readonly name: string
  readonly cell: (row: Row) => ReactNode
  /** Share of the width. */
  readonly width?: string
  /** The order that a first click on its name asks for, as the API takes it. */
  readonly sort?: string
}

interface Props<Row> {
  /** What the list is of; heard, not seen. */
  readonly caption: string
  /** The first names the row: its link takes clicks anywhere in the row. */
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string | number
  /** Whether what is shown is about to be replaced. */
  readonly stale?: boolean
  /** Of a list that the server puts in order. */
  readonly sorting?: Sorting
}

/** Longer lists draw only what can be seen; up to here the browser's own search in the page finds every row. */
const mostDrawn = 200

export function DataTable<Row>({ caption, columns, rows, rowKey, stale = false, sorting }: Props<Row>) {
  const isLong = rows.length > mostDrawn
  return (
    <div>
      {sorting && <SortChoice caption={caption} columns={columns} sorting={sorting} />}
      {/* The roles are what a table has anyway; said aloud because blocks on a narrow screen would lose them. */}
      <table
        className={classes.table}
        data-stale={stale || undefined}
        aria-rowcount={isLong ? rowCount(rows) : undefined}
      >
        <caption className="visually-hidden">{caption}</caption>
        <colgroup>
          {columns.map(({ name, width }) => (
            <col key={name} style={width === undefined ? undefined : { width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={isLong ? 1 : undefined}>
            {columns.map(({ name, sort }) =>
              sort !== undefined && sorting ? (
                <SortedHead key={name} name={name} sort={sort} sorting={sorting} />
              ) : (
                <th key={name} scope="col">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        {isLong ? (
          <VirtualRows rows={rows} rowKey={rowKey} columns={columns.length} cells={row => cellsOf(columns, row)} />
        ) : (
          <tbody>
            {rows.map(row => (
              <tr key={rowKey(row)}>{cellsOf(columns, row)}</tr>
            ))}
          </tbody>
        )}
      </table>
    </div>
  )
}

function cellsOf<Row>(columns: readonly Column<Row>[], row: Row): ReactNode {
  return columns.map(({ name, cell }, place) =>
    place === 0 ? (
      <th key={name} scope="row">
        {cell(row)}
      </th>
    ) : (
      <td key={name}>
        <span className={classes.label} aria-hidden="true">
          {name}
        </span>
        <div className={classes.value}>{cell(row)}</div>
      </td>
    ),
  )
}
