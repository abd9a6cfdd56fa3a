/**
 * The error every malformed policy ends in, and the readers that raise it.
 * Promises that the error names the place in the JSON, e.g. `Statement[1].Condition.Bool`.
 */

export class PolicySyntaxError extends Error {
  readonly path: string

  constructor(path: string, problem: string) {
    super(path === '' ? problem : `${path}: ${problem}`)
    this.name = 'PolicySyntaxError'
    this.path = path
  }
}

export type JsonObject = Readonly<Record<string, unknown>>

export function objectAt(path: string, value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new PolicySyntaxError(path, 'must be a JSON object')
}

export function stringAt(path: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw new PolicySyntaxError(path, 'must be a string')
}

/** A string or a non-empty list of strings, as AWS lets people write both. */
export function stringsAt(path: string, value: unknown): readonly string[] {
  const values = listOf(value).map((item, i) => stringAt(Array.isArray(value) ? `${path}[${i}]` : path, item))
  if (values.length === 0) throw new PolicySyntaxError(path, 'must not be empty')
  return values
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}
