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
  describedMembership,
  insertMembership,
  type MembershipRow,
  membershipTarget,
  type NewMembership,
} from '../db/membership.ts'
import { lockProduct } from '../db/tagged-source.ts'

export {
  endMemberships,
  type MembershipRow,
  memberships as membershipsOf,
} from '../db/membership.ts'

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
    targets: [membershipTarget(row)],
    relatedResources: [{ type: 'DATA_PRODUCT', id: product }, target],
    payload: { type: 'MembershipAdded', after: describedMembership(row) },
  })
  return row
}

/** As core knows it. */
function factOf({ id, person, product, level, until }: MembershipRow) {
  return { id, user: person, product, level, ...(until === null ? {} : { until }) }
}
