/**
 * The whole state in a file, one thing a line, since a string holds less than a state may. The file is either the old
 * one or the new one, never half of it: a new one is written beside it, synced, and then takes its name.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { emptyState, type SandboxState } from '../state.ts'
import { decodeValue, encodeValue } from '../state-text.ts'
import { linesOf } from './lines.ts'

export interface Snapshot {
  /** Of the last command that is in it. */
  readonly sequence: number
  readonly state: SandboxState
  readonly bytes: number
}

/** Returns how long the file has become. */
export function writeSnapshot(file: string, sequence: number, state: SandboxState): number {
  const beside = `${file}.new`
  const descriptor = openSync(beside, 'w', 0o600)
  let written = 0
  try {
    for (const chunk of chunksOf(snapshotLines(sequence, state))) {
      const bytes = Buffer.from(chunk)
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
      written += bytes.length
    }
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(beside, file)
  return written
}

/** Nothing yet remembered is an empty state. Throws Error on a file that `writeSnapshot` did not write. */
export function readSnapshot(file: string): Snapshot {
  const content = readIfThere(file)
  const state = emptyState()
  if (content === undefined) return { sequence: 0, state, bytes: 0 }
  const lines = linesOf(content)
  const head = JSON.parse(lines.next().value ?? 'null') as { version?: number; sequence?: number } | null
  if (head?.version !== VERSION || head.sequence === undefined) throw new Error(`${file} is not a snapshot we can read`)
  for (const line of lines) {
    const [section, key, value, object] = JSON.parse(line) as [keyof SandboxState, string, unknown, unknown?]
    if (object === undefined) (state[section] as Map<string, unknown>).set(key, decodeValue(value))
    else state.buckets.get(key)?.objects.set(value as string, decodeValue(object) as never)
  }
  return { sequence: head.sequence, state, bytes: content.length }
}

const VERSION = 1

function* snapshotLines(sequence: number, state: SandboxState): Generator<string> {
  yield JSON.stringify({ version: VERSION, sequence })
  for (const section of Object.keys(state) as (keyof SandboxState)[]) {
    if (section === 'buckets') continue
    for (const [key, value] of state[section]) yield JSON.stringify([section, key, encodeValue(value)])
  }
  for (const [name, bucket] of state.buckets) {
    yield JSON.stringify(['buckets', name, encodeValue({ ...bucket, objects: new Map() })])
    for (const [key, object] of bucket.objects) yield JSON.stringify(['buckets', name, key, encodeValue(object)])
  }
}

/** Few large writes are quicker than many small ones. */
function* chunksOf(lines: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const line of lines) {
    chunk += `${line}\n`
    if (chunk.length < 1 << 20) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
