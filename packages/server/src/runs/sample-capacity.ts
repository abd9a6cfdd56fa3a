/** Notes every hour how much of AWS's room is in use: what the trend is drawn through. One node's note is as good as any. */
import type { Logger } from 'pino'
import { recordSamples } from '../db/capacity.ts'
import type { Db } from '../db/open.ts'

const everyMs = 3_600_000

/** Begins at once; answers how to end it. */
export function sampleCapacity({ db, log }: { readonly db: Db; readonly log: Logger }): () => Promise<void> {
  let last = record()
  const timer = setInterval(() => {
    last = record()
  }, everyMs).unref()

  async function record(): Promise<void> {
    await recordSamples(db).catch(error => log.warn({ err: error }, 'the room in AWS could not be noted'))
  }
  return async () => {
    clearInterval(timer)
    await last
  }
}
