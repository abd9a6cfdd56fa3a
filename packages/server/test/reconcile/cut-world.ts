/** Cutting a loop off where a boundary is, and ending its connection, as the end of its process would. */
import { sql } from 'kysely'
import type { AtBoundary, Boundary } from '../../src/reconcile/boundary.ts'
import type { Lake } from './reconcile-world.ts'

/** Lets everything pass until the given boundary is met the n-th time; from then on nothing moves any more. */
export function cutAt(name: Boundary, nth: number) {
  let met = 0
  let isCut = false
  let release: (reason: Error) => void = () => {}
  const forever = new Promise<never>((_, reject) => {
    release = reject
  })
  forever.catch(() => {})
  const atBoundary: AtBoundary = async here => {
    if (here === name) met += 1
    if (met >= nth) isCut = true
    if (isCut) await forever
  }
  return { atBoundary, isCut: () => isCut, release: () => release(new Error('cut')) }
}

/** What the end of its process would do to its lock. */
export async function killLeader({ server }: Lake): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'headgate leader'
      and exists (select 1 from pg_locks where locktype = 'advisory' and pg_locks.pid = pg_stat_activity.pid)`.execute(
    server.db.kysely,
  )
}
