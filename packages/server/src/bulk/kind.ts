/** What each kind of file has in common: its columns, how a line is read, how all of them are stored at once. */
import type { Act } from '../db/act.ts'
import type { Db } from '../db/open.ts'
import type { Columns, Line } from './csv-read.ts'
import type { Findings } from './findings.ts'
import type { Report } from './report.ts'

/** `replace`: what is of our own source and in no line goes. */
export type Mode = 'add' | 'replace'

export interface Storing {
  readonly act: Act
  /** Who may be calling: nobody changes what is known of themselves. */
  readonly callers: readonly number[]
  readonly mode: Mode
  readonly findings: Findings
  readonly report: Report
}

export interface Kind {
  readonly columns: Columns
  readonly modes: readonly Mode[]
  readonly export: (db: Db['kysely']) => AsyncIterable<readonly (readonly string[])[]>
  /** Stores what can be stored; what cannot is a finding, for which everything is taken back. */
  readonly store: (lines: readonly Line[], storing: Storing) => Promise<void>
}

/** Counted by the brake, whatever it brings about: nobody looks at each line. */
export const cause = 'import'

/** The source of what people say here. */
export const own = 'local'
