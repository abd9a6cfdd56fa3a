/**
 * Trying a call again, for the few calls that the change loop does not pace: looking at an account, its location.
 * Gives up with the last failure. A call whose answer was lost is repeated only where repeating does no harm.
 */
import { AwsFailure, type AwsFailureKind } from './aws-error.ts'

export interface Retry {
  readonly kinds: readonly AwsFailureKind[]
  /** How often in all. */
  readonly tries: number
  /** Milliseconds; doubled each time, and the wait drawn from the upper half. */
  readonly firstWaitMs: number
  /** Milliseconds, default 5000; longer is not waited even when AWS asks for it. */
  readonly longestWaitMs?: number
  readonly pause: (ms: number) => Promise<void>
}

export async function retrying<T>(
  call: () => Promise<T>,
  { kinds, tries, firstWaitMs, longestWaitMs = 5000, pause }: Retry,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof AwsFailure) || !kinds.includes(error.kind) || attempt >= tries) throw error
      const ceiling = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1))
      await pause(Math.min(longestWaitMs, Math.max(error.retryAfterMs ?? 0, ceiling * (0.5 + Math.random() / 2))))
    }
  }
}
