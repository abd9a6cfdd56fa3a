/**
 * Who reaches a data source or a path, what a person reaches: page by page, complete, by id.
 *
 * Oneself, the sources one owns, GOVERNANCE and AUDIT all. Nothing is cut silently: `next` is there while more follows.
 */
import {
  accessTo,
  type DataSourceId,
  dataSourcesCovering,
  type EntitlementIndex,
  type UserId,
  whatIsReached,
} from '@headgate/core'
import { type AccessRow, Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { type HeldGrant, heldGrants } from '../db/grant-list.ts'
import { type Page, type PageQuery, printCursor, readCursor } from '../db/page.ts'
import { findPeople } from '../db/person-name.ts'
import type { Caller } from '../http/serve.ts'
import type { World } from '../world.ts'
import { heldAccess, shownSource } from './held.ts'
import { type Asked, personAsked, requireToAsk } from './people.ts'
import { openToQuestions, type Place, scopeOfPath } from './places.ts'
import { namesIn, presentAccess } from './present.ts'
import { peopleReaching, reached } from './reach.ts'
import { readsEverything } from './visibility.ts'

type Reads = Pick<World, 'db' | 'index'>

/** Throws Problem `data-source-not-found`. */
export async function whoReachesPlace(
  { db, index: live }: Reads,
  caller: Caller,
  place: Place & PageQuery,
): Promise<Page<AccessRow>> {
  const path = place.path === undefined ? undefined : scopeOfPath(place.path)
  const { index } = await live.fresh()
  return db.snapshot(async tx => {
    const isOpen = await openToQuestions(tx, caller)
    const asked = path ? narrowest(index, dataSourcesCovering(index, path)) : [place.dataSource as DataSourceId]
    const known = asked.filter(id => index.bindings.sources.has(id))
    const mine = known.filter(isOpen)
    const isRefused = mine.length < known.length || (!path && known.length === 0)
    if (isRefused || (known.length === 0 && !readsEverything(caller))) {
      throw new Problem('data-source-not-found', { id: place.dataSource ?? place.path })
    }
    const held = await heldOn(tx, mine)
    const reaching = mine.flatMap(id => peopleReaching(index, id))
    const users = [...new Set([...reaching, ...held.keys()])].sort((a, b) => a - b)
    const after = afterId(place)
    const rest = users.filter(user => user > after)
    const onPage = rest.slice(0, place.limit)
    const rows = reached(
      index,
      onPage.flatMap(user => mine.flatMap(id => accessTo(index, user, id) ?? [])),
    )
    const names = namesIn(index, rows)
    const people = await findPeople(tx, onPage)
    const presented = Map.groupBy(await presentAccess(tx, names, rows, people), ({ user }) => user.id)
    const items = onPage.flatMap(user => {
      const own = presented.get(user) ?? []
      const person = people.get(user)
      const others = (held.get(user) ?? []).filter(one => own.every(row => row.dataSource.id !== one.dataSource))
      const byPlace = Map.groupBy(others, one => one.dataSource as DataSourceId)
      const kept = [...byPlace].flatMap(([id, some]) => {
        return (person && heldAccess(some, person, shownSource(index, id))) ?? []
      })
      return [...own, ...kept]
    })
    return { items, total: users.length, ...nextOf(rest.length > onPage.length ? onPage.at(-1) : undefined) }
  })
}

/** Throws Problem `user-not-found`, `principal-not-found`. */
export async function whatPersonReaches(
  { db, index: live }: Reads,
  caller: Caller,
  query: Asked & PageQuery,
): Promise<Page<AccessRow>> {
  const { index } = await live.fresh()
  return db.snapshot(async tx => {
    const { person } = await personAsked(tx, index, query)
    await requireToAsk(caller, person.id, query)
    const after = afterId(query) as DataSourceId
    const page = whatIsReached(index, person.id as UserId, { limit: query.limit, after })
    const rows = reached(index, page.rows)
    const own = await presentAccess(tx, namesIn(index, rows), rows, new Map([[person.id, person]]))
    const held = Map.groupBy(await heldGrants(tx, { user: person.id }), one => one.dataSource as DataSourceId)
    const unwanted = [...held.keys()].filter(id => !accessTo(index, person.id as UserId, id))
    const kept = unwanted
      .filter(id => id > after && (page.next === undefined || id <= page.next))
      .flatMap(id => heldAccess(held.get(id) ?? [], person, shownSource(index, id)) ?? [])
    const all = [...own, ...kept].sort((a, b) => a.dataSource.id - b.dataSource.id)
    const items = all.slice(0, query.limit)
    const next = all.length > items.length ? items.at(-1)?.dataSource.id : page.next
    return { items, total: page.total + unwanted.length, ...nextOf(next) }
  })
}

/** Whoever holds there what nobody wants them to, by person. */
async function heldOn(tx: Tx, dataSources: readonly DataSourceId[]): Promise<Map<UserId, HeldGrant[]>> {
  const held: HeldGrant[] = []
  for (const dataSource of dataSources) held.push(...(await heldGrants(tx, { dataSource })))
  return Map.groupBy(held, ({ person }) => person as UserId)
}

/** Scopes that cover one path lie in each other, so of each account and region the last one is opened by all. */
function narrowest({ bindings }: EntitlementIndex, covering: readonly DataSourceId[]): DataSourceId[] {
  const last = new Map<string, DataSourceId>()
  for (const id of covering) {
    const integration = bindings.integrations.get(bindings.sources.get(id)?.row.integration as never)
    if (integration) last.set(`${integration.accountId} ${integration.region}`, id)
  }
  return [...last.values()]
}

function afterId({ cursor }: PageQuery): number {
  const after = Number(readCursor(cursor) ?? 0)
  // A cursor of another list: begin where nothing is left rather than repeat.
  return Number.isSafeInteger(after) ? after : Number.MAX_SAFE_INTEGER
}

function nextOf(id: number | undefined): { next?: string } {
  return id === undefined ? {} : { next: printCursor(String(id)) }
}
