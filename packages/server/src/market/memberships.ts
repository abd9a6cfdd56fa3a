/**
 * Letting somebody into a data product, and ending that: the only ways by which memberships come and go.
 *
 * A membership is a fact (06): whoever has one holds the reserved value of the product while it lasts, and the standing
 * policies do the rest. Nothing here decides who may have one; nothing here is ever deleted. Several of one person and
 * product never undo each other: an extension is one more, with a later end.
 */
import { Problem } from '@headgate/core/api'
import type { Act } from '../db/act.ts'
import { subjectTarget } from '../db/member.ts'
import {
  insertMembership,
  type MembershipFilter,
  type MembershipRow,
  markEnded,
  type NewMembership,
} from '../db/membership.ts'
import { lockProduct } from '../db/tagged-source.ts'

export { type MembershipFilter, type MembershipRow, memberships as membershipsOf } from '../db/membership.ts'

/** Why it is over; core's brake knows each of them. */
export type MembershipEnd =
  | 'membership-revoked'
  | 'membership-expired'
  | 'product-unpublished'
  | 'product-deleted'
  | 'user-deleted'

/**
 * `until` is the first instant without it, in database time, and has to lie ahead.
 * @throws Problem `data-product-not-found`, `data-product-closed`, `user-not-found`, `membership-over`
 */
export async function addMembership(doing: Act, given: NewMembership): Promise<MembershipRow> {
  const { tx, now, changed, audit } = doing
  const { product, person, until } = given
  const { state } = await lockProduct(tx, product)
  if (state !== 'published' && state !== 'suspended') throw new Problem('data-product-closed', { id: product, state })
  const target = await subjectTarget(tx, { user: person })
  if (until !== undefined && until <= now) {
    throw new Problem('membership-over', { until: new Date(until).toISOString() })
  }
  const row = await insertMembership(doing, given)
  changed('membership', row.id, factOf(row), 'membership-added')
  audit({
    action: 'CREATE',
    targetType: 'MEMBERSHIP',
    targets: [targetOf(row)],
    relatedResources: [{ type: 'DATA_PRODUCT', id: product }, target],
    payload: { type: 'MembershipAdded', after: described(row) },
  })
  return row
}

/** Ends those that are not over yet; at least one thing has to be said about which. @returns what they were */
export async function endMemberships(
  doing: Act,
  filter: MembershipFilter,
  cause: MembershipEnd,
): Promise<MembershipRow[]> {
  if (Object.values(filter).every(one => one === undefined)) throw new RangeError('all memberships there are')
  const ended = await markEnded(doing, filter, cause)
  for (const row of ended) {
    doing.changed('membership', row.id, null, cause)
    doing.audit({
      action: cause === 'membership-expired' ? 'EXPIRE' : 'REVOKE',
      targetType: 'MEMBERSHIP',
      targets: [targetOf(row)],
      relatedResources: [
        { type: 'DATA_PRODUCT', id: row.product },
        { type: 'USER', id: String(row.person), name: row.userid },
      ],
      payload: { type: 'MembershipEnded', cause, before: described(row) },
    })
  }
  return ended
}

/** As core knows it. */
function factOf({ id, person, product, level, until }: MembershipRow) {
  return { id, user: person, product, level, ...(until === null ? {} : { until }) }
}

function targetOf({ id }: MembershipRow) {
  return { type: 'MEMBERSHIP', id: String(id) }
}

function described({ level, since, until, request }: MembershipRow) {
  return {
    level,
    since: new Date(since).toISOString(),
    ...(until === null ? {} : { until: new Date(until).toISOString() }),
    ...(request === null ? {} : { request }),
  }
}
