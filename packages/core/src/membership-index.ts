/**
 * Memberships of data products by person, and whose value holds now.
 *
 * Keeps those that have ended: whether one applies is asked with `now`. Whoever has several of one product and level
 * holds its value until the last of them ends.
 */
import { endings } from './endings.ts'
import type { OwnReason } from './entitlement.ts'
import type { FactIndex } from './fact-index.ts'
import type { DataProductId, Instant, Level, Membership, MembershipId, UserId } from './facts.ts'
import { attributeOf } from './marketplace.ts'
import { isExpired } from './member-index.ts'

export interface MembershipIndex {
  find(id: MembershipId): Membership | undefined
  /** All of a person's, by id. */
  ofUser(user: UserId): readonly Membership[]
  /** The person holds the product's value at that level from now on if a membership of theirs applies, else not. */
  set(id: MembershipId, row: Membership | undefined, now: Instant): void
  /** Time has gone on, or back: brings the values of those that ended, or did not, up to date. */
  renew(some: Iterable<Membership>, now: Instant): void
  /** Why a person is let in by what they hold of these products, by id. */
  reasons(user: UserId, products: readonly DataProductId[], level: Level, now: Instant): OwnReason[]
  /** Those whose end lies after the one instant and not after the other. */
  endingIn(after: Instant, upTo: Instant): Membership[]
  /** The first end after an instant. */
  nextEnd(after: Instant): Instant | undefined
  readonly count: number
}

export function membershipIndex(
  facts: Pick<FactIndex, 'hold'>,
  rows: readonly Membership[],
  at: Instant,
): MembershipIndex {
  const byId = new Map<MembershipId, Membership>()
  const byUser = new Map<UserId, Membership[]>()
  const ending = endings<Membership>()

  function set(id: MembershipId, row: Membership | undefined, now: Instant): void {
    const before = byId.get(id)
    if (before) remove(before)
    if (row) add(row)
    renew(
      [before, row].filter(one => one !== undefined),
      now,
    )
  }

  function add(row: Membership): void {
    byId.set(row.id, row)
    const mine = byUser.get(row.user) ?? []
    byUser.set(row.user, mine)
    mine.splice(mine.findLastIndex(one => one.id < row.id) + 1, 0, row)
    ending.add(row)
  }

  function remove(row: Membership): void {
    byId.delete(row.id)
    const mine = byUser.get(row.user)!
    mine.splice(mine.indexOf(row), 1)
    if (mine.length === 0) byUser.delete(row.user)
    ending.delete(row)
  }

  function renew(some: Iterable<Membership>, now: Instant): void {
    for (const { user, product, level } of some) {
      const { subject, key, value } = attributeOf({ user, product, level })
      facts.hold(
        subject.user,
        key,
        value,
        applying(user, level, now).some(one => one.product === product),
      )
    }
  }

  function applying(user: UserId, level: Level, now: Instant): Membership[] {
    return (byUser.get(user) ?? []).filter(one => one.level === level && !isExpired(one, now))
  }

  for (const row of rows) set(row.id, row, at)

  return {
    find: id => byId.get(id),
    ofUser: user => byUser.get(user) ?? [],
    set,
    renew,
    reasons: (user, products, level, now) =>
      applying(user, level, now)
        .filter(({ product }) => products.includes(product))
        .map(membershipReason),
    endingIn: ending.endingIn,
    nextEnd: ending.nextEnd,
    get count() {
      return byId.size
    },
  }
}

function membershipReason({ id, product, level, until }: Membership): OwnReason {
  return { kind: 'membership', id, level, ...(until === undefined ? {} : { until }), via: { product } }
}
