/**
 * Rows as the bytes of one file, as they come: CSV, JSON lines or Parquet.
 *
 * CSV is opened in spreadsheets too, so what one would take for a formula is guarded there as in every other CSV of
 * ours, in cells of text only; JSON lines and Parquet hold every value as it is.
 */
import type { ExportFormat } from '@headgate/core/api'
import { guarded } from '../bulk/formula.ts'
import { parquetFile } from './parquet.ts'
import type { Cell, CellType, Columns, Row } from './table.ts'

export interface Format {
  readonly contentType: string
  /** The bytes of a file with these rows, header included. */
  file(columns: Columns, batches: AsyncIterable<readonly Row[]>): AsyncGenerator<Uint8Array>
}

export const formats: { readonly [F in ExportFormat]: Format } = {
  csv: { contentType: 'text/csv; charset=utf-8', file: csvFile },
  jsonl: { contentType: 'application/x-ndjson', file: jsonLines },
  parquet: { contentType: 'application/vnd.apache.parquet', file: parquetFile },
}

/** RFC 4180: a header, CRLF, UTF-8. Nothing to say is nothing; an empty text is `""`. */
async function* csvFile(columns: Columns, batches: AsyncIterable<readonly Row[]>): AsyncGenerator<Uint8Array> {
  const types = Object.values(columns)
  yield Buffer.from(`${Object.keys(columns).join(',')}\r\n`)
  for await (const rows of batches) {
    let text = ''
    for (const row of rows) {
      for (let at = 0; at < types.length; at++) text += (at === 0 ? '' : ',') + csvCell(row[at] ?? null, types[at]!)
      text += '\r\n'
    }
    yield Buffer.from(text)
  }
}

// Millions of cells: csv-stringify takes several times as long.
function csvCell(cell: Cell, type: CellType): string {
  if (cell === null) return ''
  if (type !== 'text') return plainText(cell, type)
  const text = guarded(cell as string)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

async function* jsonLines(columns: Columns, batches: AsyncIterable<readonly Row[]>): AsyncGenerator<Uint8Array> {
  const types = Object.values(columns)
  const names = Object.keys(columns).map(name => `${JSON.stringify(name)}:`)
  for await (const rows of batches) {
    let text = ''
    for (const row of rows) {
      for (let at = 0; at < names.length; at++) {
        text += (at === 0 ? '{' : ',') + names[at] + jsonCell(row[at] ?? null, types[at]!)
      }
      text += '}\n'
    }
    yield Buffer.from(text)
  }
}

function jsonCell(cell: Cell, type: CellType): string {
  return cell === null || type === 'number' || type === 'boolean' ? String(cell) : JSON.stringify(plainText(cell, type))
}

let lastInstant: Cell = null
let lastPrinted = ''

function plainText(cell: NonNullable<Cell>, type: CellType): string {
  if (type !== 'instant') return String(cell)
  // Every row ends with the same one.
  if (cell !== lastInstant) {
    lastInstant = cell
    lastPrinted = new Date(cell as number).toISOString()
  }
  return lastPrinted
}
