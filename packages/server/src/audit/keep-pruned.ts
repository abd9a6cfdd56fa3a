/** Prunes what is older than the setting says, at the start and every few hours, where this server may. Off by default. */
import { pruneAudit } from '../db/audit-prune.ts'
import { openDatabase } from '../db/open.ts'
import { every, type Recurring } from '../every.ts'
import type { World } from '../world.ts'

const everyMs = 6 * 3_600_000

export interface PruneOptions {
  /** Of whoever owns the tables; undefined: this server may not, and says so. */
  readonly ownerUrl: string | undefined
  /** 0: nothing is pruned. */
  readonly olderThanDays: number
}

export function keepPruned({ log }: Pick<World, 'log'>, options: PruneOptions): Recurring {
  const { ownerUrl, olderThanDays } = options
  if (olderThanDays === 0) return { stop: async () => {} }
  if (ownerUrl === undefined) {
    log.warn('HEADGATE_AUDIT_RETENTION_DAYS needs DATABASE_OWNER_URL: nothing is pruned from the audit trail')
    return { stop: async () => {} }
  }
  return every({
    everyMs,
    atOnce: true,
    async look() {
      const owner = openDatabase(ownerUrl, { maxConnections: 1 })
      try {
        const pruned = await pruneAudit(owner, olderThanDays)
        if (pruned > 0) log.info({ pruned, olderThanDays }, 'old events were pruned from the audit trail')
      } finally {
        await owner.close()
      }
    },
    onFailure: err => log.error({ err }, 'the audit trail could not be pruned'),
  })
}
