/**
 * The two lists of access: who reaches a data source, what a person reaches. Each as of one moment, page by page.
 *
 * Nothing is cut silently: `total` counts all, `next` is there while more follows.
 */
import { accessTo, type DataSourceId, type UserId } from '@headgate/core'
import type { AccessRow, RecentlyRevoked } from '@headgate/core/api'
import { heldGrants, recentlyRevoked } from '../db/grant-list.ts'
import { type Page, type PageQuery, readCursor, toPage } from '../db/page.ts'
import { pageOfPeople } from '../db/person-name.ts'
import type { Caller } from '../http/serve.ts'
import { reachedBy } from '../live-index/desired.ts'
import type { World } from '../world.ts'
import { heldAccess, shownSource } from './held.ts'
import { requireAccessOf } from './people.ts'
import { namesIn, presentAccess } from './present.ts'
import { peopleReaching, reached } from './reach.ts'
import { readDataSource } from './visibility.ts'

type Reads = Pick<World, 'db' | 'index'>

/** With what was lately taken: credentials vended before may be alive. */
export type AccessList = Page<AccessRow> & { readonly recentlyRevoked: RecentlyRevoked[] }

/** By user name; the search looks at user name and name. Throws Problem `data-source-not-found`. */
export async function listAccessTo(
  { db, index: live }: Reads,
  caller: Caller,
  id: number,
  query: PageQuery,
): Promise<AccessList> {
  const { index } = await live.fresh()
  return db.snapshot(async tx => {
    const { sees } = await readDataSource(tx, index, caller, id)
    const dataSource = id as DataSourceId
    const held = Map.groupBy(await heldGrants(tx, { dataSource: id }), ({ person }) => person)
    const all = [...new Set<number>([...peopleReaching(index, dataSource), ...held.keys()])]
    const page = await pageOfPeople(tx, sees === 'all' ? all : all.filter(user => user === caller.id), query)
    const rows = reached(
      index,
      page.items.flatMap(person => accessTo(index, person.id as UserId, dataSource) ?? []),
    )
    const people = new Map(page.items.map(person => [person.id, person]))
    const presented = await presentAccess(tx, namesIn(index, rows), rows, people)
    const byPerson = new Map(presented.map(row => [row.user.id, row]))
    const shown = shownSource(index, dataSource)
    const items = page.items.flatMap(person => {
      return byPerson.get(person.id) ?? heldAccess(held.get(person.id) ?? [], person, shown) ?? []
    })
    const revoked = await recentlyRevoked(tx, { dataSource: id, ...(sees === 'all' ? {} : { user: caller.id }) })
    return { ...page, items, recentlyRevoked: revoked }
  })
}

/** By the data source's name, which is what the search looks at. Throws Problem `user-not-found`. */
export async function listAccessOf(
  { db, index: live }: Reads,
  caller: Caller,
  id: number,
  query: PageQuery,
): Promise<AccessList> {
  const { index } = await live.fresh()
  return db.snapshot(async tx => {
    const person = await requireAccessOf(tx, caller, id)
    const accesses = new Map(reachedBy(index, id as UserId).map(one => [one.dataSource, one]))
    const held = Map.groupBy(await heldGrants(tx, { user: id }), one => one.dataSource as DataSourceId)
    const found = [...new Set([...accesses.keys(), ...held.keys()])]
      .map(one => ({ key: index.bindings.sources.get(one)?.row.name ?? String(one), one }))
      .filter(({ key }) => contains(query.search, key))
    const page = pageOf(found, query)
    const rows = reached(
      index,
      page.items.flatMap(one => accesses.get(one) ?? []),
    )
    const presented = await presentAccess(tx, namesIn(index, rows), rows, new Map([[id, person]]))
    const bySource = new Map(presented.map(row => [row.dataSource.id, row]))
    const items = page.items.flatMap(one => {
      return bySource.get(one) ?? heldAccess(held.get(one) ?? [], person, shownSource(index, one)) ?? []
    })
    return { ...page, items, recentlyRevoked: await recentlyRevoked(tx, { user: id }) }
  })
}

interface Keyed<Item> {
  /** Unique in the list. */
  readonly key: string
  readonly one: Item
}

/** The page after the cursor, in byte order as everywhere. */
function pageOf<Item>(found: readonly Keyed<Item>[], { limit, cursor }: PageQuery): Page<Item> {
  const after = readCursor(cursor)
  const rows = found
    .map(({ key, one }) => ({ key, one, bytes: Buffer.from(key) }))
    .sort((a, b) => a.bytes.compare(b.bytes))
  const start = after === undefined ? 0 : rows.findIndex(({ bytes }) => bytes.compare(Buffer.from(after)) > 0)
  const rest = start === -1 ? [] : rows.slice(start, start + limit + 1)
  const page = toPage(rest, limit, rows.length, row => row.key)
  return { ...page, items: page.items.map(({ one }) => one) }
}

function contains(search: string | undefined, text: string): boolean {
  return text.toLowerCase().includes(search?.toLowerCase() ?? '')
}
