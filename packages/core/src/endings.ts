/** Rows in the order of their ends: which end in a while, and which end comes next. Knows no clock. */
import type { Instant } from './facts.ts'

interface Ending {
  readonly until?: Instant
}

export interface Endings<Row extends Ending> {
  /** Rows without an end are none of its business. */
  add(row: Row): void
  delete(row: Row): void
  /** Those whose end lies after the one instant and not after the other. */
  endingIn(after: Instant, upTo: Instant): Row[]
  /** The first end after an instant. */
  nextEnd(after: Instant): Instant | undefined
}

export function endings<Row extends Ending>(): Endings<Row> {
  /** By end; among equal ends in any order. */
  const rows: Row[] = []

  /** Where the first one is that ends after the instant. */
  function placeAfter(at: Instant): number {
    let [low, high] = [0, rows.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (rows[middle]!.until! > at) high = middle
      else low = middle + 1
    }
    return low
  }

  return {
    add(row) {
      if (row.until !== undefined) rows.splice(placeAfter(row.until), 0, row)
    },
    delete(row) {
      if (row.until === undefined) return
      let at = placeAfter(row.until) - 1
      while (at >= 0 && rows[at] !== row && rows[at]!.until === row.until) at--
      if (at >= 0 && rows[at] === row) rows.splice(at, 1)
    },
    endingIn: (after, upTo) => rows.slice(placeAfter(after), placeAfter(upTo)),
    nextEnd: after => rows[placeAfter(after)]?.until,
  }
}
