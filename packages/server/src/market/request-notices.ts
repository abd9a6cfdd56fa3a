/** Who is told what about a request; and governors, where nobody is left who may decide on it. */
import { criteriaOf, type Level, openStage, type Review } from '@headgate/core'
import type { FactsOf, NoticeKind } from '@headgate/core/api'
import type { Act } from '../db/act.ts'
import { findAnybody } from '../db/person-name.ts'
import { type RequestRow, updateRequest } from '../db/request.ts'
import { notify } from '../notify/notify.ts'
import { decidersOf, type ReviewAbout } from './approvers.ts'

type RequestNotice = Extract<NoticeKind, `request.${string}` | `membership.${string}`>

interface Telling {
  readonly people: readonly number[]
  readonly permission?: 'GOVERNANCE'
  readonly reason?: string | null | undefined
  readonly until?: number | null | undefined
  readonly once?: string
}

/** Whoever did it is not told. */
export async function tell(
  doing: Act,
  kind: Exclude<RequestNotice, 'request.reminder'>,
  row: RequestRow,
  telling: Telling,
) {
  const { people, permission, reason, until, once } = telling
  const names = await findAnybody(doing.tx, [row.beneficiary_id, doing.actor.id ?? row.requester_id])
  const named = (id: number) => ({ id, name: names.get(id)?.name ?? String(id) })
  const facts = {
    of: { id: row.product_id ?? row.data_source_id ?? row.id, name: row.name },
    by: doing.actor.id === undefined ? { id: 'headgate', name: 'Headgate' } : named(doing.actor.id),
    for: named(row.beneficiary_id),
    level: row.level as Level,
    ...(reason ? { reason } : {}),
    ...(until == null ? {} : { until: new Date(until).toISOString() }),
  } as FactsOf<typeof kind>
  await notify(doing, {
    kind,
    to: {
      people: [...new Set(people)],
      ...(permission ? { permission } : {}),
      ...(doing.actor.id === undefined ? {} : { except: [doing.actor.id] }),
    },
    about: { type: 'request', id: row.id },
    facts,
    ...(once === undefined ? {} : { once }),
  })
}

/** A stage has opened: its deciders are told, and governors where it is stuck. */
export async function tellStage(doing: Act, row: RequestRow, review: Review, about: ReviewAbout): Promise<void> {
  const stage = openStage(review)
  if (!stage || criteriaOf(stage).length === 0) return
  const { people, stuck } = await decidersOf(doing.tx, review, about, { limit: mostTold })
  await tell(doing, 'request.created', row, { people: people.map(({ id }) => id) })
  if (stuck) await tellStuck(doing, row)
}

/** More would be everybody. */
export const mostTold = 1000

/** Governors are told once for each stage. */
export async function tellStuck(doing: Act, row: RequestRow): Promise<void> {
  if (row.stuck_stage === row.stage) return
  await updateRequest(doing.tx, row.id, { stuck_stage: row.stage })
  await tell(doing, 'request.stuck', row, {
    people: [],
    permission: 'GOVERNANCE',
    once: `request ${row.id} stage ${row.stage}`,
  })
}
