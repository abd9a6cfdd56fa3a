/**
 * A file of lines that only grows, until it is emptied as a whole. What was appended has left the process: it outlives
 * a `kill -9`. A last line without its end, cut off by one, is dropped when the file is opened.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { linesOf } from './lines.ts'

export interface Journal {
  readonly file: string
  lines(): Generator<string>
  append(line: string): void
  empty(): void
  bytes(): number
  close(): void
}

export function openJournal(file: string): Journal {
  const descriptor = openSync(file, 'a+', 0o600)
  const content = readFileSync(file)
  // INVARIANT: the file is this long and ends with a line's end, also after an append that failed.
  let length = content.lastIndexOf('\n') + 1
  ftruncateSync(descriptor, length)
  return {
    file,
    lines: () => linesOf(content.subarray(0, length)),
    append(line) {
      const bytes = Buffer.from(`${line}\n`)
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
      } catch (error) {
        ftruncateSync(descriptor, length)
        throw error
      }
      length += bytes.length
    },
    empty() {
      ftruncateSync(descriptor, 0)
      length = 0
    },
    bytes: () => length,
    close: () => closeSync(descriptor),
  }
}
