/**
 * What lets people in on one data source beside its audience: subscriptions to what its manual policies offer, and
 * members. Asked for one data source at a time, for everybody or a few people.
 */
import type { Binding } from './binding-table.ts'
import type { FactIndex } from './fact-index.ts'
import type { DataSourceId, Level, Member } from './facts.ts'
import type { Formula } from './formula.ts'
import { copyOf, intersection, nobody, type PeopleSet } from './people-set.ts'
import { type LettingIn, memberReason } from './standing.ts'
import type { SubscriptionIndex } from './subscription-index.ts'

/** The offers as far as they are taken up: only who has subscribed at the policy's own level. */
export function takenUp(
  binding: Binding | undefined,
  subscribers: (level: Level) => PeopleSet,
  ask: (formula: Formula) => PeopleSet,
): LettingIn[] {
  if (!binding || binding.offers.length === 0) return []
  return binding.offers.map(({ policy, reason, formula }) => {
    const subscribed = subscribers(policy.level)
    if (subscribed.size === 0) return { reason, people: nobody }
    const found = intersection(ask(formula), subscribed)
    // Subscribers change in place; what is kept for a comparison has to last.
    return { reason, people: found === subscribed ? copyOf(found) : found }
  })
}

/** `people` as `ask` means them. */
export function lettingIn(facts: FactIndex, members: readonly Member[], people: PeopleSet): LettingIn[] {
  return members.map(member => {
    const found = facts.subjectPeople(member.subject, people)
    // The lists of facts change in place; what is kept for a comparison has to last.
    return { reason: memberReason(member), people: found === people || found === nobody ? found : copyOf(found) }
  })
}

export function subscribersOf(subscriptions: SubscriptionIndex, dataSource: DataSourceId) {
  return (level: Level) => subscriptions.subscribers(dataSource, level)
}
