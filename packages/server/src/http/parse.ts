/** What comes in, checked by the contract's schemas; what is wrong is named by its place, every time all of it. */
import { type Endpoint, Problem } from '@headgate/core/api'
import { z } from 'zod'

export interface Incoming {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly ifMatch: string | undefined
}

export interface Parsed {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly version: number | undefined
}

/** @throws Problem `request-invalid` naming each field; `version-missing` */
export function parseRequest(endpoint: Endpoint, incoming: Incoming): Parsed {
  const wrong: Finding[] = []
  const check = (place: string, schema: z.ZodType | undefined, value: unknown) => {
    const unstorable = findUnstorable(value, [place], endpoint.items && `body.${endpoint.items.in}`)
    if (unstorable) return void wrong.push(unstorable)
    if (!schema) return undefined
    const result = schema.safeParse(value)
    if (result.success) return result.data
    wrong.push(...result.error.issues.flatMap(issue => findings([place], issue)))
    return undefined
  }
  const params = check('path', endpoint.params, incoming.params)
  // Probes may add what they like to a health check; everywhere else an unknown parameter is a mistake.
  const query = check('query', endpoint.query ?? (endpoint.needs === 'nobody' ? undefined : noQuery), incoming.query)
  const body = endpoint.takes ? incoming.body : check('body', endpoint.body ?? noBody, incoming.body ?? undefined)
  if (wrong.length > 0) throw invalid(wrong)
  const version = endpoint.ifMatch ? parseVersion(incoming.ifMatch) : undefined
  return { params, query: endpoint.query ? query : undefined, body: endpoint.body ? body : undefined, version }
}

/** One item of a list that a route checks itself: what is wrong with it in one line, by its places within the item. */
export function parseItem<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): { readonly ok: true; readonly data: z.output<Schema> } | { readonly ok: false; readonly message: string } {
  const unstorable = findUnstorable(value, [])
  const result = schema.safeParse(value)
  if (result.success && !unstorable) return { ok: true, data: result.data }
  const wrong = unstorable ? [unstorable] : (result.error?.issues ?? []).flatMap(issue => findings([], issue))
  return { ok: false, message: tell(wrong, MAX_FINDINGS_OF_ITEM) }
}

const noQuery = z.strictObject({})
// Some clients send `{}` where there is nothing to say.
const noBody = z.union([z.undefined(), z.strictObject({})], { error: 'must not be there' })

interface Finding {
  /** Where, e.g. `body.config.name`. */
  readonly path: string
  readonly message: string
}

/** An answer that lists ten thousand findings helps nobody; the number of all is said. */
const MAX_FINDINGS = 20

const MAX_FINDINGS_OF_ITEM = 5

function invalid(wrong: readonly Finding[]): Problem {
  return new Problem('request-invalid', { reason: tell(wrong, MAX_FINDINGS), issues: wrong.slice(0, MAX_FINDINGS) })
}

function tell(wrong: readonly Finding[], most: number): string {
  const shown = wrong.slice(0, most).map(({ path, message }) => (path === '' ? message : `\`${path}\` ${message}`))
  return shown.join('; ') + (wrong.length > most ? `; and ${wrong.length - most} more` : '')
}

function findings(place: readonly string[], issue: z.core.$ZodIssue): Finding[] {
  const path = [...place, ...issue.path.map(String)]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({ path: printPath([...path, key]), message: 'is not known here: remove it' }))
  }
  return [{ path: printPath(path), message: uncapitalise(issue.message) }]
}

/** PostgreSQL stores neither NUL nor half a surrogate pair, in a text or a key. `except`: a path not to go below. */
function findUnstorable(value: unknown, path: readonly string[], except?: string): Finding | undefined {
  if (except !== undefined && path.join('.') === except) return undefined
  if (typeof value === 'string') {
    if (!value.includes('\0') && value.isWellFormed()) return undefined
    return { path: printPath(path), message: 'must be Unicode text without NUL' }
  }
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const found = findUnstorable(key, path) ?? findUnstorable(item, [...path, key], except)
    if (found) return found
  }
  return undefined
}

function parseVersion(ifMatch: string | undefined): number {
  if (ifMatch === undefined) throw new Problem('version-missing')
  const digits = /^(?:W\/)?"?(\d{1,15})"?$/.exec(ifMatch.trim())?.[1]
  if (digits !== undefined) return Number(digits)
  // HTTP lets `*` stand for any version; here it would make the condition none.
  const why = ifMatch.trim() === '*' ? ': `*` would overwrite what nobody has read' : ''
  throw invalid([{ path: 'If-Match', message: `must be a version such as \`"3"\`${why}` }])
}

/** The change that a read must have seen. Throws Problem `request-invalid`. */
export function parseSequence(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header)
  throw invalid([{ path: 'Headgate-Sequence', message: 'must be what a write answered, such as `42`' }])
}

function printPath(path: readonly string[]): string {
  return path
    .map(step =>
      step
        .slice(0, 100)
        .toWellFormed()
        .replaceAll(/\p{Cc}/gu, '�'),
    )
    .join('.')
}

function uncapitalise(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1)
}
