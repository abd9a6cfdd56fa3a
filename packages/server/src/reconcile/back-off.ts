/** What a failed call means for its ledger row: which state, and when it is tried again. Pure; never gives up. */
import type { AwsFailure, AwsFailureKind } from '../aws/aws-error.ts'
import type { Outcome } from '../db/ledger.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** The first wait and the longest, in ms; doubled with each failure, and the wait drawn from all of it (full jitter). */
const waits: Readonly<Record<AwsFailureKind, readonly [first: number, longest: number]>> = {
  throttled: [second, minute],
  unreachable: [second, minute],
  lostAnswer: [second, minute],
  eventual: [second, 5 * minute],
  quota: [minute, minute],
  notFound: [30 * second, hour],
  alreadyExists: [30 * second, hour],
  denied: [5 * second, 10 * minute],
  refused: [30 * second, hour],
}
/** Nobody keeps an access for longer than this because a revocation failed. */
const longestWaitToRevoke = minute

/** After so many quick retries AWS is taken at its word: there is no such principal (yet). */
const quickTries = 5

type Failed = Pick<Outcome, 'state' | 'failure'>

export function createFailed(failure: AwsFailure, attempts: number, random: () => number): Failed {
  const { kind, code, message: text } = failure
  if (kind === 'eventual' && code === 'InvalidRequest' && attempts + 1 >= quickTries) {
    return { state: 'waitingForPrincipal', failure: { code, text, retryInMs: hour } }
  }
  return { state: 'createFailed', failure: { code, text, retryInMs: retryInMs(kind, attempts, random) } }
}

export function revokeFailed(failure: AwsFailure, attempts: number, random: () => number): Failed {
  const { kind, code, message: text } = failure
  const waitMs = Math.min(longestWaitToRevoke, retryInMs(kind, attempts, random))
  return { state: 'revokeFailed', failure: { code, text, retryInMs: waitMs } }
}

export function retryInMs(kind: AwsFailureKind, attempts: number, random: () => number): number {
  const [first, longest] = waits[kind]
  const ceiling = Math.min(longest, first * 2 ** Math.min(attempts, 30))
  // Not at once: nothing in AWS or between us changes in less.
  return Math.max(100, random() * ceiling)
}
