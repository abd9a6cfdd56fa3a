/** Passwords: who has one, and setting it. Only argon2id's own notation is stored. */
import { type Kysely, sql } from 'kysely'
import type { Tx } from './act.ts'
import { findPersonId } from './person.ts'
import type { Database } from './schema.ts'

export interface LocalAccount {
  readonly personId: number
  readonly userid: string
  readonly hash: string
  readonly isDisabled: boolean
}

/** Of the living person who is called so. */
export async function findLocalAccount(db: Kysely<Database>, userid: string): Promise<LocalAccount | undefined> {
  // Nobody has the number 0: an unknown name is asked for as often as a known one.
  return localAccountOf(db, (await findPersonId(db, userid)) ?? 0)
}

export async function localAccountOf(db: Kysely<Database>, person: number): Promise<LocalAccount | undefined> {
  return db
    .selectFrom('local_account')
    .innerJoin('person', 'person.id', 'local_account.person_id')
    .where('person.id', '=', person)
    .where('person.deleted_at', 'is', null)
    .select(['person.id as personId', 'person.userid', 'password_hash as hash', 'person.disabled as isDisabled'])
    .executeTakeFirst()
}

/** @param openedBy who opened the account anew; null: nobody; absent: whoever it was before */
export async function setPasswordHash(
  tx: Tx,
  person: number,
  hash: string,
  openedBy: number | null | undefined,
): Promise<void> {
  const opened = openedBy === undefined ? {} : { opened_by: openedBy }
  const changed = { password_hash: hash, changed_at: sql<Date>`now()`, ...opened }
  await tx
    .insertInto('local_account')
    .values({ person_id: person, ...changed })
    .onConflict(conflict => conflict.column('person_id').doUpdateSet(changed))
    .execute()
}

/** The provider that made a person and signs them in; a password would be a way round whatever it asks for. */
export async function providerOf(tx: Tx, person: number): Promise<string | undefined> {
  const row = await tx
    .selectFrom('person')
    .innerJoin('identity_provider', 'identity_provider.name', 'person.provider')
    .where('person.id', '=', person)
    .where('identity_provider.enabled', '=', true)
    .where('identity_provider.oidc', 'is not', null)
    .select('identity_provider.name')
    .executeTakeFirst()
  return row?.name
}

/** Whether anybody may sign in with a password. */
export async function hasLocalAccounts(db: Kysely<Database>): Promise<boolean> {
  return (await db.selectFrom('local_account').select('person_id').limit(1).executeTakeFirst()) !== undefined
}
