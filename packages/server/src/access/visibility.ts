/**
 * Who may read and change a data source (02): GOVERNANCE and AUDIT read everything, owners what they own, everyone what
 * they reach. Whoever may not read is told that there is no such data source; owners and GOVERNANCE change it.
 */
import type { Facts, Instant } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { type DataSourceRow, findDataSource, isOwner, lockDataSource, ownedBy } from '../db/data-source.ts'
import { loadFacts } from '../db/facts.ts'
import type { Caller } from '../http/serve.ts'
import { type Reached, whatIsReached } from './reach.ts'

export interface Readable {
  readonly row: DataSourceRow
  /** `all` of it, or only what concerns the caller's `own` access. */
  readonly sees: 'all' | 'own'
}

export function readsEverything({ permissions }: Caller): boolean {
  return permissions.has('GOVERNANCE') || permissions.has('AUDIT')
}

/** @throws Problem `data-source-not-found`, also for who may not read it */
export async function readDataSource(tx: Tx, caller: Caller, id: number): Promise<Readable> {
  const row = await findDataSource(tx, id)
  if (!row) throw new Problem('data-source-not-found', { id })
  if (readsEverything(caller) || (await isOwner(tx, id, caller.id))) return { row, sees: 'all' }
  if (await reaches(tx, caller, row)) return { row, sees: 'own' }
  throw new Problem('data-source-not-found', { id })
}

/** The ids that a caller may read; undefined: all. */
export async function readableDataSources(tx: Tx, caller: Caller): Promise<number[] | undefined> {
  if (readsEverything(caller)) return undefined
  const { reached } = await reachOf(tx, caller.id)
  const ids = new Set([...(await ownedBy(tx, caller.id)), ...reached.map(({ access }) => Number(access.dataSource))])
  return [...ids]
}

/** What one person reaches, with the facts it was derived from. */
export async function reachOf(
  tx: Tx,
  personId: number,
  realm: { readonly accountId?: string; readonly region?: string } = {},
): Promise<{ readonly facts: Facts; readonly now: Instant; readonly reached: Reached[] }> {
  const { facts, now } = await loadFacts(tx, { ...realm, personId })
  return { facts, now, reached: whatIsReached(facts, now) }
}

/**
 * The row, locked for a change by its owner or a governor.
 * @throws Problem `data-source-not-found` for who may not read it, `permission-missing` for who may
 */
export async function lockForChange(tx: Tx, caller: Caller, id: number): Promise<DataSourceRow> {
  const row = await lockDataSource(tx, id)
  if (!row) throw new Problem('data-source-not-found', { id })
  if (caller.permissions.has('GOVERNANCE') || (await isOwner(tx, id, caller.id))) return row
  if (readsEverything(caller) || (await reaches(tx, caller, row))) {
    throw new Problem('permission-missing', { permission: 'GOVERNANCE, or owning the data source' })
  }
  throw new Problem('data-source-not-found', { id })
}

async function reaches(tx: Tx, caller: Caller, row: DataSourceRow): Promise<boolean> {
  const { reached } = await reachOf(tx, caller.id, { accountId: row.account_id, region: row.region })
  return reached.some(({ access }) => access.dataSource === row.id)
}
