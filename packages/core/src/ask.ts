/**
 * Who reaches a data source, and what a person reaches: page by page, complete, from the index as it is.
 *
 * Says what covering data sources open too, marked (02). Changes nothing. A page costs what it holds, and one look at
 * the audiences concerned.
 */
import type { EntitlementIndex } from './entitlement-index.ts'
import type { DataSourceId, UserId } from './facts.ts'
import { type Access, overlapReason } from './overlap.ts'
import { hasPerson, numbersOf, peopleSetOf, unionOf } from './people-set.ts'
import type { Source } from './source-binding.ts'
import { becauseOf, type Standing } from './standing.ts'

export interface Page<After> {
  /** Begin after this one; without it, at the start. */
  readonly after?: After
  /** Rows, from 1. Default 100. */
  readonly limit?: number
}

export interface AccessPage<After> {
  readonly rows: readonly Access[]
  /** How many there are on all pages. */
  readonly total: number
  /** Where the next page begins; absent on the last one. */
  readonly next?: After
}

/** Everybody who reaches the data source, by user id; nobody where it is unknown. */
export function whoReaches(
  index: EntitlementIndex,
  dataSource: DataSourceId,
  page: Page<UserId> = {},
): AccessPage<UserId> {
  const source = index.bindings.sources.get(dataSource)
  if (!source) return { rows: [], total: 0 }
  const wider = coveringById(index, source)
  const standings = [source, ...wider].map(index.standing)
  const numbers = numbersOf(unionOf(standings.map(({ read }) => read)))
  const ids = Array.from(numbers, number => index.facts.personAt(number).id)
  if (!index.facts.isInOrder()) ids.sort((a, b) => a - b)
  return paged(ids, page, user => {
    const { number } = index.facts.person(user)
    return accessOf(user, number, source, wider, standings)
  })
}

/** Everything that the person reaches, by data source id; nothing where they are unknown or disabled. */
export function whatIsReached(
  index: EntitlementIndex,
  user: UserId,
  page: Page<DataSourceId> = {},
): AccessPage<DataSourceId> {
  const person = index.facts.findPerson(user)
  if (!person || !hasPerson(index.facts.enabled, person.number)) return { rows: [], total: 0 }
  const { number } = person
  const standing = index.standingWithin(peopleSetOf([number]))
  const entitled = entitledSources(index, number)
  const ids = entitled.map(({ id }) => id)
  for (const source of entitled) for (const inner of index.bindings.covered(source)) ids.push(inner.id)
  return paged(inOrder(ids), page, id => {
    const source = index.bindings.sources.get(id)!
    const wider = coveringById(index, source)
    return accessOf(user, number, source, wider, [source, ...wider].map(standing))
  })
}

/** What one person reaches on one data source; undefined: nothing. */
export function accessTo(index: EntitlementIndex, user: UserId, dataSource: DataSourceId): Access | undefined {
  const person = index.facts.findPerson(user)
  const source = index.bindings.sources.get(dataSource)
  if (!person || !source || !hasPerson(index.facts.enabled, person.number)) return undefined
  const standing = index.standingWithin(peopleSetOf([person.number]))
  const wider = coveringById(index, source)
  const standings = [source, ...wider].map(standing)
  if (standings.every(({ read }) => read.size === 0)) return undefined
  return accessOf(user, person.number, source, wider, standings)
}

function entitledSources(index: EntitlementIndex, number: number): Source[] {
  const { bindings, facts, members, subscriptions } = index
  const people = peopleSetOf([number])
  const standing = index.standingWithin(people)
  const person = facts.personAt(number)
  const alone = new Set<Source>()
  const memberships = [...person.groups.flatMap(({ id }) => [...members.ofGroup(id)]), ...members.ofUser(person.id)]
  for (const { id } of facts.everyonesGroups()) memberships.push(...members.ofGroup(id))
  for (const id of [...memberships.map(({ dataSource }) => dataSource), ...subscriptions.ofUser(person.id)]) {
    const source = bindings.sources.get(id)
    if (source) alone.add(source)
  }
  const found = [...alone].filter(source => standing(source).read.size > 0)
  for (const { sources } of index.opening(people)) {
    // Guardrails are the binding's, so one without this person as a member or subscriber speaks for all.
    let isLetIn: boolean | undefined
    for (const source of sources) {
      if (alone.has(source)) continue
      isLetIn ??= standing(source).read.size > 0
      if (!isLetIn) break
      found.push(source)
    }
  }
  return found
}

/** Ascending, each once. Tens of thousands of them: sorted as plain numbers, without a comparison to call. */
function inOrder<Id extends number>(ids: readonly Id[]): Id[] {
  const sorted = Float64Array.from(ids).sort() as ArrayLike<number> as ArrayLike<Id>
  const found: Id[] = []
  for (let at = 0; at < sorted.length; at++) if (sorted[at] !== sorted[at - 1]) found.push(sorted[at]!)
  return found
}

function coveringById(index: EntitlementIndex, source: Source): Source[] {
  return index.bindings.covering(source).sort((a, b) => a.id - b.id)
}

function accessOf(
  user: UserId,
  number: number,
  { id: dataSource }: Source,
  wider: readonly Source[],
  [own, ...outer]: readonly Standing[],
): Access {
  const entitled = own && levelIn(own, number)
  const overlaps = wider.flatMap(({ id }, at) => {
    const level = levelIn(outer[at]!, number)
    return level ? [overlapReason({ dataSource: id, level, because: becauseOf(outer[at]!, number) })] : []
  })
  const isWrite = entitled === 'WRITE' || overlaps.some(({ level }) => level === 'WRITE')
  const because = [...(entitled ? becauseOf(own!, number) : []), ...overlaps]
  return { user, dataSource, level: isWrite ? 'WRITE' : 'READ', ...(entitled ? { entitled } : {}), because }
}

function levelIn({ read, write }: Standing, number: number) {
  if (!hasPerson(read, number)) return undefined
  return hasPerson(write, number) ? 'WRITE' : 'READ'
}

function paged<Id extends number>(
  ids: readonly Id[],
  { after, limit = 100 }: Page<Id>,
  rowOf: (id: Id) => Access,
): AccessPage<Id> {
  let start = 0
  let end = after === undefined ? 0 : ids.length
  while (start < end) {
    const middle = (start + end) >>> 1
    if (ids[middle]! > after!) end = middle
    else start = middle + 1
  }
  const page = ids.slice(start, start + limit)
  const isLast = start + limit >= ids.length
  return { rows: page.map(rowOf), total: ids.length, ...(isLast ? {} : { next: page.at(-1)! }) }
}
