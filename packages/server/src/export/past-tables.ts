/**
 * The tables of a moment of the past: who reached what, and what AWS held, under the names of then.
 *
 * The facts of then are read back and decided upon by the line that decides today; nothing is kept of them afterwards.
 */
import type { EntitlementIndex, Instant } from '@headgate/core'
import type { Tx } from '../db/act.ts'
import { grantsOfThen } from '../db/export-rows.ts'
import { indexAt } from '../history/index-at.ts'
import { pastOutcomes, useridIn } from './outcomes.ts'
import type { Row, Table } from './table.ts'

export interface PastTables {
  readonly tables: readonly Table[]
  /** The last change that had begun by then. */
  readonly sequence: number
}

/** In the eyes of `tx`, which has to be a snapshot. */
export async function pastTables(tx: Tx, at: Instant): Promise<PastTables> {
  const past = await indexAt(tx, at)
  return {
    tables: [pastOutcomes(tx, past, at), underNamesOf(past.index, grantsOfThen(tx, at))],
    sequence: past.sequence,
  }
}

/** People whose grant had outlived them keep their last name. */
function underNamesOf(index: EntitlementIndex, table: Table): Table {
  const names = Object.keys(table.columns)
  const [user, userid] = [names.indexOf('user_id'), names.indexOf('userid')]
  const renamed = (row: Row): Row => row.with(userid, useridIn(index, Number(row[user])) ?? row[userid] ?? null)
  return {
    ...table,
    async *rows() {
      for await (const batch of table.rows()) yield batch.map(renamed)
    },
  }
}
