/** A command as one line of the journal. Bodies travel as base64: they are bytes, not text. */
import type { Command } from '../command.ts'
import type { Conditions } from './conditions.ts'

export interface JournalRecord extends Command {
  /** Rises by one from command to command, across snapshots. */
  readonly sequence: number
  /** Only where they differ from those of the command before. */
  readonly conditions: Conditions | undefined
}

interface Line {
  readonly n: number
  readonly at: number
  readonly checkedAt: number
  readonly seed: string
  readonly conditions?: string | undefined
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: ReadonlyArray<readonly [string, string]>
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function printRecord({ request, sequence, at, checkedAt, seed, conditions }: JournalRecord): string {
  return JSON.stringify({
    n: sequence,
    at,
    checkedAt,
    seed: seed.toString('base64'),
    conditions: conditions?.text,
    method: request.method,
    host: request.host,
    path: request.rawPath,
    query: request.query,
    headers: request.headers,
    body: request.body.toString('base64'),
  } satisfies Line)
}

/** Throws SyntaxError on a line that `printRecord` did not write. */
export function readRecord(text: string): JournalRecord {
  const line = JSON.parse(text) as Line
  return {
    sequence: line.n,
    at: line.at,
    checkedAt: line.checkedAt,
    seed: Buffer.from(line.seed, 'base64'),
    conditions: line.conditions === undefined ? undefined : { text: line.conditions },
    request: {
      method: line.method,
      host: line.host,
      rawPath: line.path,
      query: line.query,
      headers: line.headers,
      body: Buffer.from(line.body, 'base64'),
      receivedAt: line.at,
    },
  }
}
