/** Prunes what is older than the setting says, at the start and every few hours, where this server may. Off by default. */
import { pruneAudit } from '../db/audit-prune.ts'
import { openDatabase } from '../db/open.ts'
import type { World } from '../world.ts'

const everyMs = 6 * 3_600_000

export interface PruneOptions {
  /** Of whoever owns the tables; undefined: this server may not, and says so. */
  readonly ownerUrl: string | undefined
  /** 0: nothing is pruned. */
  readonly olderThanDays: number
}

export function keepPruned({ log }: Pick<World, 'log'>, options: PruneOptions): { stop(): Promise<void> } {
  const { ownerUrl, olderThanDays } = options
  if (olderThanDays === 0) return { stop: async () => {} }
  if (ownerUrl === undefined) {
    log.warn('HEADGATE_AUDIT_RETENTION_DAYS needs DATABASE_OWNER_URL: nothing is pruned from the audit trail')
    return { stop: async () => {} }
  }
  let turn: Promise<void> = Promise.resolve()
  const prune = () => {
    turn = turn.then(async () => {
      const owner = openDatabase(ownerUrl, { maxConnections: 1 })
      try {
        const pruned = await pruneAudit(owner, olderThanDays)
        if (pruned > 0) log.info({ pruned, olderThanDays }, 'old events were pruned from the audit trail')
      } catch (error) {
        log.error({ err: error }, 'the audit trail could not be pruned')
      } finally {
        await owner.close()
      }
    })
  }
  prune()
  const timer = setInterval(prune, everyMs)
  return {
    async stop() {
      clearInterval(timer)
      await turn
    },
  }
}
