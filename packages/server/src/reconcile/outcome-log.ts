/** Outcomes on their way into the ledger: written at once, and together with whatever came in during the last write. */
import type { Outcome } from '../db/ledger.ts'

export interface OutcomeLog {
  add(outcome: Outcome): void
  /** Resolves when all is stored. Throws what a write threw: then some are not, and the next round looks them up. */
  stored(): Promise<void>
}

const mostAtOnce = 1000

export function createOutcomeLog(write: (outcomes: readonly Outcome[]) => Promise<void>): OutcomeLog {
  const pending: Outcome[] = []
  let writing: Promise<void> | undefined

  async function writeAll(): Promise<void> {
    while (pending.length > 0) await write(pending.splice(0, mostAtOnce))
  }
  return {
    add(outcome) {
      pending.push(outcome)
      writing ??= writeAll().then(() => {
        writing = undefined
      })
      // Told by `stored`; after a failure nothing more is written.
      writing.catch(() => {})
    },
    async stored() {
      while (writing) await writing
    },
  }
}
