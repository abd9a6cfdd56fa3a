/**
 * Whose grants are to be planned in the next round: those whom a change touched, and those whom the last plan left
 * unfinished. Everybody at first, after an error, and whenever there is no telling who.
 *
 * Whoever only waits for a time to try again is left alone until then, however many they are.
 */
import type { Instant, LedgerRow, Plan, UserId } from '@headgate/core'
import { type Follower, mostPeople, type People } from '../live-index/followers.ts'

export interface OpenPeople {
  /** Those to be planned now. They stay open until `note` has seen their plan. */
  due(now: Instant): People
  add(people: Iterable<UserId>): void
  /** A plan of these people is in the ledger: nobody else of them has anything to wait for. */
  note(planned: People, plan: Plan<LedgerRow>): void
  /** Everybody, next time. */
  forget(): void
  /** Whether somebody waits who is not among these. */
  hasOthers(planned: People): boolean
  /** When somebody who waits is due. */
  next(): Instant | undefined
}

export function createOpenPeople(follower: Pick<Follower, 'take'>): OpenPeople {
  let isEverybody = false
  const open = new Set<UserId>()
  /** Not before; undefined: not by itself. */
  const waiting = new Map<UserId, Instant | undefined>()

  return {
    due(now) {
      const touched = follower.take()
      if (touched === 'everybody') isEverybody = true
      else for (const user of touched) open.add(user)
      for (const [user, at] of waiting) if (at !== undefined && at <= now) open.add(user)
      if (open.size > mostPeople) isEverybody = true
      return isEverybody ? 'everybody' : new Set(open)
    },
    add(people) {
      for (const user of people) open.add(user)
    },
    note(planned, plan) {
      if (planned === 'everybody') {
        isEverybody = false
        open.clear()
        waiting.clear()
      } else {
        for (const user of planned) {
          open.delete(user)
          waiting.delete(user)
        }
      }
      for (const { row, grant, why, until } of plan.wait) {
        const user = row?.user ?? grant?.user
        // What is held waits for a person, whose decision has everybody planned.
        if (user === undefined || why === 'held') continue
        if (why !== 'retry') open.add(user)
        else waiting.set(user, earlier(waiting.get(user), until))
      }
      for (const { user } of unfinished(plan)) open.add(user)
    },
    forget() {
      isEverybody = true
    },
    hasOthers(planned) {
      if (planned === 'everybody') return false
      return [...open, ...waiting.keys()].some(user => !planned.has(user))
    },
    next() {
      let first: Instant | undefined
      for (const at of waiting.values()) first = earlier(first, at)
      return first
    },
  }
}

function unfinished({ revoke, drop, create, refuse }: Plan<LedgerRow>): readonly { readonly user: UserId }[] {
  return [...revoke, ...drop, ...create.map(({ grant }) => grant), ...refuse.map(({ grant }) => grant)]
}

function earlier(one: Instant | undefined, other: Instant | undefined): Instant | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
}
