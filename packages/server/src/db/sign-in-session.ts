/**
 * Sessions of browsers. Only the SHA-256 of what the cookie holds is stored; a session that has ended, by time, by hand,
 * with its person or with the way it came, is none.
 */
import type { ListedSession, Permission } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Tx } from './act.ts'
import { heldPermissions } from './held-permissions.ts'
import type { Database } from './schema.ts'

export interface SessionOwner {
  readonly sessionId: number
  readonly hash: Buffer
  /** `local`, or the name of an identity provider. */
  readonly via: string
  readonly endsAt: number
  /** Not written for a minute or more. */
  readonly lastSeenIsOld: boolean
  /** Of the settings: what the cookie has to be called depends on it. */
  readonly publicUrl: string | null
  readonly personId: number
  readonly userid: string
  readonly name: string
  readonly permissions: readonly Permission[]
  /** Who opened anew the password or the identity that it came by; null: nobody. */
  readonly openedBy: number | null
}

const endsAt = sql<number>`least(
  session.created_at + make_interval(hours => settings.session_hours),
  session.last_seen_at + make_interval(mins => settings.session_idle_minutes)
)`

const openedBy = sql<number | null>`case session.via
  when 'local' then (select opened_by from local_account account where account.person_id = person.id)
  else (select opened_by from person_identity identity
    where identity.person_id = person.id and identity.provider = session.via) end`

/** The sessions that go on now, with their people and the settings. */
function living(db: Kysely<Database>) {
  return db
    .selectFrom('sign_in_session as session')
    .innerJoin('settings', join => join.onTrue())
    .innerJoin('person', 'person.id', 'session.person_id')
    .where(sql<boolean>`${endsAt} > now()`)
    .where(
      sql<boolean>`case session.via when 'local' then settings.local_accounts else exists (
        select from identity_provider provider
        where provider.name = session.via and provider.enabled and provider.oidc is not null) end`,
    )
    .where('person.disabled', '=', false)
    .where('person.deleted_at', 'is', null)
}

export async function findSession(db: Kysely<Database>, hash: Buffer): Promise<SessionOwner | undefined> {
  return living(db)
    .where('session.hash', '=', hash)
    .select([
      'session.id as sessionId',
      'session.hash',
      'session.via',
      endsAt.as('endsAt'),
      sql<boolean>`session.last_seen_at < now() - interval '1 minute'`.as('lastSeenIsOld'),
      'settings.public_url as publicUrl',
      'person.id as personId',
      'person.userid',
      'person.name',
      heldPermissions.as('permissions'),
      openedBy.as('openedBy'),
    ])
    .executeTakeFirst()
}

/** Once a minute is enough for an idle time of minutes, and spares a write for each call. */
export async function touchSession(db: Kysely<Database>, id: number): Promise<void> {
  await db
    .updateTable('sign_in_session')
    .set({ last_seen_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where(sql<boolean>`last_seen_at < now() - interval '1 minute'`)
    .execute()
}

export interface NewSession {
  readonly hash: Buffer
  readonly person: number
  readonly via: string
  readonly userAgent: string | null
  readonly ip: string
}

export async function insertSession(tx: Tx, { hash, person, via, userAgent, ip }: NewSession): Promise<number> {
  const { id } = await tx
    .insertInto('sign_in_session')
    .values({ hash, person_id: person, via, user_agent: userAgent, ip })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** A person's, latest first. */
export async function listSessions(db: Kysely<Database>, person: number, current?: number): Promise<ListedSession[]> {
  const rows = await living(db)
    .where('session.person_id', '=', person)
    .orderBy('session.last_seen_at', 'desc')
    .orderBy('session.id', 'desc')
    .select(['session.id', 'session.via', 'session.created_at', 'session.last_seen_at', endsAt.as('endsAt')])
    .select(['session.user_agent', 'session.ip'])
    .execute()
  return rows.map(row => ({
    id: row.id,
    via: row.via,
    createdAt: new Date(row.created_at).toISOString(),
    lastSeenAt: new Date(row.last_seen_at).toISOString(),
    endsAt: new Date(row.endsAt).toISOString(),
    isCurrent: row.id === current,
    ...(row.user_agent === null ? {} : { userAgent: row.user_agent }),
    ...(row.ip === null ? {} : { ip: row.ip }),
  }))
}

/** @returns the ids of those that are over now */
export async function endSessions(tx: Tx, which: SessionChoice): Promise<number[]> {
  const ended = await tx
    .deleteFrom('sign_in_session')
    .$if(which.person !== undefined, query => query.where('person_id', '=', which.person as number))
    .$if(which.id !== undefined, query => query.where('id', '=', which.id as number))
    .$if(which.hash !== undefined, query => query.where('hash', '=', which.hash as Buffer))
    .$if(which.via !== undefined, query => query.where('via', '=', which.via as string))
    .$if(which.except !== undefined, query => query.where('id', '<>', which.except as number))
    .returning('id')
    .execute()
  return ended.map(({ id }) => id).sort((a, b) => a - b)
}

/** All of it together; never empty, which would be everybody's. */
export type SessionChoice = {
  readonly person?: number
  readonly id?: number
  readonly hash?: Buffer
  readonly via?: string
  readonly except?: number | undefined
} & ({ readonly person: number } | { readonly hash: Buffer } | { readonly via: string })

/** Sessions that time has ended are no rows for longer than they need be. Waits for nobody who does the same. */
export async function forgetEndedSessions(tx: Tx): Promise<void> {
  await sql`
    delete from sign_in_session where id in (
      select session.id from sign_in_session session, settings where ${endsAt} < now()
      limit 1000 for update of session skip locked
    )
  `.execute(tx)
}
