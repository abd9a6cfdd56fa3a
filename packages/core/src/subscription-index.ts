/**
 * Who subscribed to what at which level: by data source as sets of people, by person as data sources.
 *
 * Keeps what nothing backs: whether a manual policy makes anything of a subscription is for others to say.
 */
import type { FactIndex } from './fact-index.ts'
import type { DataSourceId, Level, Subscription, UserId } from './facts.ts'
import { addPerson, bytesOf, hasPerson, newPeopleSet, nobody, type PeopleSet, removePerson } from './people-set.ts'

export interface SubscriptionIndex {
  has(row: Subscription): boolean
  /** Enabled or not; changes in place with the next subscription. */
  subscribers(dataSource: DataSourceId, level: Level): PeopleSet
  isSubscribedTo(dataSource: DataSourceId): boolean
  ofUser(user: UserId): Iterable<DataSourceId>
  dataSources(): Iterable<DataSourceId>
  set(row: Subscription, holds: boolean): void
  bytes(): number
}

export function subscriptionIndex(facts: FactIndex, rows: readonly Subscription[]): SubscriptionIndex {
  const byDataSource = new Map<DataSourceId, Readonly<Record<Level, PeopleSet>>>()
  const byUser = new Map<UserId, Set<DataSourceId>>()

  function subscribers(dataSource: DataSourceId, level: Level): PeopleSet {
    return byDataSource.get(dataSource)?.[level] ?? nobody
  }

  function has({ user, dataSource, level }: Subscription): boolean {
    const person = facts.findPerson(user)
    return person !== undefined && hasPerson(subscribers(dataSource, level), person.number)
  }

  function set(row: Subscription, holds: boolean): void {
    if (has(row) === holds) return
    const { user, dataSource, level } = row
    const { number } = facts.person(user)
    const there = byDataSource.get(dataSource) ?? { READ: newPeopleSet(), WRITE: newPeopleSet() }
    byDataSource.set(dataSource, there)
    if (holds) addPerson(there[level], number)
    else removePerson(there[level], number)
    if (there.READ.size + there.WRITE.size === 0) byDataSource.delete(dataSource)

    const theirs = byUser.get(user) ?? new Set()
    byUser.set(user, theirs)
    if (hasPerson(there.READ, number) || hasPerson(there.WRITE, number)) theirs.add(dataSource)
    else theirs.delete(dataSource)
    if (theirs.size === 0) byUser.delete(user)
  }

  function bytes(): number {
    let sum = 0
    for (const { READ, WRITE } of byDataSource.values()) sum += 200 + bytesOf(READ) + bytesOf(WRITE)
    for (const { size } of byUser.values()) sum += 200 + 40 * size
    return sum
  }

  for (const row of rows) set(row, true)

  return {
    has,
    subscribers,
    isSubscribedTo: dataSource => byDataSource.has(dataSource),
    ofUser: user => byUser.get(user) ?? [],
    dataSources: () => byDataSource.keys(),
    set,
    bytes,
  }
}
