/** Who has to be looked at again: for each integration that somebody follows, the people whose grants may move. */
import { isDeepStrictEqual } from 'node:util'
import {
  type Change,
  type EntitlementIndex,
  type IntegrationId,
  numbersOf,
  sourcesOf,
  type UserId,
} from '@headgate/core'
import type { OnChange } from './apply.ts'

/** People by id, or everybody: too many to be told apart, or no telling who. */
export type People = ReadonlySet<UserId> | 'everybody'

export interface Follower {
  /** Those touched since it was last asked; the first time everybody. */
  take(): People
  leave(): void
}

export interface Followers {
  follow(integration: IntegrationId): Follower
  /** Reads the difference at once. */
  tell(index: EntitlementIndex, ...told: Parameters<OnChange>): void
  /** Something about the integration itself is otherwise, such as its state. */
  tellOf(integrations: Iterable<IntegrationId>): void
  tellEverybody(): void
}

/** Beyond this, looking at everybody takes no longer. */
export const mostPeople = 500

export function createFollowers(): Followers {
  const all = new Set<{ readonly integration: IntegrationId; touched: Set<UserId> | 'everybody' }>()

  function touch(one: { touched: Set<UserId> | 'everybody' }, people: readonly UserId[]): void {
    if (one.touched === 'everybody') return
    for (const user of people) one.touched.add(user)
    if (one.touched.size > mostPeople) one.touched = 'everybody'
  }

  return {
    follow(integration) {
      const own = { integration, touched: 'everybody' as Set<UserId> | 'everybody' }
      all.add(own)
      return {
        take() {
          const { touched } = own
          own.touched = new Set()
          return touched
        },
        leave: () => void all.delete(own),
      }
    },
    tell(index, change, before, { blocks }) {
      if (all.size === 0) return
      // The same entitlement, and yet another grant.
      if (isMove(change, before)) for (const one of all) one.touched = 'everybody'
      // Who somebody is to AWS changes grants, though perhaps no entitlement.
      if (change.entity === 'principals') for (const one of all) touch(one, [change.user])
      for (const { sources, moved } of blocks) {
        const here = new Set(sourcesOf(sources).map(({ row }) => row.integration))
        const concerned = [...all].filter(({ integration }) => here.has(integration))
        if (concerned.length === 0) continue
        const people = Object.values(moved).flatMap(set => {
          const numbers = numbersOf(set)
          return Array.from(numbers.slice(0, mostPeople + 1), number => index.facts.personAt(number).id)
        })
        for (const one of concerned) touch(one, people)
      }
    },
    tellOf(integrations) {
      const some = new Set(integrations)
      for (const one of all) if (some.has(one.integration)) one.touched = 'everybody'
    },
    tellEverybody() {
      for (const one of all) one.touched = 'everybody'
    },
  }
}

function isMove(change: Change, before: Change): boolean {
  if (change.entity !== 'dataSource' || before.entity !== 'dataSource') return false
  const [is, was] = [change.row, before.row]
  if (!is || !was) return false
  return is.integration !== was.integration || !isDeepStrictEqual(is.scope, was.scope)
}
