/** A list of things, a row each. On a narrow screen every row becomes a block with the columns' names in it. */
import type { ReactNode } from 'react'
import classes from './data-table.module.css'

export interface Column<Row> {
  readonly name: string
  readonly cell: (row: Row) => ReactNode
  /** Share of the width. */
  readonly width?: string
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
}

export function DataTable<Row>({ caption, columns, rows, rowKey, stale = false }: Props<Row>) {
  return (
    // The roles are what a table has anyway; said aloud because blocks on a narrow screen would lose them.
    <table className={classes.table} data-stale={stale || undefined}>
      <caption className="visually-hidden">{caption}</caption>
      <colgroup>
        {columns.map(({ name, width }) => (
          <col key={name} style={width === undefined ? undefined : { width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {columns.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <tr key={rowKey(row)}>
            {columns.map(({ name, cell }, place) =>
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
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
