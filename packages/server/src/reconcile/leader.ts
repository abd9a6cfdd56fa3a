/**
 * One leader per integration: whoever gets its lock, for as long as the connection that holds the lock lives.
 *
 * After a leader that did not leave in order its successor waits until no call of the old one can be under way.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { IntegrationId } from '@headgate/core'
import { beginEpoch, endEpoch, type Leadership, tryLock, unlock } from '../db/leadership.ts'
import type { Db } from '../db/open.ts'
import type { Session } from '../db/session.ts'
import type { AtBoundary } from './boundary.ts'

export interface LeadingOptions {
  readonly db: Db
  /** Holds the locks: when it is lost, `signal` must be aborted. */
  readonly session: Session
  readonly node: number
  readonly signal: AbortSignal
  /** How long a call of an earlier leader may still be under way. */
  readonly callTimeoutMs: number
  readonly atBoundary: AtBoundary
}

/** Runs `work` as the integration's leader; false, and nothing run, while somebody else leads. */
export async function lead(
  integration: IntegrationId,
  { db, session, node, signal, callTimeoutMs, atBoundary }: LeadingOptions,
  work: (leadership: Leadership) => Promise<void>,
): Promise<boolean> {
  await atBoundary('before epoch')
  if (!(await tryLock(session, integration))) return false
  try {
    const { isOrderly, ...leadership } = await beginEpoch(db, integration, node)
    await atBoundary('after epoch')
    if (!isOrderly) await sleep(callTimeoutMs, undefined, { signal })
    await work(leadership)
    // No call is under way, for work ends after its calls.
    await endEpoch(db, leadership)
    return true
  } finally {
    // On a lost connection there is nothing left to unlock.
    await unlock(session, integration).catch(() => {})
  }
}
