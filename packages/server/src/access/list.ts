/**
 * The two lists of access: who reaches a data source, what a person reaches. Each as of one moment, page by page.
 *
 * Nothing is cut silently: `total` counts all, `next` is there while more follows.
 */
import type { DataSourceId } from '@headgate/core'
import { type AccessRow, Problem } from '@headgate/core/api'
import { loadFacts } from '../db/facts.ts'
import type { Db } from '../db/open.ts'
import { type Page, type PageQuery, readCursor, toPage } from '../db/page.ts'
import { findPeople } from '../db/person-name.ts'
import type { Caller } from '../http/serve.ts'
import { presentAccess } from './present.ts'
import { whoReaches } from './reach.ts'
import { reachOf, readDataSource, readsEverything } from './visibility.ts'

/** By user name; the search looks at user name and name. Throws Problem `data-source-not-found`. */
export async function listAccessTo(db: Db, caller: Caller, id: number, query: PageQuery): Promise<Page<AccessRow>> {
  return db.snapshot(async tx => {
    const { row, sees } = await readDataSource(tx, caller, id)
    const { facts, now } = await loadFacts(tx, { accountId: row.account_id, region: row.region })
    const all = whoReaches(facts, now, row.id as DataSourceId)
    const reached = sees === 'all' ? all : all.filter(({ access }) => access.user === caller.id)
    const people = await findPeople(
      tx,
      reached.map(({ access }) => access.user),
    )
    const found = reached.flatMap(one => {
      const person = people.get(one.access.user)
      return person && contains(query.search, person.userid, person.name) ? [{ key: person.userid, one }] : []
    })
    const page = pageOf(found, query)
    return { ...page, items: await presentAccess(tx, { facts }, page.items, people) }
  })
}

/** By the data source's name, which is what the search looks at. Throws Problem `user-not-found`. */
export async function listAccessOf(db: Db, caller: Caller, id: number, query: PageQuery): Promise<Page<AccessRow>> {
  return db.snapshot(async tx => {
    const people = await findPeople(tx, [id])
    if (!people.has(id) || !(id === caller.id || readsEverything(caller))) throw new Problem('user-not-found', { id })
    const { facts, reached } = await reachOf(tx, id)
    const names = new Map(facts.dataSources.map(dataSource => [dataSource.id, dataSource.name]))
    const found = reached
      .map(one => ({ key: names.get(one.access.dataSource) ?? '', one }))
      .filter(({ key }) => contains(query.search, key))
    const page = pageOf(found, query)
    return { ...page, items: await presentAccess(tx, { facts }, page.items, people) }
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

function contains(search: string | undefined, ...texts: readonly string[]): boolean {
  const sought = search?.toLowerCase() ?? ''
  return texts.some(text => text.toLowerCase().includes(sought))
}
