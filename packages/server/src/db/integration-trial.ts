/**
 * Checks of an integration that is to be, as they come. They are of no use for long: each new one sweeps away those of
 * the day before. Nothing here is a fact, so nothing is told to the audit trail.
 */
import { randomUUID } from 'node:crypto'
import type { TrialEvent, ValidationTest } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface TrialRow {
  readonly state: TrialEvent['state']
  readonly tests: readonly ValidationTest[]
  readonly total: number
  readonly message: string | null
  /** It says that it runs, and has not been heard of for long. */
  readonly lost: boolean
}

/** A check asks AWS a few times, patiently; none takes this long. */
const lostAfterMinutes = 5

export async function insertTrial(db: Reader, person: number, total: number): Promise<string> {
  await db.deleteFrom('integration_trial').where(sql<boolean>`started_at < now() - interval '1 day'`).execute()
  const id = randomUUID()
  await db.insertInto('integration_trial').values({ id, person_id: person, total }).execute()
  return id
}

/** Undefined: there is none, or it is somebody else's. */
export async function findTrial(db: Reader, id: string, person: number): Promise<TrialRow | undefined> {
  const lost = sql<boolean>`state = 'running' and moved_at < now() - make_interval(mins => ${lostAfterMinutes})`
  return db
    .selectFrom('integration_trial')
    .where('id', '=', id)
    .where('person_id', '=', person)
    .select(['state', 'tests', 'total', 'message', lost.as('lost')])
    .executeTakeFirst()
}

/** @returns whether it is to go on */
export async function addTest(db: Reader, id: string, test: ValidationTest): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('integration_trial')
    .set({ tests: sql`tests || ${JSON.stringify([test])}::jsonb`, moved_at: sql`now()` })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Only what still runs comes to an end; what was canceled stays so. */
export async function endTrial(
  db: Reader,
  id: string,
  state: 'done' | 'canceled' | 'failed',
  message?: string,
): Promise<void> {
  await db
    .updateTable('integration_trial')
    .set({ state, ...(message !== undefined && { message }) })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute()
}
