/**
 * The one way to PostgreSQL: a pool of connections behind Kysely, and the values as the rest of the code wants them.
 *
 * Numbers and times come back as plain numbers: `bigint` exactly or not at all, `timestamptz` as milliseconds since
 * 1970, `date` as `YYYY-MM-DD`, `jsonb` parsed. A cut connection fails the query that used it, never the process.
 */
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { listenTo, type Unlisten } from './listen.ts'
import type { Database } from './schema.ts'
import { openSession, type Session } from './session.ts'

export interface Db {
  readonly kysely: Kysely<Database>
  /** Runs `work` in one transaction (read committed); committed when it returns, rolled back when it throws. */
  transaction<T>(work: (tx: Transaction<Database>) => Promise<T>): Promise<T>
  /** Runs `work` on one unchanging, read-only view of the whole database. */
  snapshot<T>(work: (tx: Transaction<Database>) => Promise<T>): Promise<T>
  /** The same on connections of its own: who holds locks may wait for it, even if all others wait for these locks. */
  snapshotAside<T>(work: (tx: Transaction<Database>) => Promise<T>): Promise<T>
  /** In a rehearsal: told of changes that are not to be stored. */
  readonly onRehearsed?: (changes: readonly UnstoredChange[]) => void
  /** Calls back for each NOTIFY, and with '' after a lost connection, when some may have been missed. */
  listen(channel: string, onMessage: (payload: string) => void): Promise<Unlisten>
  /** A connection of its own, for locks that live as long as it does; whoever opens it ends it. */
  session(name: string): Promise<Session>
  /** Ends listening, waits for running queries, closes every connection. May be called twice. */
  close(): Promise<void>
}

/** A change of a fact that its transaction has not yet said. */
export interface UnstoredChange {
  readonly entity: string
  readonly entityId: string
  /** null: gone. */
  readonly after: object | null
  readonly cause: string
}

export interface OpenOptions {
  /** Default 10. */
  readonly maxConnections?: number
  /** Told of connections that broke while nobody used them; the pool replaces them. */
  readonly onConnectionLost?: (error: Error) => void
}

/**
 * A process that is frozen in the middle of a write would keep its locks, and everybody who waits for them, for as long as TCP is
 * patient: after this long without a statement PostgreSQL ends the transaction. Longer than an event loop is ever busy.
 */
const longestPauseMs = 30_000

/** Opens no connection yet: an unreachable database shows with the first query. */
export function openDatabase(url: string, options: OpenOptions = {}): Db {
  const { maxConnections = 10, onConnectionLost = () => {} } = options
  const main = connectionsTo(url, maxConnections, onConnectionLost, longestPauseMs)
  // Of snapshots alone: they hold no locks, and may pause.
  const aside = connectionsTo(url, 2, onConnectionLost)
  const { kysely } = main
  const listeners = new Set<Unlisten>()
  let closing: Promise<void> | undefined
  const close = async () => {
    await Promise.all([...listeners].map(unlisten => unlisten()))
    await Promise.all([main.end(), aside.end()])
  }
  return {
    kysely,
    transaction: work => kysely.transaction().execute(work),
    snapshot: work => snapshotOf(kysely, work),
    snapshotAside: work => snapshotOf(aside.kysely, work),
    async listen(channel, onMessage) {
      const unlisten = await listenTo(url, channel, onMessage)
      listeners.add(unlisten)
      return async () => {
        listeners.delete(unlisten)
        await unlisten()
      }
    },
    session: name => openSession(url, name),
    close() {
      closing ??= close()
      return closing
    },
  }
}

interface Pooled {
  readonly kysely: Kysely<Database>
  end(): Promise<void>
}

function connectionsTo(url: string, max: number, onConnectionLost: (error: Error) => void, pauseMs?: number): Pooled {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'headgate',
    ...(pauseMs !== undefined && { idle_in_transaction_session_timeout: pauseMs }),
    types: valueTypes(),
  })
  pool.on('error', onConnectionLost)
  // The pool watches idle connections only; one that breaks between two statements of a transaction is told here,
  // and the transaction's next statement fails.
  pool.on('connect', client => client.on('error', () => {}))
  const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  return {
    kysely,
    async end() {
      // Kysely ends a pool only once it has used it.
      await kysely.destroy()
      if (!pool.ending) await pool.end()
    },
  }
}

/** For a snapshot that waits for others than the database, such as an upload: it holds nobody up, so it may pause. */
export async function mayPause(snapshot: Transaction<Database>): Promise<void> {
  await sql`set local idle_in_transaction_session_timeout = 0`.execute(snapshot)
}

function snapshotOf<T>(kysely: Kysely<Database>, work: (tx: Transaction<Database>) => Promise<T>): Promise<T> {
  return kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work)
}

const oid = { int8: 20, int8s: 1016, date: 1082, dates: 1182, timestamptz: 1184, timestamptzs: 1185, texts: 1009 }

function valueTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides()
  const toDate: (text: string) => unknown = pg.types.getTypeParser(oid.timestamptz)
  const toTexts: (text: string) => (string | null)[] = pg.types.getTypeParser(oid.texts)
  const listOf = (parse: (text: string) => unknown) => (text: string) =>
    toTexts(text).map(item => (item === null ? null : parse(item)))
  const toInstant = (text: string) => {
    const date = toDate(text)
    if (!(date instanceof Date)) throw new RangeError(`timestamp \`${text}\` is not an instant`)
    return date.getTime()
  }
  types.setTypeParser(oid.int8, toSafeInteger)
  types.setTypeParser(oid.int8s, listOf(toSafeInteger))
  types.setTypeParser(oid.timestamptz, toInstant)
  types.setTypeParser(oid.timestamptzs, listOf(toInstant))
  types.setTypeParser(oid.date, text => text)
  types.setTypeParser(
    oid.dates,
    listOf(text => text),
  )
  return types
}

function toSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint \`${text}\` is too large for an exact number`)
  return value
}
