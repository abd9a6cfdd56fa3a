/**
 * Changes of members, memberships of data products and subscriptions, and time that goes on: whom they touch on which data
 * sources, and how they are taken in.
 *
 * Whoever applies one asks first and takes it in then. What did not move after all is told later.
 */
import type { Audiences } from './audience.ts'
import type { MemberChange } from './change.ts'
import type { FactIndex } from './fact-index.ts'
import type { DataSourceId, Instant, Member, Membership } from './facts.ts'
import type { Formulas } from './formula.ts'
import { attributeOf } from './marketplace.ts'
import type { MemberIndex } from './member-index.ts'
import type { MembershipIndex } from './membership-index.ts'
import { copyOf, intersection, type PeopleSet, peopleSetOf, unionOf } from './people-set.ts'
import { allAbove } from './reach-of-change.ts'
import type { SourceBindings } from './source-binding.ts'
import type { SubscriptionIndex } from './subscription-index.ts'

export interface MemberChanges {
  /** The enabled people for whom something may be otherwise, by data source; the very same set where only that tells. */
  touchedBy(change: MemberChange, now: Instant): Map<DataSourceId, PeopleSet>
  /** @param now as it is before: a change of the time says itself as of when it is to be */
  takeIn(change: MemberChange, now: Instant): void
}

interface Parts {
  readonly facts: FactIndex
  readonly formulas: Formulas
  readonly bindings: SourceBindings
  readonly members: MemberIndex
  readonly memberships: MembershipIndex
  readonly subscriptions: SubscriptionIndex
  readonly audiences: Audiences
}

export function memberChanges(parts: Parts): MemberChanges {
  const { facts, formulas, bindings, members, memberships, subscriptions, audiences } = parts

  function touchedBy(change: MemberChange, now: Instant): Map<DataSourceId, PeopleSet> {
    const people = new Map<DataSourceId, PeopleSet[]>()
    function touch(dataSource: DataSourceId, some: PeopleSet): void {
      const there = people.get(dataSource) ?? []
      people.set(dataSource, there)
      there.push(some)
    }
    for (const { dataSource, subject } of rowsOf(change, now)) {
      // A copy: the lists of facts change in place.
      touch(dataSource, copyOf(facts.subjectPeople(subject, facts.enabled)))
    }
    for (const [product, some] of Map.groupBy(membershipsOf(change, now), one => one.product)) {
      const held = copyOf(intersection(peopleOf(some), facts.enabled))
      for (const one of bindings.placement.products.get(product)?.dataSources ?? []) touch(one, held)
    }
    return new Map(Array.from(people, ([id, sets]) => [id, sets.length === 1 ? sets[0]! : unionOf(sets)]))
  }

  function takeIn(change: MemberChange, now: Instant): void {
    const touched = membershipsOf(change, now)
    switch (change.entity) {
      case 'member':
        members.set(change.id, change.row)
        break
      case 'subscription':
        subscriptions.set(change.row, change.holds)
        break
      case 'membership':
        memberships.set(change.id, change.row, now)
        break
      case 'now':
        memberships.renew(touched, change.now)
    }
    renewAudiences(touched)
  }

  /** Those that were asked for know who held the values. */
  function renewAudiences(touched: readonly Membership[]): void {
    for (const [value, some] of Map.groupBy(touched, one => attributeOf(one).value)) {
      const leaf = formulas.find({ is: 'value', key: attributeOf(some[0]!).key, value })
      if (leaf) audiences.renew(allAbove(leaf), peopleOf(some))
    }
  }

  function rowsOf(change: MemberChange, now: Instant): readonly Pick<Member, 'dataSource' | 'subject'>[] {
    switch (change.entity) {
      case 'member':
        return [members.find(change.id), change.row].filter(row => row !== undefined)
      case 'subscription':
        return [{ dataSource: change.row.dataSource, subject: { user: change.row.user } }]
      case 'membership':
        return []
      case 'now':
        return members.endingIn(...between(now, change.now))
    }
  }

  function membershipsOf(change: MemberChange, now: Instant): readonly Membership[] {
    if (change.entity === 'now') return memberships.endingIn(...between(now, change.now))
    if (change.entity !== 'membership') return []
    return [memberships.find(change.id), change.row].filter(row => row !== undefined)
  }

  function peopleOf(some: readonly Membership[]): PeopleSet {
    return peopleSetOf(some.map(({ user }) => facts.person(user).number))
  }

  return { touchedBy, takeIn }
}

/** Time may go back as well. */
function between(one: Instant, other: Instant): [after: Instant, upTo: Instant] {
  return [Math.min(one, other), Math.max(one, other)]
}
