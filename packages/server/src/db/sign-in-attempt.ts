/**
 * How often passwords were tried lately, in the database: what one node counts, all nodes count.
 *
 * An attempt is counted before the password is looked at, so that many at the same moment cannot pass together.
 */
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export interface Counter {
  /** SHA-256 of what is counted. */
  readonly hash: Buffer
  readonly most: number
  readonly minutes: number
}

/** @returns seconds to wait, when one of them has more than it may */
export async function countAttempt(db: Kysely<Database>, counters: readonly Counter[]): Promise<number | undefined> {
  // In one order, or two attempts could wait for each other.
  const sorted = counters.toSorted((a, b) => Buffer.compare(a.hash, b.hash))
  const rows = await db
    .insertInto('sign_in_attempt')
    .values(
      sorted.map(({ hash, minutes }) => ({
        hash,
        attempts: 1,
        until: sql<Date>`now() + make_interval(mins => ${minutes})`,
      })),
    )
    .onConflict(conflict =>
      conflict.column('hash').doUpdateSet({
        attempts: sql<number>`case when sign_in_attempt.until > now() then sign_in_attempt.attempts + 1 else 1 end`,
        until: sql<Date>`case when sign_in_attempt.until > now() then sign_in_attempt.until else excluded.until end`,
      }),
    )
    .returning(['hash', 'attempts', sql<number>`ceil(extract(epoch from until - now()))::int`.as('seconds')])
    .execute()
  const waits = rows.flatMap(({ hash, attempts, seconds }) => {
    const counter = sorted.find(one => one.hash.equals(hash))
    return counter && attempts > counter.most ? [seconds] : []
  })
  return waits.length === 0 ? undefined : Math.max(...waits)
}

/** After a right password: `cleared` begin anew; of `refunded` only this one attempt is taken back. */
export async function forgiveAttempt(
  db: Kysely<Database>,
  { cleared, refunded }: { readonly cleared: readonly Counter[]; readonly refunded: readonly Counter[] },
): Promise<void> {
  // One row a statement: whoever counts the same ones locks them in an order of its own.
  for (const { hash } of cleared) await db.deleteFrom('sign_in_attempt').where('hash', '=', hash).execute()
  for (const { hash } of refunded) {
    const less = sql<number>`greatest(attempts - 1, 0)`
    await db.updateTable('sign_in_attempt').set({ attempts: less }).where('hash', '=', hash).execute()
  }
  await sql`
    delete from sign_in_attempt where hash in (
      select hash from sign_in_attempt where until < now() limit 1000 for update skip locked
    )
  `.execute(db)
}
