/**
 * The two lists of access: who reaches a data source, what a person reaches. Each as of one moment, page by page.
 *
 * Nothing is cut silently: `total` counts all, `next` is there while more follows.
 */
import { accessTo, type DataSourceId, type UserId } from '@headgate/core'
import { type AccessRow, Problem } from '@headgate/core/api'
import { type Page, type PageQuery, readCursor, toPage } from '../db/page.ts'
import { findPeople, pageOfPeople } from '../db/person-name.ts'
import type { Caller } from '../http/serve.ts'
import { reachedBy } from '../live-index/desired.ts'
import type { World } from '../world.ts'
import { namesIn, presentAccess } from './present.ts'
import { peopleReaching, reached } from './reach.ts'
import { readDataSource, readsEverything } from './visibility.ts'

type Reads = Pick<World, 'db' | 'index'>

/** By user name; the search looks at user name and name. Throws Problem `data-source-not-found`. */
export async function listAccessTo(
  { db, index: live }: Reads,
  caller: Caller,
  id: number,
  query: PageQuery,
): Promise<Page<AccessRow>> {
  const { index } = await live.fresh()
  return db.snapshot(async tx => {
    const { sees } = await readDataSource(tx, index, caller, id)
    const dataSource = id as DataSourceId
    const all = peopleReaching(index, dataSource)
    const page = await pageOfPeople(tx, sees === 'all' ? all : all.filter(user => user === caller.id), query)
    const rows = reached(
      index,
      page.items.flatMap(person => accessTo(index, person.id as UserId, dataSource) ?? []),
    )
    const people = new Map(page.items.map(person => [person.id, person]))
    return { ...page, items: await presentAccess(tx, namesIn(index, rows), rows, people) }
  })
}

/** By the data source's name, which is what the search looks at. Throws Problem `user-not-found`. */
export async function listAccessOf(
  { db, index: live }: Reads,
  caller: Caller,
  id: number,
  query: PageQuery,
): Promise<Page<AccessRow>> {
  const { index } = await live.fresh()
  return db.snapshot(async tx => {
    const people = await findPeople(tx, [id])
    if (!people.has(id) || !(id === caller.id || readsEverything(caller))) throw new Problem('user-not-found', { id })
    const found = reachedBy(index, id as UserId)
      .map(one => ({ key: index.bindings.sources.get(one.dataSource)?.row.name ?? '', one }))
      .filter(({ key }) => contains(query.search, key))
    const page = pageOf(found, query)
    const rows = reached(index, page.items)
    return { ...page, items: await presentAccess(tx, namesIn(index, rows), rows, people) }
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
