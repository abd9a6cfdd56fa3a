/**
 * Of a long list the rows that can be seen, in the page's own scrolling: 100,000 rows cost what fifty do. What is left
 * out is counted for those who hear the table, and a row that holds the focus stays.
 */
import { defaultRangeExtractor, type Range, useWindowVirtualizer } from '@tanstack/react-virtual'
import { Fragment, type ReactNode, useCallback, useLayoutEffect, useRef, useState } from 'react'
import classes from './data-table.module.css'

interface Props<Row> {
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string | number
  readonly columns: number
  readonly cells: (row: Row) => ReactNode
}

/** Until a row is measured. */
const likelyHeight = 44
/** Rows beyond the window's edges, so that the next thing to go to by keyboard is always there. */
const overscan = 12
/** The row of the columns' names is the first. */
const headRows = 1

export function VirtualRows<Row>({ rows, rowKey, columns, cells }: Props<Row>) {
  const body = useRef<HTMLTableSectionElement>(null)
  const [top, setTop] = useState(0)
  const [focused, setFocused] = useState<number>()
  // What is above may grow: where the rows begin is looked at whenever they are drawn.
  useLayoutEffect(() => {
    const now = Math.round((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY)
    if (Math.abs(now - top) > 1) setTop(now)
  })
  const rangeExtractor = useCallback(
    (range: Range) => {
      const seen = defaultRangeExtractor(range)
      if (focused === undefined || focused >= range.count || seen.includes(focused)) return seen
      return [...seen, focused].sort((one, other) => one - other)
    },
    [focused],
  )
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => likelyHeight,
    overscan,
    scrollMargin: top,
    rangeExtractor,
  })
  const items = virtual.getVirtualItems()
  const end = (items.at(-1)?.end ?? top) - top
  return (
    <tbody ref={body} onFocus={event => setFocused(placeOf(event.target))} onBlur={() => setFocused(undefined)}>
      {items.map(({ index, start }, at) => {
        const row = rows[index]
        if (row === undefined) return null
        const before = at === 0 ? top : (items[at - 1]?.end ?? top)
        return (
          <Fragment key={rowKey(row)}>
            <Gap height={start - before} columns={columns} />
            <tr ref={virtual.measureElement} data-index={index} aria-rowindex={index + headRows + 1}>
              {cells(row)}
            </tr>
          </Fragment>
        )
      })}
      <Gap height={virtual.getTotalSize() - end} columns={columns} />
    </tbody>
  )
}

/** What is not drawn, as tall as it would be. */
function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height < 1) return null
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
    <tr className={classes.gap} aria-hidden="true">
      <td colSpan={columns} style={{ height }} />
    </tr>
  )
}

function placeOf(target: Element): number | undefined {
  const index = target.closest('tr')?.dataset.index
  return index === undefined ? undefined : Number(index)
}

/** For the table: how many rows there are, the head's among them. */
export function rowCount(rows: readonly unknown[]): number {
  return rows.length + headRows
}
