/**
 * What a preview means for AWS: how many grants each integration would create and revoke, subsumption included.
 *
 * The rules of `grant.ts` over sets of people, since a preview may be about millions of grants. Counts only.
 */
import type { EntitlementIndex } from './entitlement-index.ts'
import type { Person } from './fact-index.ts'
import type { Integration, IntegrationId } from './facts.ts'
import { onceForTwo } from './once-for-two.ts'
import { uselessIn } from './people.ts'
import {
  countOnly,
  countShared,
  difference,
  intersection,
  nobody,
  numbersOf,
  type PeopleSet,
  peopleSetOf,
  union,
  unionOf,
} from './people-set.ts'
import type { Levels, Moved, Prior, Supposed } from './preview.ts'
import { covers, printScope, type Scope, subPrefixOf } from './scope.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'
import type { Source } from './source-binding.ts'

export interface GrantMovement {
  readonly create: number
  readonly revoke: number
  /** New entitlements that AWS cannot be told of: unmapped people, or a data source outside the location. */
  readonly unmapped: number
}

export function grantMovements({
  index,
  moved,
  levels,
  remapped,
  rewired,
}: Supposed): ({ readonly integration: IntegrationId } & GrantMovement)[] {
  const byIntegration = Map.groupBy(moved, ({ source }) => source.row.integration)
  const concerned = new Set(byIntegration.keys())
  for (const id of rewired.keys()) concerned.add(id)
  if (remapped.size > 0) for (const id of index.bindings.integrations.keys()) concerned.add(id)
  return [...concerned]
    .sort((a, b) => a - b)
    .flatMap(id => {
      const now = index.bindings.integrations.get(id)
      const sides: Sides = { now, before: rewired.has(id) ? rewired.get(id) : now }
      const isRewired = JSON.stringify(sides.before) !== JSON.stringify(sides.now)
      const mine = byIntegration.get(id) ?? []
      const people = mappingsIn(index, id, mine, remapped, sides, isRewired)
      if (mine.length === 0 && people.other.size === 0 && !isRewired) return []
      const ours = isRewired ? scopeIndex(sourcesIn(index, id, mine), scopeOf) : undefined
      return [{ integration: id, ...movementIn(index, id, sides, mine, levels, people, ours) }]
    })
}

/** An integration before and now; undefined: not there, so that it has no grants. */
interface Sides {
  readonly before: Integration | undefined
  readonly now: Integration | undefined
}

function sourcesIn({ bindings }: EntitlementIndex, integration: IntegrationId, moved: readonly Moved[]): Set<Source> {
  const found = new Set(moved.map(({ source }) => source))
  for (const source of bindings.sources.values()) if (source.row.integration === integration) found.add(source)
  return found
}

function scopeOf({ row: { scope } }: Source): Scope {
  return scope
}

/** `ours` are all data sources of an integration that is another one now. */
function movementIn(
  index: EntitlementIndex,
  integration: IntegrationId,
  sides: Sides,
  moved: readonly Moved[],
  levels: (source: Source) => Levels,
  { mapped, other, otherBefore, otherNow }: Mappings,
  ours: ScopeIndex<Source> | undefined,
): GrantMovement {
  const { bindings } = index
  /** What moved, and what lies under it. */
  const touched = new Map<Source, Moved | undefined>()
  for (const one of moved) touched.set(one.source, one)
  const touch = (source: Source) => touched.set(source, touched.get(source))
  // Data sources that give nothing any more do not cover as far as the index knows, and did before.
  const asleep = moved.filter(({ source }) => !source.binding).map(({ source }) => source)
  const isInside = (source: Source, side: Integration | undefined) =>
    side !== undefined && subPrefixOf(source.row.scope, side.locationPath) !== undefined

  const earlier = new Map<Source, Levels>()
  function before(source: Source): Levels {
    const known = earlier.get(source) ?? levelsBefore(levels(source), touched.get(source)?.prior)
    earlier.set(source, known)
    return known
  }
  function outersOf(source: Source): readonly Source[] {
    if (!ours && source.above === 0 && asleep.length === 0) return noSources
    if (ours) return ours.coveredBy(source.row.scope).filter(one => one !== source)
    const gone = asleep.filter(one => one !== source && covers(one.row.scope, source.row.scope))
    const wide = bindings.covering(source)
    const outers = gone.length > 0 ? [...new Set([...wide, ...gone])] : wide
    return outers.filter(one => one.row.integration === integration)
  }

  function keptAt(source: Source, outers: readonly Source[], side: Integration, levelsAt: typeof levels): Levels {
    const wider = outers.filter(one => isInside(one, side))
    return kept(source, wider, side, levelsAt)
  }

  for (const { source } of moved) {
    for (const inner of bindings.covered(source)) if (inner.row.integration === integration) touch(inner)
  }
  if (other.size > 0 || ours) for (const source of sourcesIn(index, integration, moved)) touch(source)
  /** Mapped, and to nobody else than before. */
  const same = difference(mapped, other)

  function movementAt(source: Source, outers: readonly Source[], isIn: boolean, wasIn: boolean): GrantMovement {
    const gained = touched.get(source)?.gained ?? nobody
    const stayed = () => difference(levels(source).read, gained)
    let [create, revoke, unmapped] = [0, 0, gained.size]
    if (isIn) {
      unmapped -= countShared(gained, mapped)
      if (otherBefore.size > 0) unmapped += difference(intersection(stayed(), otherBefore), otherNow).size
    } else if (wasIn) unmapped += countShared(stayed(), mapped)
    const was = wasIn && sides.before ? keptAt(source, outers, sides.before, before) : noLevels
    const is = isIn && sides.now ? keptAt(source, outers, sides.now, levels) : noLevels
    for (const level of ['read', 'write'] as const) {
      create += countOnly(is[level], was[level], same) + countShared(is[level], otherNow)
      revoke += countOnly(was[level], is[level], same) + countShared(was[level], otherBefore)
    }
    return { create, revoke, unmapped }
  }

  const countMapped = countingWithin(mapped)
  let [create, revoke, unmapped] = [0, 0, 0]
  const alike = onceForTwo<Prior | undefined, Levels, GrantMovement>()
  for (const [source, mover] of touched) {
    const isIn = isInside(source, sides.now)
    const wasIn = sides.before === sides.now ? isIn : isInside(source, sides.before)
    const outers = isIn || wasIn ? outersOf(source) : noSources
    // Under nothing wider, data sources with the same levels have the same grants: those of their people, one each.
    const isPlain = isIn && wasIn && outers.length === 0
    const movement = () => movementAt(source, outers, isIn, wasIn)
    const one = !isPlain
      ? movement()
      : other.size === 0
        ? movementAlone(mover, countMapped)
        : alike(mover?.prior, levels(source), movement)
    create += one.create
    revoke += one.revoke
    unmapped += one.unmapped
  }
  return { create, revoke, unmapped }
}

/** Where each person's level is their grant, and their principal the one they had. */
function movementAlone(mover: Moved | undefined, countMapped: (people: PeopleSet) => number): GrantMovement {
  if (!mover) return noMovement
  const { gained, lost, raised, lowered } = mover
  const come = countMapped(gained)
  // Another level is another grant.
  const exchanged = countMapped(raised) + countMapped(lowered)
  return { create: come + exchanged, revoke: countMapped(lost) + exchanged, unmapped: gained.size - come }
}

/** How many of some people are among these; data sources that moved alike have the very same sets. */
function countingWithin(people: PeopleSet): (some: PeopleSet) => number {
  const known = new Map<PeopleSet, number>()
  return some => {
    if (some.size === 0) return 0
    const count = known.get(some) ?? countShared(some, people)
    known.set(some, count)
    return count
  }
}

function levelsBefore(now: Levels, prior: Prior | undefined): Levels {
  if (!prior || prior.isWhole) return prior ?? now
  return {
    read: union(difference(now.read, prior.seen), prior.read),
    write: union(difference(now.write, prior.seen), prior.write),
  }
}

const noSources: readonly Source[] = []

const noMovement: GrantMovement = { create: 0, revoke: 0, unmapped: 0 }

const noLevels: Levels = { read: nobody, write: nobody }

/** The people with a grant of their own, by its permission: the entitled less those whom a wider grant serves (05). */
function kept(
  source: Source,
  outers: readonly Source[],
  { subsumeEqual }: Integration,
  levelsAt: (source: Source) => Levels,
): Levels {
  const own = levelsAt(source)
  let [read, write] = [difference(own.read, own.write), own.write]
  for (const outer of outers) {
    const wide = levelsAt(outer)
    read = difference(read, wide.write)
    if (!subsumeEqual || printScope(outer.row.scope) === printScope(source.row.scope)) continue
    read = difference(read, wide.read)
    write = difference(write, wide.write)
  }
  return { read, write }
}

interface Mappings {
  /** Those of the people concerned who have exactly one principal for the integration. */
  readonly mapped: PeopleSet
  /** Whose principal is another one than before: all that they had goes, all that they have comes. */
  readonly other: PeopleSet
  /** Of these, who had one, and who has one now. */
  readonly otherBefore: PeopleSet
  readonly otherNow: PeopleSet
}

function mappingsIn(
  { facts }: EntitlementIndex,
  integration: IntegrationId,
  moved: readonly Moved[],
  remapped: Supposed['remapped'],
  sides: Sides,
  isRewired: boolean,
): Mappings {
  const seen = unionOf([...new Set(moved.map(({ prior }) => prior.seen))])
  const concerned = isRewired ? union(seen, facts.enabled) : seen
  const useful = (side: Integration | undefined) => {
    const whyUseless = side && uselessIn(side)
    return (person: Pick<Person, 'principals'>) => {
      const known = facts.principalOf(person, integration)
      return known && !whyUseless?.(known) ? known : undefined
    }
  }
  // Where it is not there on one side, there are no grants on that side whoever is mapped.
  const [wasKnown, isKnown] = [useful(sides.before ?? sides.now), useful(sides.now ?? sides.before)]
  const [other, otherBefore, otherNow]: [number[], number[], number[]] = [[], [], []]
  function compare(person: Person, principals: Person['principals']): void {
    const was = wasKnown({ principals })
    const is = isKnown(person)
    if (was?.kind === is?.kind && was?.identifier === is?.identifier) return
    other.push(person.number)
    if (was) otherBefore.push(person.number)
    if (is) otherNow.push(person.number)
  }
  for (const [user, principals] of remapped) {
    const person = facts.findPerson(user)
    if (person) compare(person, principals)
  }
  if (isRewired) {
    for (const number of numbersOf(concerned)) {
      const person = facts.personAt(number)
      if (!remapped.has(person.id)) compare(person, person.principals)
    }
  }
  return {
    mapped: peopleSetOf(numbersOf(concerned).filter(number => isKnown(facts.personAt(number)) !== undefined)),
    other: peopleSetOf(other),
    otherBefore: peopleSetOf(otherBefore),
    otherNow: peopleSetOf(otherNow),
  }
}
