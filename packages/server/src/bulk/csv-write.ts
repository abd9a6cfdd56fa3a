/** Rows as CSV (RFC 4180): a header, CRLF, UTF-8; what a spreadsheet would take for a formula is guarded. */
import { stringify } from 'csv-stringify'
import { guarded } from './formula.ts'

/** For Excel, which reads UTF-8 as something else without it. */
const byteOrderMark = '\ufeff'

/** @param batches rows in the order of the columns; each batch is asked for once the one before it was taken */
export async function* writeCsv(
  columns: readonly string[],
  batches: AsyncIterable<readonly (readonly string[])[]>,
  { bom }: { readonly bom: boolean },
): AsyncGenerator<string> {
  yield (bom ? byteOrderMark : '') + (await printRows([columns]))
  for await (const rows of batches) if (rows.length > 0) yield printRows(rows.map(row => row.map(guarded)))
}

function printRows(rows: readonly (readonly string[])[]): Promise<string> {
  return new Promise((resolve, reject) => {
    stringify(rows as string[][], { record_delimiter: 'windows' }, (error, text) => {
      if (error) reject(error)
      else resolve(text)
    })
  })
}
