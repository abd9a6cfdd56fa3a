/** Members by data source, by person and by group. Keeps those that have ended: whether one applies is asked with `now`. */
import { endings } from './endings.ts'
import type { DataSourceId, GroupId, Instant, Member, MemberId, UserId } from './facts.ts'

export interface MemberIndex {
  find(id: MemberId): Member | undefined
  /** By id. */
  of(dataSource: DataSourceId): readonly Member[]
  ofUser(user: UserId): Iterable<Member>
  ofGroup(group: GroupId): Iterable<Member>
  dataSources(): Iterable<DataSourceId>
  set(id: MemberId, row: Member | undefined): void
  /** Those whose end lies after the one instant and not after the other. */
  endingIn(after: Instant, upTo: Instant): Member[]
  /** The first end after an instant. */
  nextEnd(after: Instant): Instant | undefined
  readonly count: number
}

export function memberIndex(rows: readonly Member[]): MemberIndex {
  const byId = new Map<MemberId, Member>()
  const byDataSource = new Map<DataSourceId, Member[]>()
  const byUser = new Map<UserId, Set<Member>>()
  const byGroup = new Map<GroupId, Set<Member>>()
  const ending = endings<Member>()

  function set(id: MemberId, row: Member | undefined): void {
    const before = byId.get(id)
    if (before) remove(before)
    if (!row) {
      byId.delete(id)
      return
    }
    byId.set(id, row)
    const there = byDataSource.get(row.dataSource) ?? []
    byDataSource.set(row.dataSource, there)
    const at = there.findLastIndex(one => one.id < id) + 1
    there.splice(at, 0, row)
    if ('user' in row.subject) addTo(byUser, row.subject.user, row)
    else addTo(byGroup, row.subject.group, row)
    ending.add(row)
  }

  function remove(row: Member): void {
    const there = byDataSource.get(row.dataSource)!
    there.splice(there.indexOf(row), 1)
    if (there.length === 0) byDataSource.delete(row.dataSource)
    if ('user' in row.subject) takeFrom(byUser, row.subject.user, row)
    else takeFrom(byGroup, row.subject.group, row)
    ending.delete(row)
  }

  // In order of their ids each one goes to the end of its list.
  for (const row of rows.toSorted((a, b) => a.id - b.id)) set(row.id, row)

  return {
    find: id => byId.get(id),
    of: dataSource => byDataSource.get(dataSource) ?? [],
    ofUser: user => byUser.get(user) ?? [],
    ofGroup: group => byGroup.get(group) ?? [],
    dataSources: () => byDataSource.keys(),
    set,
    endingIn: ending.endingIn,
    nextEnd: ending.nextEnd,
    get count() {
      return byId.size
    },
  }
}

export function isExpired({ until }: { readonly until?: Instant | undefined }, now: Instant): boolean {
  return until !== undefined && until <= now
}

function addTo<Key>(sets: Map<Key, Set<Member>>, key: Key, member: Member): void {
  const there = sets.get(key)
  if (there) there.add(member)
  else sets.set(key, new Set([member]))
}

function takeFrom<Key>(sets: Map<Key, Set<Member>>, key: Key, member: Member): void {
  const there = sets.get(key)
  there?.delete(member)
  if (there?.size === 0) sets.delete(key)
}
