/** The list of data sources, with what the caller is to each. */
import { accessTo, type DataSourceId, type EntitlementIndex, type UserId } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import { actsAsOwnerOf } from '../access/domain-rights.ts'
import { readableDataSources } from '../access/visibility.ts'
import type { Tx } from '../db/act.ts'
import { type DataSourceQuery, listDataSources } from '../db/data-source-view.ts'
import type { Caller } from '../http/serve.ts'
import { reachedBy } from '../live-index/desired.ts'
import type { World } from '../world.ts'

type Query = DataSourceQuery & Pick<z.output<typeof api.dataSources.list.query>, 'mine'>
type Listed = z.input<typeof api.dataSources.list.response>

export async function listForCaller(
  { db, index: live }: Pick<World, 'db' | 'index'>,
  caller: Caller,
  query: Query,
): Promise<Listed> {
  const { index } = await live.fresh()
  return db.snapshot(async tx => {
    const owned = new Set(await actsAsOwnerOf(tx, caller))
    const page = await listDataSources(tx, query, await chosen(tx, index, caller, query.mine, owned))
    const items = page.items.map(item => {
      const level = accessTo(index, caller.id as UserId, item.id as DataSourceId)?.level
      return { ...item, mine: { owner: owned.has(item.id), ...(level === undefined ? {} : { level }) } }
    })
    return { ...page, items }
  })
}

async function chosen(
  tx: Tx,
  index: EntitlementIndex,
  caller: Caller,
  mine: Query['mine'],
  owned: ReadonlySet<number>,
): Promise<{ only?: number[]; except?: number[] }> {
  const readable = await readableDataSources(tx, index, caller)
  const all = readable === undefined ? {} : { only: readable }
  if (mine === undefined) return all
  // Whoever owns or reaches a data source may read it.
  if (mine === 'owner') return { only: [...owned] }
  const reached = reachedBy(index, caller.id as UserId).map(({ dataSource }) => Number(dataSource))
  return mine === 'access' ? { only: reached } : { ...all, except: reached }
}
