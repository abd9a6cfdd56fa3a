/** Cells as values; what cannot be one is a finding at its column. */
import { nameFault, normalText, valueFault } from '@headgate/core'
import { isReserved } from '../directory/reserved-names.ts'
import type { Line } from './csv-read.ts'
import type { Findings } from './findings.ts'

const longest = 255

/** A user name, a group's name, an attribute's key. */
export function nameIn(line: Line, column: string, findings: Findings): string | undefined {
  return checked(line, column, findings, nameFault)
}

/** A dotted value. */
export function valueIn(line: Line, column: string, findings: Findings): string | undefined {
  return checked(line, column, findings, text => {
    const hasEmpty = text.split('.').some(segment => segment.trim() === '')
    return valueFault(text) ?? (hasEmpty ? 'must not have empty segments between its dots' : undefined)
  })
}

/** A name that is there already: no new rule keeps what was made before it from being named. */
export function namedIn(line: Line, column: string, findings: Findings): string | undefined {
  return checked(line, column, findings, text => (text === '' ? 'must not be empty' : undefined))
}

/** One of some words; without the column or in an empty cell `undefined`. */
export function wordIn<Word extends string>(
  line: Line,
  column: string,
  words: readonly Word[],
  findings: Findings,
): Word | undefined {
  const text = (line.cells[column] ?? '').trim()
  const word = words.find(one => one.toLowerCase() === text.toLowerCase())
  if (word === undefined && text !== '') {
    findings.add({ line: line.line, column, message: `\`${column}\` must be ${words.join(' or ')}, not \`${text}\`` })
  }
  return word
}

/** @returns whether a marketplace alone gives such names out; then it is a finding */
export function refuseReserved(line: Line, column: string, name: string, findings: Findings): boolean {
  if (!isReserved(name)) return false
  findings.add({ line: line.line, column, message: `\`${name}\` is reserved for the marketplace` })
  return true
}

/** Lines that say the same thing: the second is a finding. Answers with the first ones by key. */
export function once<Row extends { readonly line: number }>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  findings: Findings,
): Map<string, Row> {
  const first = new Map<string, Row>()
  for (const row of rows) {
    const other = first.get(keyOf(row))
    if (other)
      findings.add({ line: row.line, message: `says the same as line ${other.line}, or of the same: keep one` })
    else first.set(keyOf(row), row)
  }
  return first
}

/** As the key of a map. No name holds a line end. */
export function keyOf(...parts: readonly (string | number | null)[]): string {
  return parts.join('\n')
}

function checked(
  { line, cells }: Line,
  column: string,
  findings: Findings,
  faultOf: (text: string) => string | undefined,
): string | undefined {
  const text = normalText(cells[column] ?? '')
  const fault = faultOf(text) ?? (text.length > longest ? `must not be longer than ${longest} characters` : undefined)
  if (fault === undefined) return text
  findings.add({ line, column, message: `\`${column}\` ${fault}` })
  return undefined
}
