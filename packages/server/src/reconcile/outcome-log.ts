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
    // Here, in the same breath as the last look: what comes in a moment later begins a write of its own.
    writing = undefined
  }
  return {
    add(outcome) {
      pending.push(outcome)
      writing ??= writeAll()
      // Told by `stored`; after a failure nothing more is written.
      writing.catch(() => {})
    },
    async stored() {
      while (writing) await writing
    },
  }
}
