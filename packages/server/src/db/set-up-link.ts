/** Set-up links. At most one waits for each person, and at most one makes an admin. */
import { type Kysely, sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Database } from './schema.ts'

export interface SetUpLink {
  /** null: whoever it makes. */
  readonly personId: number | null
  readonly makesAdmin: boolean
  readonly expiresAt: number
  /** null: whoever holds the machine. */
  readonly madeBy: number | null
}

export interface NewSetUpLink extends SetUpLink {
  readonly hash: Buffer
}

/** Replaces the one that waited before, and forgets those that have expired. */
export async function insertSetUpLink(
  tx: Tx,
  { hash, personId, makesAdmin, expiresAt, madeBy }: NewSetUpLink,
): Promise<void> {
  await tx
    .deleteFrom('set_up_link')
    .where(({ or, eb }) =>
      or([
        eb('person_id', 'is not distinct from', personId),
        eb('expires_at', '<', sql<number>`now()`),
        ...(makesAdmin ? [eb('makes_admin', '=', true)] : []),
      ]),
    )
    .execute()
  await tx
    .insertInto('set_up_link')
    .values({ hash, person_id: personId, makes_admin: makesAdmin, expires_at: new Date(expiresAt), made_by: madeBy })
    .execute()
}

const columns = [
  'person_id as personId',
  'makes_admin as makesAdmin',
  'expires_at as expiresAt',
  'made_by as madeBy',
] as const

/** A link that waits to be used. */
export async function findSetUpLink(db: Kysely<Database>, hash: Buffer): Promise<SetUpLink | undefined> {
  return db
    .selectFrom('set_up_link')
    .where('hash', '=', hash)
    .where('expires_at', '>', sql<number>`now()`)
    .select(columns)
    .executeTakeFirst()
}

/** Uses it up: of two at the same moment, one gets it. */
export async function takeSetUpLink(tx: Tx, hash: Buffer): Promise<SetUpLink | undefined> {
  return tx
    .deleteFrom('set_up_link')
    .where('hash', '=', hash)
    .where('expires_at', '>', sql<number>`now()`)
    .returning(columns)
    .executeTakeFirst()
}

/** Whether somebody may have come in as them by now: by a password, a key or a provider, be it by one that is no more. */
export async function isInUse(tx: Tx, person: number): Promise<boolean> {
  const { rows } = await sql<{ inUse: boolean }>`
    select exists (select from local_account where person_id = ${person})
      or exists (select from api_key where person_id = ${person})
      or exists (select from person_identity where person_id = ${person})
      or exists (select from audit_entry where actor_id = ${person})
      or exists (select from audit_unsealed join audit_event using (sequence) where actor_id = ${person})
      or exists (select from audit_pruned_actor where actor_id = ${person}) as "inUse"`.execute(tx)
  return rows[0]?.inUse ?? false
}

/** Whoever made what waits for a person did not hold what it would be worth now; somebody new may be given it still. */
export async function outdateSetUpLinks(tx: Tx, person: number): Promise<void> {
  const waiting = await tx.selectFrom('set_up_link').where('person_id', '=', person).select('hash').executeTakeFirst()
  if (waiting && (await isInUse(tx, person))) await dropSetUpLinks(tx, person)
}

/** What waits for a person is none any more. */
export async function dropSetUpLinks(tx: Tx, person: number): Promise<void> {
  await tx.deleteFrom('set_up_link').where('person_id', '=', person).execute()
}

/** Whether one waits that makes an admin. */
export async function adminLinkWaits(db: Kysely<Database>): Promise<boolean> {
  const row = await db
    .selectFrom('set_up_link')
    .where('makes_admin', '=', true)
    .where('expires_at', '>', sql<number>`now()`)
    .select('hash')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
