/** A clock that can be moved: what the marketplace dated is put into the past, in the database of the instance that runs. */
import { startEmbedded } from '../../packages/server/src/db/embedded.ts'
import { openDatabase } from '../../packages/server/src/db/open.ts'
import { passTime } from '../../packages/server/test/support/pass-time.ts'

export async function passTimeIn(dataDir: string, ms: number): Promise<void> {
  const database = await startEmbedded({ dataDir, log: { info() {}, warn() {} } })
  try {
    const db = openDatabase(database.url, { maxConnections: 1 })
    await passTime(db, ms).finally(() => db.close())
  } finally {
    await database.stop()
  }
}
