/**
 * What a change did to the entitlements, exactly: who gained, lost or changed what, before and after.
 *
 * Kept in blocks of data sources that moved alike, so that one person gaining 30,000 data sources is a small thing;
 * written out row by row only on demand, and only until the index is changed again.
 */
import type { Entitlement, OwnReason } from './entitlement.ts'
import type { FactIndex } from './fact-index.ts'
import type { DataSourceId, Level, UserId } from './facts.ts'
import { countOf as countOfFew, type Few } from './few.ts'
import { difference, hasPerson, intersection, numbersOf, type PeopleSet, unionOf } from './people-set.ts'
import type { Source } from './source-binding.ts'
import { becauseOf, reasonsChanged, type Standing } from './standing.ts'

/** One person and data source; where the level is the same, the reasons are not. */
export interface Movement {
  readonly user: UserId
  readonly dataSource: DataSourceId
  readonly before?: Pick<Entitlement, 'level' | 'because'>
  readonly after?: Pick<Entitlement, 'level' | 'because'>
}

export interface Movements {
  readonly gained: number
  readonly lost: number
  /** From READ to WRITE, and back. */
  readonly raised: number
  readonly lowered: number
  /** Same level, other reasons. */
  readonly reasons: number
}

export interface Difference {
  readonly counts: Movements
  readonly isEmpty: boolean
  /** Data sources that moved alike. */
  readonly blocks: readonly Block[]
  /** By block. Throws a `RangeError` once the index was changed again. */
  rows(): Generator<Movement>
}

export interface Block {
  readonly sources: SourceList
  readonly before: Standing
  readonly after: Standing
  readonly moved: Moved
}

/** Data sources but for some, without a copy; no two of `all` overlap, and those left out are in one of them. */
export interface SourceList {
  readonly all: readonly Few<Source>[]
  readonly but: ReadonlySet<Source>
}

export type Moved = Readonly<Record<keyof Movements, PeopleSet>>

export function onlySource(source: Source): SourceList {
  return theseSources([source])
}

export function theseSources(sources: readonly Source[]): SourceList {
  return { all: [sources], but: noSources }
}

const noSources: ReadonlySet<Source> = new Set()

export function countOf({ all, but }: SourceList): number {
  return all.reduce((sum, some) => sum + countOfFew(some), 0) - but.size
}

export function sourcesOf(list: SourceList): IteratorObject<Source> {
  return list.all.length === 1 && list.but.size === 0 ? list.all[0]!.values() : eachSource(list)
}

function* eachSource({ all, but }: SourceList): Generator<Source> {
  for (const some of all) for (const source of some) if (!but.has(source)) yield source
}

/** The block, if anything moved. */
export function blockOf(sources: SourceList, before: Standing, after: Standing): Block | undefined {
  const gained = difference(after.read, before.read)
  const lost = difference(before.read, after.read)
  const raised = difference(intersection(after.write, before.read), before.write)
  const lowered = difference(intersection(before.write, after.read), after.write)
  const moved = { gained, lost, raised, lowered, reasons: reasonsChanged(before, after) }
  const isMoved = Object.values(moved).some(({ size }) => size > 0)
  return isMoved && countOf(sources) > 0 ? { sources, before, after, moved } : undefined
}

export function differenceOf(blocks: readonly Block[], facts: FactIndex, isCurrent: () => boolean): Difference {
  const counts = { gained: 0, lost: 0, raised: 0, lowered: 0, reasons: 0 }
  for (const { sources, moved } of blocks) {
    const times = countOf(sources)
    for (const kind of kinds) counts[kind] += moved[kind].size * times
  }

  function* rows(): Generator<Movement> {
    for (const block of blocks) {
      const people = numbersOf(unionOf(kinds.map(kind => block.moved[kind])))
      const movements = Array.from(people, number => ({ user: facts.personAt(number).id, ...sidesOf(block, number) }))
      for (const source of sourcesOf(block.sources)) {
        for (const { user, ...sides } of movements) {
          if (!isCurrent()) throw new RangeError('the index has been changed since: write the difference out before')
          yield { user, dataSource: source.id, ...sides }
        }
      }
    }
  }
  return { counts, isEmpty: blocks.length === 0, blocks, rows }
}

const kinds = ['gained', 'lost', 'raised', 'lowered', 'reasons'] as const

function sidesOf({ before, after }: Block, number: number): Pick<Movement, 'before' | 'after'> {
  const [was, is] = [sideOf(before, number), sideOf(after, number)]
  return { ...(was ? { before: was } : {}), ...(is ? { after: is } : {}) }
}

function sideOf(standing: Standing, number: number): { level: Level; because: OwnReason[] } | undefined {
  if (!hasPerson(standing.read, number)) return undefined
  return { level: hasPerson(standing.write, number) ? 'WRITE' : 'READ', because: becauseOf(standing, number) }
}
