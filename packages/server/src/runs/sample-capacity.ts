/** Notes every hour how much of AWS's room is in use: what the trend is drawn through. One node's note is as good as any. */
import type { Logger } from 'pino'
import { recordSamples } from '../db/capacity.ts'
import type { Db } from '../db/open.ts'
import { every, type Recurring } from '../every.ts'

const everyMs = 3_600_000

export function sampleCapacity({ db, log }: { readonly db: Db; readonly log: Logger }): Recurring {
  return every({
    everyMs,
    atOnce: true,
    look: () => recordSamples(db),
    onFailure: err => log.warn({ err }, 'the room in AWS could not be noted'),
  })
}
