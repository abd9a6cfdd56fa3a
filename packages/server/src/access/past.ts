/**
 * Who had what at a moment in the past: what the facts of then entitled to, and what AWS held then.
 *
 * Oneself, the data sources one looks after today, GOVERNANCE and AUDIT all. By data source, then user, both by id, so
 * that pages follow each other; whatever was deleted since is there as it was.
 */
import { accessTo, type DataSourceId, type Instant, printScope, type UserId } from '@headgate/core'
import { type api, type PastAccessRow, Problem, rules } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { dataSourceNames } from '../db/data-source-name.ts'
import { dataSourcesGrantedAt, grantsAt, type PastGrant } from '../db/grant-history.ts'
import { memberReasons } from '../db/member.ts'
import { type PageQuery, printCursor, readCursor } from '../db/page.ts'
import { findAnybody } from '../db/person-name.ts'
import type { Past, PastIndex } from '../history/index-at.ts'
import { pastMoment } from '../history/moment.ts'
import type { Caller } from '../http/serve.ts'
import { reachedBy } from '../live-index/desired.ts'
import type { World } from '../world.ts'
import { refusal } from './allow.ts'
import { openToQuestions } from './places.ts'
import { endOf, namesIn, presentReason, productNamesIn } from './present.ts'
import { peopleReaching, reached } from './reach.ts'
import { readsEverything } from './visibility.ts'

type Answer = z.input<typeof api.pastAccess.at.response>
type Index = PastIndex['index']

export interface PastQuestion extends PageQuery {
  readonly at?: string | undefined
  readonly user?: number | undefined
  readonly dataSource?: number | undefined
}

/** Throws Problem `data-source-not-found`, `permission-missing`; `request-invalid` where the moment is yet to come. */
export async function accessAt(
  { db }: Pick<World, 'db'>,
  past: Past,
  caller: Caller,
  question: PastQuestion,
): Promise<Answer> {
  const at = await db.snapshot(async tx => {
    await requireToAsk(tx, caller, question)
    return pastMoment(tx, question.at, 'query.at')
  })
  const { user } = question
  const { index, sequence } = user === undefined ? await past.whole(at) : await past.of(user as UserId, at)
  return db.snapshot(async tx => {
    const pairs = await pageOfPairs(tx, index, at, question)
    const items = await present(tx, index, pairs.slice(0, question.limit))
    const last = pairs.length > question.limit ? pairs[question.limit - 1] : undefined
    const next = last && { next: printCursor(`${last.dataSource}/${last.user}`) }
    return { at: new Date(at).toISOString(), sequence, items, ...next }
  })
}

async function requireToAsk(tx: Tx, caller: Caller, { user, dataSource }: PastQuestion): Promise<void> {
  if (readsEverything(caller) || user === caller.id) return
  if (dataSource !== undefined) {
    const isOpen = await openToQuestions(tx, caller)
    if (isOpen(dataSource as DataSourceId)) return
    throw new Problem('data-source-not-found', { id: dataSource })
  }
  throw user === undefined ? refusal(rules.readPastAccess) : new Problem('user-not-found', { id: user })
}

/** A person and a data source between which there was something. */
interface Pair {
  readonly dataSource: DataSourceId
  readonly user: UserId
  readonly grants: readonly PastGrant[]
}

/** Data sources looked at together. */
const stride = 100

/** Up to one more than the limit. */
async function pageOfPairs(tx: Tx, index: Index, at: Instant, question: PastQuestion): Promise<Pair[]> {
  const after = readPair(question.cursor)
  const sources = (await sourcesConcerned(tx, index, at, question)).filter(id => id >= after.dataSource)
  const found: Pair[] = []
  for (let start = 0; start < sources.length && found.length <= question.limit; start += stride) {
    const some = sources.slice(start, start + stride)
    const granted = Map.groupBy(
      await grantsAt(tx, at, { dataSources: some, user: question.user }),
      ({ dataSource }) => dataSource,
    )
    for (const dataSource of some) {
      const byUser = Map.groupBy(granted.get(dataSource) ?? [], ({ person }) => person as UserId)
      for (const user of peopleConcerned(index, dataSource, byUser.keys(), question.user)) {
        if (dataSource === after.dataSource && user <= after.user) continue
        found.push({ dataSource, user, grants: byUser.get(user) ?? [] })
      }
      if (found.length > question.limit) break
    }
  }
  return found
}

/** By id. */
async function sourcesConcerned(
  tx: Tx,
  index: Index,
  at: Instant,
  { user, dataSource }: PastQuestion,
): Promise<DataSourceId[]> {
  if (dataSource !== undefined) return [dataSource as DataSourceId]
  const granted = (await dataSourcesGrantedAt(tx, at, user)) as DataSourceId[]
  const entitled =
    user === undefined ? index.bindings.sources.keys() : reachedBy(index, user as UserId).map(one => one.dataSource)
  return [...new Set([...entitled, ...granted])].sort((a, b) => a - b)
}

/** By id. */
function peopleConcerned(
  index: Index,
  dataSource: DataSourceId,
  granted: Iterable<UserId>,
  only: number | undefined,
): UserId[] {
  const reaching = peopleReaching(index, dataSource)
  const all = [...new Set([...reaching, ...granted])].sort((a, b) => a - b)
  return only === undefined ? all : all.filter(user => user === only)
}

async function present(tx: Tx, index: Index, pairs: readonly Pair[]): Promise<PastAccessRow[]> {
  const accesses = reached(
    index,
    pairs.flatMap(({ user, dataSource }) => accessTo(index, user, dataSource) ?? []),
  )
  const names = namesIn(index, accesses)
  const members = accesses.flatMap(({ roots }) => roots.flatMap(root => (root.kind === 'member' ? [root.id] : [])))
  const reasons = await memberReasons(tx, members)
  const productName = await productNamesIn(tx, accesses)
  const people = await findAnybody(
    tx,
    pairs.map(({ user }) => user),
  )
  const gone = pairs.map(({ dataSource }) => dataSource).filter(id => !index.bindings.sources.has(id))
  const goneNames = await dataSourceNames(tx, gone)
  const accessOf = new Map(accesses.map(({ access }) => [`${access.dataSource}/${access.user}`, access]))
  return pairs.map(({ user, dataSource, grants }) => {
    const access = accessOf.get(`${dataSource}/${user}`)
    const source = index.bindings.sources.get(dataSource)?.row
    const until = access && endOf(access.because, access.level)
    const reasonOf = (member: number) => reasons.get(member)?.reason ?? ''
    return {
      user: {
        id: user,
        userid: index.facts.findPerson(user)?.user?.userid ?? people.get(user)?.userid ?? '',
        name: people.get(user)?.name ?? '',
      },
      dataSource: {
        id: dataSource,
        name: source?.name ?? goneNames.get(dataSource) ?? '',
        scope: source ? printScope(source.scope) : (grants[0]?.shown.scope ?? ''),
      },
      ...(access ? { level: access.level } : {}),
      because: (access?.because ?? []).map(reason => presentReason(reason, names, { reasonOf, productName })),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
      grants: grants.map(({ shown }) => shown),
    }
  })
}

function readPair(cursor: string | undefined): { readonly dataSource: number; readonly user: number } {
  const [dataSource = 0, user = 0] = (readCursor(cursor) ?? '').split('/').map(Number)
  const isOurs = Number.isSafeInteger(dataSource) && Number.isSafeInteger(user)
  // A cursor of another list: begin where nothing is left rather than repeat.
  return isOurs ? { dataSource, user } : { dataSource: Number.MAX_SAFE_INTEGER, user: 0 }
}
