/** One thing at a time to an integration, on all nodes together: a lock that ends with the work or with its process. */
import type { Db } from './open.ts'

const lockClass = 0x4c69_6665 // "Life"; with a second key, so apart from the locks of one key

/** @param pause waits between two looks whether the lock is free; throws when the process is to stop */
export async function withIntegrationLock(
  db: Db,
  id: number,
  pause: (ms: number) => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  const session = await db.session('integration')
  try {
    while ((await session.value('select pg_try_advisory_lock($1, $2)', [lockClass, id])) !== true) await pause(200)
    await work()
  } finally {
    // Its lock goes with it.
    await session.end()
  }
}
