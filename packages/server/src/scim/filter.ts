/**
 * The filters and paths of SCIM (RFC 7644, 3.4.2.2 and 3.5.2) as trees, which say nothing yet of what is stored.
 *
 * Takes time in proportion to the text, and no text that is long, deep or full of comparisons: whoever holds a token may
 * send any.
 */
import { Problem } from '@headgate/core/api'

export const comparisons = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const
export type Comparison = (typeof comparisons)[number]
export type FilterValue = string | number | boolean | null

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'compare'; readonly attribute: string; readonly by: Comparison; readonly value: FilterValue }
  /** Values of a multi-valued attribute, by what the same one value says. */
  | { readonly kind: 'within'; readonly attribute: string; readonly filter: Filter }

/** What an operation of a PATCH is about: `name.givenName`, `emails[type eq "work"].value`, `members[value eq "7"]`. */
export interface Path {
  readonly attribute: string
  readonly filter?: Filter
  /** Below the values that the filter finds. */
  readonly sub?: string
}

const maxLength = 8000
const maxDepth = 16
const maxComparisons = 100

/** @throws Problem `scim-filter-invalid` */
export function parseFilter(text: string): Filter {
  const reader = readerOf(text, reason => new Problem('scim-filter-invalid', { reason }))
  const filter = parseOr(reader, 0)
  reader.end()
  return filter
}

/** @throws Problem `scim-path-invalid` */
export function parsePath(text: string): Path {
  const reader = readerOf(text, reason => new Problem('scim-path-invalid', { path: shorten(text), reason }))
  const attribute = reader.attribute()
  if (!reader.takes('[')) {
    reader.end()
    return { attribute }
  }
  const filter = parseOr(reader, 1)
  reader.need(']')
  const sub = reader.sub()
  reader.end()
  return { attribute, filter, ...(sub === undefined ? {} : { sub }) }
}

function parseOr(reader: Reader, depth: number): Filter {
  return parseJoined(reader, 'or', () => parseAnd(reader, depth))
}

function parseAnd(reader: Reader, depth: number): Filter {
  return parseJoined(reader, 'and', () => parseOne(reader, depth))
}

function parseJoined(reader: Reader, kind: 'and' | 'or', parse: () => Filter): Filter {
  const of = [parse()]
  while (reader.takesWord(kind)) of.push(parse())
  return of.length === 1 && of[0] ? of[0] : { kind, of }
}

function parseOne(reader: Reader, depth: number): Filter {
  if (depth > maxDepth) throw reader.refuse(`it nests deeper than ${maxDepth} levels`)
  if (reader.takesWord('not')) return { kind: 'not', of: parseOne(reader, depth + 1) }
  if (reader.takes('(')) {
    const filter = parseOr(reader, depth + 1)
    reader.need(')')
    return filter
  }
  const attribute = reader.attribute()
  if (!reader.takes('[')) return parseComparison(reader, attribute)
  const filter = parseOr(reader, depth + 1)
  reader.need(']')
  // Not in the grammar, but what Entra ID sends: `emails[type eq "work"].value eq "a@b"`.
  const sub = reader.sub()
  const found = sub === undefined ? filter : ({ kind: 'and', of: [filter, parseComparison(reader, sub)] } as const)
  return { kind: 'within', attribute, filter: found }
}

function parseComparison(reader: Reader, attribute: string): Filter {
  reader.count()
  const word = reader.word().toLowerCase()
  if (word === 'pr') return { kind: 'present', attribute }
  const by = comparisons.find(one => one === word)
  if (!by) throw reader.refuse(`\`${shorten(word)}\` is no operator: use ${comparisons.join(', ')} or pr`)
  return { kind: 'compare', attribute, by, value: reader.value() }
}

type Reader = ReturnType<typeof readerOf>

/** Tokens are brackets, JSON strings, and words of anything else. */
function readerOf(text: string, refuse: (reason: string) => Problem) {
  if (text.length > maxLength) throw refuse(`it is longer than ${maxLength} characters`)
  let [at, counted] = [0, 0]
  const token = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/suy
  const peek = () => {
    token.lastIndex = at
    return token.exec(text)
  }
  const next = (what: string) => {
    const found = peek()
    if (!found) throw refuse(`${what} is missing ${at >= text.trimEnd().length ? 'at its end' : `at character ${at}`}`)
    at = token.lastIndex
    return found
  }
  const word = (what: string) => {
    const found = next(what)[3]
    if (found === undefined) throw refuse(`${what} is missing before character ${at}`)
    return found
  }
  const attribute = () => {
    const name = word('an attribute')
    if (!/^(?:urn:[\w.:-]+:)?[a-z$][\w$.-]*$/i.test(name)) throw refuse(`\`${shorten(name)}\` is no attribute`)
    return name
  }
  return {
    refuse,
    attribute,
    word: () => word('an operator'),
    /** Below what stood in brackets. */
    sub(): string | undefined {
      if (text[at] !== '.') return undefined
      at += 1
      return attribute()
    },
    count(): void {
      counted += 1
      if (counted > maxComparisons) throw refuse(`it has more than ${maxComparisons} comparisons`)
    },
    takes(bracket: string): boolean {
      if (peek()?.[1] !== bracket) return false
      at = token.lastIndex
      return true
    },
    takesWord(one: string): boolean {
      if (peek()?.[3]?.toLowerCase() !== one) return false
      at = token.lastIndex
      return true
    },
    need(bracket: string): void {
      if (next(`\`${bracket}\``)[1] !== bracket) throw refuse(`\`${bracket}\` is missing before character ${at}`)
    },
    value(): FilterValue {
      const [, , quoted, bare] = next('a value')
      const value = readValue(quoted ?? bare?.toLowerCase() ?? '')
      if (value === undefined) {
        throw refuse(`\`${shorten(quoted ?? bare ?? '')}\` is no value: write strings in double quotes`)
      }
      // PostgreSQL takes none, so nothing that is stored has one.
      if (typeof value === 'string' && value.includes('\0')) throw refuse('no value holds the character NUL')
      return value
    },
    end(): void {
      if (text.slice(at).trim() !== '')
        throw refuse(`\`${shorten(text.slice(at).trim())}\` is more than it can end with`)
    },
  }
}

function readValue(text: string): FilterValue | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return value === null || typeof value !== 'object' ? (value as FilterValue) : undefined
  } catch {
    return undefined
  }
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100).toWellFormed()}…`
}
