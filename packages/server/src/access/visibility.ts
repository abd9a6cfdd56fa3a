/**
 * Who may read and change a data source (02): GOVERNANCE and AUDIT read everything, owners what they own, holders of a
 * reading right what their domains hold, everyone what they reach. Whoever may not read is told that there is no such
 * data source; owners and GOVERNANCE change it. What one may find without reading it: `offers.ts`.
 */
import { accessTo, type DataSourceId, type EntitlementIndex, type UserId } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { type DataSourceRow, findDataSource, isOwner, lockDataSource } from '../db/data-source.ts'
import type { Caller } from '../http/serve.ts'
import { reachedBy } from '../live-index/desired.ts'
import { lookedAfter, looksAfter } from './domain-rights.ts'

export interface Readable {
  readonly row: DataSourceRow
  /** `all` of it, or only what concerns the caller's `own` access. */
  readonly sees: 'all' | 'own'
}

export function readsEverything({ permissions }: Caller): boolean {
  return permissions.has('GOVERNANCE') || permissions.has('AUDIT')
}

/** @throws Problem `data-source-not-found`, also for who may not read it */
export async function readDataSource(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<Readable> {
  const row = await findDataSource(tx, id)
  if (!row) throw new Problem('data-source-not-found', { id })
  if (readsEverything(caller) || (await looksAfter(tx, caller, id))) return { row, sees: 'all' }
  if (reaches(index, caller, id)) return { row, sees: 'own' }
  throw new Problem('data-source-not-found', { id })
}

/** Whether there is such a data source for the caller. */
export async function mayRead(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<boolean> {
  return readsEverything(caller) || reaches(index, caller, id) || looksAfter(tx, caller, id)
}

/** The ids that a caller may read; undefined: all. */
export async function readableDataSources(
  tx: Tx,
  index: EntitlementIndex,
  caller: Caller,
): Promise<number[] | undefined> {
  if (readsEverything(caller)) return undefined
  const reached = reachedBy(index, caller.id as UserId)
  return [...new Set([...(await lookedAfter(tx, caller)), ...reached.map(({ dataSource }) => Number(dataSource))])]
}

/**
 * The row, locked for a change by its owner or a governor.
 * @throws Problem `data-source-not-found` for who may not read it, `permission-missing` for who may
 */
export async function lockForChange(
  tx: Tx,
  index: EntitlementIndex,
  caller: Caller,
  id: number,
): Promise<DataSourceRow> {
  const row = await lockDataSource(tx, id)
  if (!row) throw new Problem('data-source-not-found', { id })
  if (caller.permissions.has('GOVERNANCE') || (await isOwner(tx, id, caller.id))) return row
  if (await mayRead(tx, index, caller, id)) {
    throw new Problem('permission-missing', { permission: 'GOVERNANCE, or owning the data source' })
  }
  throw new Problem('data-source-not-found', { id })
}

function reaches(index: EntitlementIndex, caller: Caller, id: number): boolean {
  return accessTo(index, caller.id as UserId, id as DataSourceId) !== undefined
}
