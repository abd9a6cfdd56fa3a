/**
 * CSV as people's tools write it: commas, semicolons or tabs, with or without a byte order mark, any line ends.
 *
 * Read as it comes, never trusted: what is no UTF-8, a quote that is never closed and a cell of megabytes end the reading
 * with a finding; a line with too few or too many cells is a finding, and the next one is read.
 */
import { finished } from 'node:stream/promises'
import { Problem } from '@headgate/core/api'
import { CsvError, parse } from 'csv-parse'
import type { Findings } from './findings.ts'
import { unguarded } from './formula.ts'

export interface Columns {
  /** In the order of an export. */
  readonly names: readonly string[]
  /** Those that may not be left out. */
  readonly required: readonly string[]
}

export interface Line {
  /** Where it begins; the header is line 1. */
  readonly line: number
  /** By column; absent where the file has no such column. */
  readonly cells: Readonly<Record<string, string>>
}

export type Bytes = AsyncIterable<Uint8Array>

/** More than any company has people; a file of nothing but line ends would otherwise fill the memory. */
const mostLines = 500_000

/** Characters; the longest line that is none of an attack holds an ARN, a name and an e-mail. */
const longestLine = 64 * 1024

/** @throws Problem `body-too-large`; `import-refused` where the file cannot be read to its end */
export async function readCsv(bytes: Bytes, columns: Columns, findings: Findings, limit: number): Promise<Line[]> {
  const lines: Line[] = []
  let header: readonly string[] | undefined
  function read(names: readonly string[], record: readonly string[], end: number) {
    const line = end - record.reduce((count, cell) => count + breaksIn(cell), 0)
    if (record.some(cell => cell.includes('\0'))) return findings.add({ line, message: 'holds NUL: remove it' })
    if (record.length === names.length) return void lines.push({ line, cells: cellsOf(names, record) })
    const message = `has ${record.length} cells, the header ${names.length}: quote cells that hold the separator`
    findings.add({ line, message })
  }
  try {
    for await (const batch of records(decoded(bytes, limit))) {
      for (const { record, end } of batch) {
        if (lines.length >= mostLines) throw new Unreadable(end, `is beyond ${mostLines} lines: send the file in parts`)
        if (header) read(header, record, end)
        else {
          header = record.map(name => name.trim().toLowerCase())
          checkHeader(header, columns, findings)
          findings.refuse()
        }
      }
    }
  } catch (error) {
    if (!(error instanceof Unreadable) && !(error instanceof CsvError)) throw error
    findings.add(error instanceof Unreadable ? { line: error.line, message: error.message } : whatIsBroken(error))
    // Of half a file nothing can be said that would not mislead.
    findings.refuse()
  }
  if (!header) {
    findings.add({ line: 1, message: `the file is empty: the first line names the columns ${list(columns)}` })
    findings.refuse()
  }
  return lines
}

/** Ends the reading. */
class Unreadable extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

async function* decoded(bytes: Bytes, limit: number): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let [size, breaks] = [0, 0]
  const text = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      throw new Unreadable(breaks + 1, 'is not UTF-8, here or soon after: save the file as "CSV UTF-8"')
    }
  }
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > limit) throw new Problem('body-too-large', { limit })
    const part = text(chunk)
    breaks += breaksIn(part)
    yield part
  }
  yield text()
}

interface Parsed {
  readonly record: readonly string[]
  /** The line it ends in. */
  readonly end: number
}

/** Some at a time: a promise for each would take longer than the reading. */
async function* records(text: AsyncGenerator<string>): AsyncGenerator<readonly Parsed[]> {
  let head = ''
  // By hand: a loop that ends early would end the text too.
  for (let part = await text.next(); !part.done; part = await text.next()) {
    head += part.value
    if (/[\r\n]/.test(head) || head.length > longestLine) break
  }
  const parser = parse({
    bom: true,
    delimiter: separatorOf(head),
    info: true,
    max_record_size: longestLine,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
  })
  let found: Parsed[] = []
  let broken: Error | undefined
  parser.on('data', ({ record, info }: { record: string[]; info: { lines: number } }) => {
    found.push({ record, end: info.lines })
  })
  parser.on('error', error => {
    broken = error
  })
  function* taken() {
    if (found.length > 0) yield found
    found = []
  }
  await new Promise(resolve => parser.write(head, resolve))
  for await (const part of text) {
    yield* taken()
    if (broken) break
    await new Promise(resolve => parser.write(part, resolve))
  }
  if (!broken) parser.end()
  await finished(parser).catch(() => {})
  yield* taken()
  if (broken) throw broken
}

/** Of the header: whichever stands there most often. */
function separatorOf(head: string): string {
  const [first = ''] = head.split(/[\r\n]/, 1)
  const [best] = [',', ';', '\t'].toSorted((a, b) => first.split(b).length - first.split(a).length)
  return best ?? ','
}

function checkHeader(header: readonly string[], columns: Columns, findings: Findings): void {
  const wrong = [
    ...header.filter(name => !columns.names.includes(name)).map(name => `has the unknown column \`${name}\``),
    ...columns.required.filter(name => !header.includes(name)).map(name => `lacks the column \`${name}\``),
    ...header.filter((name, at) => header.indexOf(name) < at).map(name => `has the column \`${name}\` twice`),
  ]
  for (const message of wrong) findings.add({ line: 1, message: `${message}: the columns are ${list(columns)}` })
}

function list({ names, required }: Columns): string {
  return names.map(name => (required.includes(name) ? `\`${name}\`` : `\`${name}\` (may be left out)`)).join(', ')
}

function cellsOf(header: readonly string[], record: readonly string[]): Record<string, string> {
  return Object.fromEntries(header.map((name, at) => [name, unguarded(record[at] ?? '')]))
}

function breaksIn(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0
}

function whatIsBroken({ code, lines }: CsvError) {
  // Where the parser stands: for a quote that was opened in vain that is below.
  const line = typeof lines === 'number' ? lines : 1
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return { line, message: 'a quote that opens here or above is never closed' }
    case 'CSV_MAX_RECORD_SIZE':
      return { line, message: `is longer than ${longestLine} characters, or a quote that opens above is never closed` }
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return { line, message: 'has a quote inside a cell: quote the whole cell and write the quote twice' }
    default:
      return { line, message: `is no CSV (${code})` }
  }
}
