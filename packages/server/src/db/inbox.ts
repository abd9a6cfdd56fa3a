/** Inboxes and what their owners chose. Everything here is asked for by the owner alone. */
import type { NoticeFacts, NoticeKind, NoticeSubject } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import { noticeChannel } from './notice.ts'
import { type Page, readCursor, readNumber, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface NoticeRow {
  readonly id: number
  readonly kind: NoticeKind
  readonly about_type: NoticeSubject
  readonly about_id: string
  readonly facts: NoticeFacts
  readonly at: number
}

export interface InboxRow extends NoticeRow {
  readonly read_at: number | null
}

export interface InboxQuery {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly unread?: boolean | undefined
}

/** Newest first. */
export async function listInbox(
  db: Reader,
  person: number,
  query: InboxQuery,
): Promise<Page<InboxRow> & { unread: number }> {
  const { limit, unread: only } = query
  const counts = await db
    .selectFrom('inbox')
    .where('person_id', '=', person)
    .select([
      sql<number>`count(*)`.as('total'),
      sql<number>`count(*) filter (where read_at is null)`.as('unread'),
      sql<number>`count(*) filter (where read_at is not null)`.as('read'),
    ])
    .executeTakeFirstOrThrow()
  const after = readNumber(readCursor(query.cursor))
  const rows = await db
    .selectFrom('inbox')
    .innerJoin('notice', 'notice.id', 'notice_id')
    .where('person_id', '=', person)
    .$if(only !== undefined, chosen => chosen.where('read_at', only ? 'is' : 'is not', null))
    .$if(after !== undefined, chosen => chosen.where('notice_id', '<', after as number))
    .select(['notice.id', 'kind', 'about_type', 'about_id', 'facts', 'at', 'read_at'])
    .orderBy('notice_id', 'desc')
    .limit(limit + 1)
    .execute()
  const total = only === undefined ? counts.total : only ? counts.unread : counts.read
  return { ...toPage(rows, limit, total, row => String(row.id)), unread: counts.unread }
}

export async function countUnread(db: Reader, person: number): Promise<number> {
  const { unread } = await db
    .selectFrom('inbox')
    .where('person_id', '=', person)
    .where('read_at', 'is', null)
    .select(sql<number>`count(*)`.as('unread'))
    .executeTakeFirstOrThrow()
  return unread
}

/** @returns whether it is in their inbox */
export async function markRead(db: Reader, person: number, notice: number, isRead: boolean): Promise<boolean> {
  const found = await db
    .updateTable('inbox')
    .set({ read_at: isRead ? sql<Date>`coalesce(read_at, now())` : null })
    .where('person_id', '=', person)
    .where('notice_id', '=', notice)
    .returning('notice_id')
    .execute()
  if (found.length > 0) await tellOwner(db, person)
  return found.length > 0
}

/** @returns how many were not read */
export async function markAllRead(db: Reader, person: number, upTo: number): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('inbox')
    .set({ read_at: sql<Date>`now()` })
    .where('person_id', '=', person)
    .where('read_at', 'is', null)
    .where('notice_id', '<=', upTo)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows > 0n) await tellOwner(db, person)
  return Number(numUpdatedRows)
}

/** Whatever else they have open shows it too. */
async function tellOwner(db: Reader, person: number): Promise<void> {
  await sql`select pg_notify(${noticeChannel}, ${String(person)})`.execute(db)
}

export interface Choice {
  readonly kind: NoticeKind
  readonly inbox: boolean
  readonly email: boolean
}

export async function readChoices(db: Reader, person: number): Promise<Choice[]> {
  return db
    .selectFrom('notification_preference')
    .where('person_id', '=', person)
    .select(['kind', 'inbox', 'email'])
    .execute()
}

/** These in the place of all there were. */
export async function replaceChoices(db: Reader, person: number, choices: readonly Choice[]): Promise<void> {
  await sql`
    with kept as (
      insert into notification_preference (person_id, kind, inbox, email)
      select ${person}::bigint, * from unnest(${choices.map(one => one.kind)}::text[],
        ${choices.map(one => one.inbox)}::boolean[], ${choices.map(one => one.email)}::boolean[])
      on conflict (person_id, kind) do update set inbox = excluded.inbox, email = excluded.email
      returning kind)
    delete from notification_preference
    where person_id = ${person} and kind <> all(${choices.map(one => one.kind)}::text[])`.execute(db)
}
