/**
 * A transaction that is done and taken back: what it would change is told, nothing is stored and nobody is woken.
 *
 * Rows are locked as the real thing would lock them, until it is over; the lock under which changes become visible is
 * never taken.
 */
import type { Tx } from './act.ts'
import type { Db, UnstoredChange } from './open.ts'

/**
 * Runs `work` with a database whose every transaction is part of this one.
 * @param onChanges told what each act would have stored
 */
export async function rehearse<T>(
  db: Db,
  onChanges: (changes: readonly UnstoredChange[]) => void,
  work: (within: Db, tx: Tx) => Promise<T>,
): Promise<T> {
  const over = new Over<T>()
  try {
    return await db.transaction(async tx => {
      over.result = await work(within(tx, db, onChanges), tx)
      throw over
    })
  } catch (error) {
    if (error === over) return over.result as T
    throw error
  }
}

/** Thrown so that the transaction is taken back. */
class Over<T> extends Error {
  result: T | undefined
}

function within(tx: Tx, db: Db, onRehearsed: NonNullable<Db['onRehearsed']>): Db {
  const refuse = () => Promise.reject(new Error('a rehearsal has one transaction and nothing else'))
  return {
    kysely: tx,
    transaction: work => work(tx),
    snapshot: work => work(tx),
    snapshotAside: db.snapshotAside,
    onRehearsed,
    listen: refuse,
    session: refuse,
    close: refuse,
  }
}
