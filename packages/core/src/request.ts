/**
 * The life of a request (06), and what a yes comes to: pure, with the time handed in.
 *
 * A request is decided once; what is over stays over. Asking again while let in is an extension: another request, whose
 * yes stands beside the first one, and the later end counts.
 */
import type { Instant } from './facts.ts'

export const requestStates = ['pending', 'approved', 'denied', 'canceled', 'expired', 'revoked'] as const
export type RequestState = (typeof requestStates)[number]

/** `expire`: nobody decided in time, or the access came to its end. `cancel` and `revoke` are somebody's. */
export type RequestEvent = 'approve' | 'deny' | 'cancel' | 'expire' | 'revoke'

const after: Readonly<Record<RequestState, Readonly<Partial<Record<RequestEvent, RequestState>>>>> = {
  pending: { approve: 'approved', deny: 'denied', cancel: 'canceled', expire: 'expired' },
  approved: { expire: 'expired', revoke: 'revoked' },
  denied: {},
  canceled: {},
  expired: {},
  revoked: {},
}

/** What becomes of it; undefined where that cannot happen to it (any more). */
export function requestAfter(state: RequestState, event: RequestEvent): RequestState | undefined {
  return after[state][event]
}

/** Whether nothing can happen to it any more. */
export function isOver(state: RequestState): boolean {
  return Object.keys(after[state]).length === 0
}

/** When access ends that was approved for so long; undefined: never. */
export function approvedUntil(now: Instant, approvedMs: number | undefined): Instant | undefined {
  return approvedMs === undefined ? undefined : now + approvedMs
}

/** The later of two ends; undefined: no end. */
export function laterEnd(one: Instant | undefined, other: Instant | undefined): Instant | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other)
}
