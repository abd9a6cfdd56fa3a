/** What was approved once, asked for again: for longer while it lasts, anew when it is over. Decided like any request. */
import { printDuration } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { RequestRow } from '../db/request.ts'
import type { Caller } from '../http/serve.ts'
import type { Asked } from './ask.ts'

/**
 * The same answers, and the agreements in the versions that were accepted: where the form asks otherwise by now, that is
 * refused like any answer. Throws Problem `request-over` for what waits, was denied, withdrawn or taken back.
 */
export function sameAgain(
  caller: Caller,
  { id, state, beneficiary_id, level, answers, agreements, asked_ms }: RequestRow,
  { duration, idempotencyKey }: Pick<Asked, 'duration' | 'idempotencyKey'>,
): Asked {
  if (!canBeAskedAgain(state)) throw new Problem('request-over', { id, state })
  const before = asked_ms === null ? {} : { duration: printDuration(asked_ms) }
  return {
    ...(beneficiary_id === caller.id ? {} : { for: beneficiary_id }),
    level,
    answers: answers as Asked['answers'],
    agreements: agreements.map(({ id, version }) => ({ id, version })),
    ...(duration === undefined ? before : { duration }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

export function canBeAskedAgain(state: RequestRow['state']): boolean {
  return state === 'approved' || state === 'expired'
}
