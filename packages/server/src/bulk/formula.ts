/**
 * What a spreadsheet would take for a formula, and how a cell says that it is none: by an apostrophe in front.
 *
 * Lossless: what was written with `guarded` is read as it was by `unguarded`, apostrophes of its own included.
 */

/** The cell as it is written. `guarded('=1+1')` is `'=1+1`. */
export function guarded(value: string): string {
  return risky.test(value) ? `'${value}` : value
}

/** The value of a cell as it was read. */
export function unguarded(cell: string): string {
  return cell.startsWith("'") && risky.test(cell) ? cell.slice(1) : cell
}

/** CWE-1236; the wide forms too, which some spreadsheets take for the narrow ones. */
const risky = /^'*[=+\-@\t\r＝＋－＠]/
