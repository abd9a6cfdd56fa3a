/** The state as text and back: one codec for every Map, Set and Buffer in it. */
import { emptyState, type SandboxState } from './state.ts'

/** What states of earlier releases lack, empty. */
const addedLater: readonly (keyof SandboxState)[] = ['applications', 'tokenIssuers', 'issuerKeys', 'kmsKeys']

/** The whole state as JSON text; `restoreState` reads it back. */
export function snapshotState(state: SandboxState): string {
  return JSON.stringify(encodeValue(state))
}

/** Throws SyntaxError or TypeError on text that `snapshotState` did not write. */
export function restoreState(text: string): SandboxState {
  const later = Object.fromEntries(addedLater.map(name => [name, new Map()]))
  const read = { ...later, ...(decodeValue(JSON.parse(text)) as SandboxState) }
  for (const name of Object.keys(emptyState())) {
    if (!(read[name as keyof SandboxState] instanceof Map)) throw new TypeError(`snapshot lacks \`${name}\``)
  }
  return read
}

/** A value of the state as JSON has them: Maps, Sets and bytes become objects with one telling key. */
export function encodeValue(value: unknown): unknown {
  if (value instanceof Map) return { $map: [...value].map(([key, each]) => [key, encodeValue(each)]) }
  if (value instanceof Set) return { $set: [...value].map(encodeValue) }
  if (Buffer.isBuffer(value)) return { $bytes: value.toString('base64') }
  if (Array.isArray(value)) return value.map(encodeValue)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([key, each]) => [key, encodeValue(each)] as const)
  // What a client sent may have keys that look like ours.
  return fields.some(([key]) => key.startsWith('$')) ? { $object: fields } : Object.fromEntries(fields)
}

export function decodeValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeValue)
  if (typeof value !== 'object' || value === null) return value
  const { $map, $set, $bytes, $object } = value as {
    $map?: [string, unknown][]
    $set?: unknown[]
    $bytes?: string
    $object?: [string, unknown][]
  }
  if ($map !== undefined) return new Map($map.map(([key, each]) => [key, decodeValue(each)]))
  if ($set !== undefined) return new Set($set.map(decodeValue))
  if ($bytes !== undefined) return Buffer.from($bytes, 'base64')
  const fields = $object ?? Object.entries(value)
  return Object.fromEntries(fields.map(([key, each]) => [key, decodeValue(each)]))
}
