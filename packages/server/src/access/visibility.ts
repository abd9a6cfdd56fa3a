/**
 * Which data sources a caller may read, change and find (02), by the rules of the contract. What is not asked here is
 * not enforced; whoever may not read one is told that there is no such data source.
 */
import { accessTo, type DataSourceId, type EntitlementIndex, type UserId } from '@headgate/core'
import { Problem, rules } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { type DataSourceRow, findDataSource, lockDataSource } from '../db/data-source.ts'
import { subscriptionsTo } from '../db/subscription.ts'
import type { Caller } from '../http/serve.ts'
import { reachedBy } from '../live-index/desired.ts'
import { allow, groundOf, holdsAny, type Standing } from './allow.ts'
import { actsAsOwner, hasRightOver, lookedAfter } from './domain-rights.ts'
import { mayFind } from './offers.ts'

export interface Readable {
  readonly row: DataSourceRow
  /** `all` of it, or only what concerns the caller's `own` access. */
  readonly sees: 'all' | 'own'
}

export function readsEverything(caller: Caller): boolean {
  return holdsAny(caller, rules.readDataSource.anyOf)
}

/** @throws Problem `data-source-not-found`, also for who may not read it */
export async function readDataSource(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<Readable> {
  const row = await findDataSource(tx, id)
  if (!row) throw missing(id)
  const ground = await allow(caller, rules.readDataSource, toDataSource(tx, index, caller, id))
  return { row, sees: ground === 'reaches' ? 'own' : 'all' }
}

/** Whether there is such a data source for the caller. */
export async function mayRead(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<boolean> {
  return (await groundOf(caller, rules.readDataSource, toDataSource(tx, index, caller, id))) !== undefined
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

/** Throws Problem `data-source-not-found`, also for who may neither find nor read it. */
export async function requireFindable(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<void> {
  await allow(caller, rules.findDataSource, toDataSource(tx, index, caller, id))
}

/** Whoever could once subscribe may always take it back; for all others there is nothing here. As `requireFindable`. */
export async function requireFound(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<void> {
  await allow(caller, rules.unsubscribe, toDataSource(tx, index, caller, id))
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
  if (!row) throw missing(id)
  await allow(caller, rules.changeDataSource, toDataSource(tx, index, caller, id))
  return row
}

function toDataSource(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Standing<'dataSource'> {
  const [user, dataSource] = [caller.id as UserId, id as DataSourceId]
  return {
    is(relation) {
      if (relation === 'owner') return actsAsOwner(tx, caller, id)
      if (relation === 'reaches') return accessTo(index, user, dataSource) !== undefined
      if (relation === 'finds') return mayFind(index, user, dataSource)
      if (relation === 'subscribed') return subscriptionsTo(tx, caller.id, id).then(({ length }) => length > 0)
      return hasRightOver(tx, caller, id, relation.inDomain)
    },
    isKnown: () => mayRead(tx, index, caller, id),
    missing: () => missing(id),
  }
}

function missing(id: number): Problem {
  return new Problem('data-source-not-found', { id })
}
