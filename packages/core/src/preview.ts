/**
 * What a set of hypothetical changes would do, exactly, without doing it.
 *
 * The changes are applied to the index, looked at and taken back, so that the same code says what would be and what
 * is. Aggregates first, rows page by page. The index answers as before afterwards; a difference not yet written out
 * is lost.
 */
import type { Change } from './change.ts'
import type { Block, Movements } from './difference.ts'
import { sourcesOf } from './difference.ts'
import type { EntitlementIndex } from './entitlement-index.ts'
import type { DataSource, DataSourceId, Integration, IntegrationId, Level, Principal, UserId } from './facts.ts'
import { onceForTwo } from './once-for-two.ts'
import {
  copyOf,
  difference,
  hasPerson,
  intersection,
  newPeopleSet,
  numbersOf,
  type PeopleSet,
  union,
  unionOf,
} from './people-set.ts'
import { digestOf } from './preview-digest.ts'
import { type GrantMovement, grantMovements } from './preview-grants.ts'
import { printScope } from './scope.ts'
import type { Source } from './source-binding.ts'

export interface PreviewRow {
  readonly user: UserId
  readonly dataSource: DataSourceId
  readonly before?: Level
  readonly after?: Level
}

export interface Preview {
  readonly movements: Omit<Movements, 'reasons'>
  /** Raised and lowered: who keeps access to a data source, but with another level. */
  readonly people: {
    readonly gaining: number
    readonly losing: number
    readonly raised: number
    readonly lowered: number
  }
  readonly dataSources: { readonly gaining: number; readonly losing: number }
  readonly entitlements: { readonly before: number; readonly after: number }
  /** By integration. */
  readonly grants: readonly ({ readonly integration: IntegrationId } & GrantMovement)[]
  /** By data source, then user; who moved between levels included. */
  readonly rows: readonly PreviewRow[]
  /** How many rows there are on all pages. */
  readonly total: number
  /** Where the next page begins; absent on the last one. */
  readonly next?: { readonly dataSource: DataSourceId; readonly user: UserId }
  /** Of exactly who would gain and lose what; equal for equal outcomes, however they come about. No secret. */
  readonly digest: string
}

export interface PreviewPage {
  readonly after?: { readonly dataSource: DataSourceId; readonly user: UserId }
  /** Rows. Default 100. */
  readonly limit?: number
  /** The data sources whose rows are shown; aggregates are of all. Default: every one. */
  readonly isShown?: (id: DataSourceId) => boolean
}

export interface Levels {
  readonly read: PeopleSet
  readonly write: PeopleSet
}

/** The people who moved on a data source, and what they had before the first change. */
export interface Prior extends Levels {
  readonly seen: PeopleSet
  /** Whether the levels are those of everybody, not only of the people seen. */
  readonly isWhole: boolean
}

export interface Moved {
  /** As it is in the index, or was at last. */
  readonly source: Source
  readonly prior: Prior
  readonly gained: PeopleSet
  readonly lost: PeopleSet
  readonly raised: PeopleSet
  readonly lowered: PeopleSet
  /** Who may write afterwards; others than those who moved may be left out. */
  readonly write: PeopleSet
}

/** How things would be, to be read before `supposing` ends. */
export interface Supposed {
  readonly index: EntitlementIndex
  /** By data source. */
  readonly moved: readonly Moved[]
  readonly levels: (source: Source) => Levels
  /** Whoever is known to AWS otherwise, with the principals they had. */
  readonly remapped: ReadonlyMap<UserId, readonly Principal[]>
  /** The integrations that are others now, as they were; undefined: not there. */
  readonly rewired: ReadonlyMap<IntegrationId, Integration | undefined>
}

/** Throws a `RangeError` where a change would move a known data source to another scope or integration. */
export function preview(index: EntitlementIndex, changes: Iterable<Change>, page: PreviewPage = {}): Preview {
  return supposing(index, changes, supposed => previewOf(supposed, page))
}

/**
 * What `look` finds while the changes are in the index, which answers as before afterwards. May be nested.
 * @param changes each is asked for once those before it are in
 */
export function supposing<T>(index: EntitlementIndex, changes: Iterable<Change>, look: (supposed: Supposed) => T): T {
  const undo: Change[] = []
  try {
    const priors: Priors = new Map()
    let [count, isWhole, last]: [number, boolean, readonly Block[]] = [0, false, []]
    const remapped = new Map<UserId, readonly Principal[]>()
    const rewired = new Map<IntegrationId, Integration | undefined>()
    const places = new Map<DataSourceId, DataSource>()
    for (const change of changes) {
      if (count === 1) gather(last, priors)
      const inverse = index.inverseOf(change)
      if (change.entity === 'dataSource') mustStay(places, change.row, index.bindings.sources.get(change.id)?.row)
      if (inverse.entity === 'principals' && !remapped.has(inverse.user)) remapped.set(inverse.user, inverse.rows)
      if (inverse.entity === 'integration' && !rewired.has(inverse.id)) rewired.set(inverse.id, inverse.row)
      undo.unshift(inverse)
      last = index.applyChange(change).blocks
      isWhole = isAboutEverybody(change)
      if (++count > 1) gather(last, priors)
    }
    const levels = levelsNow(index, isWhole ? last : [])
    const moved = count > 1 ? movedSince(index, priors, levels) : movedBy(last, isWhole)
    moved.sort((a, b) => a.source.id - b.source.id)
    return look({ index, moved, levels, remapped, rewired })
  } finally {
    for (const change of undo) index.settle(change)
  }
}

export function previewOf(supposed: Supposed, page: PreviewPage = {}): Preview {
  const { index, moved, levels } = supposed
  return {
    ...aggregatesOf(index, moved, levels),
    grants: grantMovements(supposed),
    ...rowsOf(index, moved, page),
  }
}

/** `places` are the rows that were there first, of data sources gone since too. */
function mustStay(
  places: Map<DataSourceId, DataSource>,
  row: DataSource | undefined,
  before: DataSource | undefined,
): void {
  if (before && !places.has(before.id)) places.set(before.id, before)
  const first = row && places.get(row.id)
  if (!row || !first) return
  if (printScope(row.scope) !== printScope(first.scope) || row.integration !== first.integration)
    throw new RangeError('a data source stays where it is in a preview')
}

/** Whether the blocks of its difference tell the standing of everybody, not only of the people it is about. */
function isAboutEverybody({ entity }: Change): boolean {
  return ['dataSource', 'policy', 'integration', 'domain', 'selection', 'dataProduct'].includes(entity)
}

/** After a single change its difference says everything. */
function movedBy(blocks: readonly Block[], isWhole: boolean): Moved[] {
  const found: Moved[] = []
  for (const { sources, before, after, moved } of blocks) {
    const { gained, lost, raised, lowered } = moved
    const seen = [lost, raised, lowered].reduce(union, gained)
    if (seen.size === 0) continue
    const prior: Prior = { seen, read: before.read, write: before.write, isWhole }
    for (const source of sourcesOf(sources)) {
      found.push({ source, prior, gained, lost, raised, lowered, write: after.write })
    }
  }
  return found
}

/** By data source, since one that goes and comes again is another object. */
type Priors = Map<DataSourceId, { readonly source: Source; readonly prior: Prior }>

/** Remembers of everybody who moved what they had before, the first time they do. */
function gather(blocks: readonly Block[], priors: Priors): void {
  for (const { sources, before, moved } of blocks) {
    const movers = unionOf([moved.gained, moved.lost, moved.raised, moved.lowered])
    if (movers.size === 0) continue
    // Data sources that share their past go on sharing it.
    const grown = new Map<Prior | undefined, Prior>()
    for (const source of sourcesOf(sources)) {
      const known = priors.get(source.id)?.prior
      const next = grown.get(known) ?? grownBy(known ?? noPrior, movers, before)
      grown.set(known, next)
      priors.set(source.id, { source, prior: next })
    }
  }
}

const noPrior: Prior = { seen: newPeopleSet(), read: newPeopleSet(), write: newPeopleSet(), isWhole: false }

function grownBy(prior: Prior, movers: PeopleSet, before: Pick<Prior, 'read' | 'write'>): Prior {
  const fresh = difference(movers, prior.seen)
  // Copies: what the index holds moves on with the next change.
  return {
    seen: copyOf(union(prior.seen, fresh)),
    read: copyOf(union(prior.read, intersection(fresh, before.read))),
    write: copyOf(union(prior.write, intersection(fresh, before.write))),
    isWhole: false,
  }
}

function movedSince(index: EntitlementIndex, priors: Priors, levels: (source: Source) => Levels): Moved[] {
  const known = onceForTwo<Prior, unknown, Omit<Moved, 'source'>>()
  const found: Moved[] = []
  for (const [id, { source: last, prior }] of priors) {
    const source = index.bindings.sources.get(id) ?? last
    // Without members and subscribers the binding says everything.
    const key = index.standsAlone(source) ? source : source.binding
    const moved = known(prior, key, () => movedBetween(index, source, prior, levels))
    if (moved.gained.size + moved.lost.size + moved.raised.size + moved.lowered.size > 0)
      found.push({ source, ...moved })
  }
  return found
}

/** As many people as make it cheaper to ask for everybody, whose audiences are kept. */
const manyPeople = 256

function movedBetween(
  index: EntitlementIndex,
  source: Source,
  prior: Prior,
  levels: (source: Source) => Levels,
): Omit<Moved, 'source'> {
  const isFew = prior.seen.size <= manyPeople
  const few = isFew && index.standingWithin(intersection(prior.seen, index.facts.enabled))
  const standing = few ? few(source) : levels(source)
  const [read, write] = [intersection(prior.seen, standing.read), intersection(prior.seen, standing.write)]
  return {
    prior,
    write,
    gained: difference(read, prior.read),
    lost: difference(prior.read, read),
    raised: difference(intersection(write, prior.read), prior.write),
    lowered: difference(intersection(prior.write, read), write),
  }
}

function aggregatesOf(index: EntitlementIndex, moved: readonly Moved[], levels: (source: Source) => Levels) {
  const movements = { gained: 0, lost: 0, raised: 0, lowered: 0 }
  const movers = {
    gained: new Set<PeopleSet>(),
    lost: new Set<PeopleSet>(),
    raised: new Set<PeopleSet>(),
    lowered: new Set<PeopleSet>(),
  }
  const dataSources = { gaining: 0, losing: 0 }
  for (const one of moved) {
    for (const kind of kinds) {
      if (one[kind].size === 0) continue
      movements[kind] += one[kind].size
      movers[kind].add(one[kind])
    }
    if (one.gained.size > 0) dataSources.gaining++
    if (one.lost.size > 0) dataSources.losing++
  }
  const after = countEntitlements(index, levels)
  const everybody = (sets: ReadonlySet<PeopleSet>) => unionOf([...sets]).size
  return {
    movements,
    people: {
      gaining: everybody(movers.gained),
      losing: everybody(movers.lost),
      raised: everybody(movers.raised),
      lowered: everybody(movers.lowered),
    },
    dataSources,
    entitlements: { before: after - movements.gained + movements.lost, after },
    digest: digestOf(index, moved),
  }
}

const kinds = ['gained', 'lost', 'raised', 'lowered'] as const

/** How many entitlements there are, without naming them. */
export function countEntitlements(index: EntitlementIndex, levels = levelsNow(index)): number {
  let count = 0
  for (const { sources } of index.bindings.bindings) {
    // All that do not stand alone have the same levels.
    let [alike, one]: [number, Source | undefined] = [0, undefined]
    for (const source of sources) {
      if (index.standsAlone(source)) count += levels(source).read.size
      else {
        alike++
        one = source
      }
    }
    if (one) count += alike * levels(one).read.size
  }
  return count
}

/**
 * Everybody's levels as they are; the very same sets for data sources that the same binding binds. `blocks` tell of
 * some what they are now.
 */
function levelsNow(index: EntitlementIndex, blocks: readonly Block[] = []): (source: Source) => Levels {
  const known = new Map<unknown, Levels>()
  const keyOf = (source: Source) => (index.standsAlone(source) ? source : source.binding)
  for (const { sources, after } of blocks) {
    const [first] = sourcesOf(sources)
    if (first) known.set(keyOf(first), after)
  }
  return source => {
    const key = keyOf(source)
    const same = known.get(key)
    if (same) return same
    const { read, write } = index.standing(source)
    known.set(key, { read, write })
    return { read, write }
  }
}

function rowsOf(
  index: EntitlementIndex,
  moved: readonly Moved[],
  { after, limit = 100, isShown = () => true }: PreviewPage,
): Pick<Preview, 'rows' | 'next' | 'total'> {
  const rows: PreviewRow[] = []
  const shown = moved.filter(({ source }) => isShown(source.id))
  let total = 0
  for (const { gained, lost, raised, lowered } of shown) total += gained.size + lost.size + raised.size + lowered.size
  for (const one of shown) {
    const dataSource = one.source.id
    if (after && dataSource < after.dataSource) continue
    const numbers = numbersOf(unionOf([one.gained, one.lost, one.raised, one.lowered]))
    const people = Array.from(numbers, number => index.facts.personAt(number)).sort((a, b) => a.id - b.id)
    for (const { id: user, number } of people) {
      if (after && dataSource === after.dataSource && user <= after.user) continue
      const last = rows.at(-1)
      if (rows.length === limit) return { rows, next: { dataSource: last!.dataSource, user: last!.user }, total }
      rows.push({ user, dataSource, ...levelsOf(one, number) })
    }
  }
  return { rows, total }
}

function levelsOf({ prior, gained, lost, write }: Moved, number: number): Pick<PreviewRow, 'before' | 'after'> {
  const levelIn = (writing: PeopleSet): Level => (hasPerson(writing, number) ? 'WRITE' : 'READ')
  return {
    ...(hasPerson(gained, number) ? {} : { before: levelIn(prior.write) }),
    ...(hasPerson(lost, number) ? {} : { after: levelIn(write) }),
  }
}
