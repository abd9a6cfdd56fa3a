/**
 * Who reaches what, and every reason why, row by row: the line's own answers as of one snapshot or of a moment of the
 * past, never all at once.
 *
 * A snapshot is told from this node's index while it is as of it; once it has moved on, from another one that is made
 * of the snapshot's rows. Both are the same state, so a table may begin with one and end with the other.
 */
import { setImmediate as turn } from 'node:timers/promises'
import {
  type Access,
  type DataSourceId,
  type EntitlementIndex,
  entitlementsOf,
  type Instant,
  type OwnReason,
  printScope,
  type Reason,
  type UserId,
  whoReaches,
} from '@headgate/core'
import { endOf } from '../access/present.ts'
import type { Tx } from '../db/act.ts'
import { currentMoment } from '../db/facts.ts'
import { namesOfPeople, type OutcomeMakers, outcomeMakers, outcomeMakersAt } from '../db/outcome-names.ts'
import type { PastIndex } from '../history/index-at.ts'
import { loadIndex } from '../live-index/held.ts'
import type { LiveIndex } from '../live-index/live-index.ts'
import type { Row, Table } from './table.ts'

/** As of the snapshot `tx`. */
export async function policyOutcomes(tx: Tx, live: Pick<LiveIndex, 'current'>): Promise<Table> {
  const { now } = await currentMoment(tx)
  return tableOf(now, async () => {
    const [index, userids, makers] = [await indexOfSnapshot(tx, live), await namesOfPeople(tx), await outcomeMakers(tx)]
    return { index, makers, useridOf: user => userids.get(user) }
  })
}

/** As of that moment, under the names of then. */
export function pastOutcomes(tx: Tx, { index, sequence }: PastIndex, at: Instant): Table {
  return tableOf(at, async () => ({
    index: async () => index,
    makers: await outcomeMakersAt(tx, at, sequence),
    useridOf: user => useridIn(index, user),
  }))
}

export function useridIn({ facts }: EntitlementIndex, user: number): string | undefined {
  return facts.findPerson(user as UserId)?.user?.userid
}

/** What the rows are told from. */
interface State {
  /** What it answers is to be read at once: it may be the node's own, which goes on. */
  readonly index: () => Promise<EntitlementIndex>
  readonly makers: OutcomeMakers
  readonly useridOf: (user: number) => string | undefined
}

function tableOf(at: Instant, state: () => Promise<State>): Table {
  return {
    name: 'policy-outcomes',
    columns: {
      ...{ user_id: 'number', userid: 'text', data_source_id: 'number', data_source: 'text', scope: 'text' },
      ...{ permission: 'text', because: 'text', until: 'instant', self_given: 'boolean', export_date: 'instant' },
    },
    rows: () => outcomes(at, state),
  }
}

const batchSize = 2000

async function* outcomes(exportDate: Instant, state: () => Promise<State>): AsyncGenerator<readonly Row[]> {
  const { index: indexNow, makers, useridOf } = await state()
  const sources = [...(await indexNow()).bindings.sources.keys()].sort((a, b) => a - b)
  const outerReasons = rememberedReasons()
  for (const id of sources) {
    // All that the index is asked for one data source, it is asked in one turn.
    const index = await indexNow()
    const source = index.bindings.sources.get(id)
    if (!source) continue
    const { name, scope } = source.row
    const isAlone = index.bindings.covering(source).length === 0
    const accesses: readonly Omit<Access, 'entitled'>[] = isAlone
      ? entitlementsOf(index, id)
      : whoReaches(index, id, { limit: Number.POSITIVE_INFINITY }).rows
    const roots = isAlone ? undefined : outerReasons(index, accesses)
    const told = tellingOf(index, makers, roots)
    const printed = printScope(scope)
    for (let at = 0; at < accesses.length; at += batchSize) {
      yield accesses.slice(at, at + batchSize).map((access): Row => {
        const { because, until, maker } = told(access)
        const userid = useridOf(access.user) ?? String(access.user)
        const selfGiven = maker === access.user
        return [access.user, userid, id, name, printed, access.level, because, until, selfGiven, exportDate]
      })
      // Others have their turn.
      await turn()
    }
  }
}

// ── As of the snapshot ──

async function indexOfSnapshot(tx: Tx, live: Pick<LiveIndex, 'current'>): Promise<State['index']> {
  const { sequence, now } = await currentMoment(tx)
  const begun = live.current()
  // Until the next end of anything the state is the same, whatever the time.
  const isLevel = begun !== undefined && begun.sequence === sequence && begun.index.now <= now
  const until = isLevel ? (begun.index.nextExpiry() ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY
  let own: EntitlementIndex | undefined
  return async () => {
    if (own) return own
    const current = live.current()
    const isSame = until > now && current?.sequence === sequence && current.index.now < until
    if (isSame) return current.index
    own = (await loadIndex(tx)).index
    return own
  }
}

// ── Why ──

interface Told {
  /** JSON. */
  readonly because: string
  readonly until: Instant | null
  /** The one person who made every reason, where there is just one. */
  readonly maker: number | undefined
}

type Roots = (reason: Reason, user: number) => readonly OwnReason[]

/** People with the same reasons are told alike: a data source has few of them. */
function tellingOf(index: EntitlementIndex, makers: OutcomeMakers, roots: Roots | undefined) {
  const known = { READ: new Map<unknown, Told>(), WRITE: new Map<unknown, Told>() }
  return ({ user, level, because }: Pick<Access, 'user' | 'level' | 'because'>): Told => {
    // Of covered data sources each list is a new one.
    const key = roots === undefined ? because : because.map(keyOf).join()
    const before = known[level].get(key)
    if (before && roots === undefined) return before
    // What is behind an overlap may be another thing for each.
    const behind = roots === undefined ? (because as readonly OwnReason[]) : because.flatMap(one => roots(one, user))
    const told = {
      because: before?.because ?? JSON.stringify(because.map(reason => presented(index, makers, reason))),
      until: endOf(because, level) ?? null,
      maker: soleMaker(behind, makers),
    }
    known[level].set(key, told)
    return told
  }
}

function keyOf(reason: Reason): string {
  const until = reason.kind === 'policy' ? '' : (reason.until ?? '')
  return `${reason.kind} ${reason.id} ${reason.level} ${until}`
}

function presented({ bindings, facts }: EntitlementIndex, makers: OutcomeMakers, reason: Reason): object {
  const { kind, id, level } = reason
  if (kind === 'policy') return { kind, id, name: bindings.policies.get(id)?.name, version: reason.version, level }
  const until = reason.until === undefined ? {} : { until: new Date(reason.until).toISOString() }
  if (kind === 'overlap') return { kind, id, name: bindings.sources.get(id)?.row.name, level, ...until }
  if (kind === 'membership') {
    const { product } = reason.via
    return { kind, id, level, ...until, via: { product, name: makers.products.get(product) } }
  }
  const group = reason.via?.group
  return { kind, id, level, ...until, ...(group && { via: { group, name: facts.group(group).name } }) }
}

function soleMaker(roots: readonly OwnReason[], { policies, members }: OutcomeMakers): number | undefined {
  let only: number | undefined
  for (const { kind, id } of roots) {
    // Nobody decides on their own request (06).
    if (kind === 'membership') return undefined
    const authors = kind === 'policy' ? (policies.get(id) ?? []) : [members.get(id) ?? null]
    for (const author of authors) {
      if (author === null || (only !== undefined && author !== only)) return undefined
      only = author
    }
    if (authors.length === 0) return undefined
  }
  return only
}

/** The reasons behind an overlap; those of the last few covering data sources are kept. */
function rememberedReasons() {
  const kept = new Map<DataSourceId, ReadonlyMap<number, readonly OwnReason[]>>()
  return (index: EntitlementIndex, accesses: readonly Pick<Access, 'because'>[]): Roots => {
    const needed = new Set<DataSourceId>()
    for (const { because } of accesses) for (const one of because) if (one.kind === 'overlap') needed.add(one.id)
    for (const id of kept.keys()) if (!needed.has(id)) kept.delete(id)
    for (const id of needed) {
      if (kept.has(id)) continue
      kept.set(id, new Map(entitlementsOf(index, id).map(({ user, because }) => [user, because])))
    }
    return (reason, user) => (reason.kind === 'overlap' ? (kept.get(reason.id)?.get(user) ?? []) : [reason])
  }
}
