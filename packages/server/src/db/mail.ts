/**
 * Mails to be sent: what is due to one person becomes one mail, at most one in a minute, which keeps its Message-ID for
 * good. Whoever takes one has it until the lease ends; a mail is never lost and may be sent twice.
 */
import { type Kysely, sql } from 'kysely'
import type { EmailRow } from './email-settings.ts'
import { readEmailSettings } from './email-settings.ts'
import type { NoticeRow } from './inbox.ts'
import type { Db } from './open.ts'
import type { Database } from './schema.ts'

export interface TakenMail {
  readonly id: number
  readonly messageId: string
  readonly createdAt: number
  /** This one counted. */
  readonly attempts: number
  readonly person: number
  readonly address: string
  readonly notices: readonly NoticeRow[]
}

export interface TakenMails {
  readonly settings: EmailRow
  readonly mails: readonly TakenMail[]
}

/** Advisory lock key: one node at a time gathers and takes, so that the bound holds for all of them. */
const lock = 4_773_218_018
/** Taken at once. */
const mostAtOnce = 50
/** What was due for so many days helps nobody any more. */
const mostDays = 3

/** Nothing, too, while another node takes. */
export async function takeMails({ transaction }: Db, leaseMs: number): Promise<TakenMails | undefined> {
  return transaction(async tx => {
    const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${lock}) as mine`.execute(tx)
    if (!rows[0]?.mine) return undefined
    const settings = await readEmailSettings(tx)
    if (!settings.enabled) return undefined
    await gather(tx, settings.sender ?? '')
    await dropUseless(tx)
    const mails = await take(tx, settings.most_per_minute, leaseMs)
    return mails.length === 0 ? undefined : { settings, mails }
  })
}

/**
 * Whoever was written to within the minute, or is about to be, waits: then they get one mail for all of it. A mail that
 * was made stays as it is.
 */
async function gather(db: Kysely<Database>, sender: string): Promise<void> {
  const domain = sender.slice(sender.lastIndexOf('@') + 1)
  await sql`
    delete from mail_item using notice
    where mail_id is null and notice.id = notice_id and at < now() - make_interval(days => ${mostDays}::int)`.execute(
    db,
  )
  await sql`
    with waiting as (
      select distinct person_id from mail_item item where mail_id is null and not exists (
        select from mail where mail.person_id = item.person_id
          and (state = 'due' or created_at > now() - interval '1 minute'))
      limit 1000
    ), made as (
      insert into mail (person_id, message_id)
      select person_id, '<' || gen_random_uuid() || '@' || ${domain}::text || '>' from waiting
      returning id, person_id)
    update mail_item set mail_id = made.id from made
    where mail_item.person_id = made.person_id and mail_id is null`.execute(db)
}

/** To nobody who is out, to no address that is gone, and nothing from days ago. */
async function dropUseless(db: Kysely<Database>): Promise<void> {
  await sql`
    update mail set state = 'dropped', problem = null from person
    where state = 'due' and next_try_at <= now() and person.id = person_id
      and (disabled or deleted_at is not null or email is null
        or not exists (select from mail_item where mail_id = mail.id))`.execute(db)
  await sql`
    update mail set state = 'failed'
    where state = 'due' and next_try_at <= now() and mail.created_at < now() - make_interval(days => ${mostDays}::int)`.execute(
    db,
  )
}

async function take(db: Kysely<Database>, mostPerMinute: number, leaseMs: number): Promise<TakenMail[]> {
  const { rows } = await sql<Omit<TakenMail, 'notices'>>`
    update mail set attempts = attempts + 1, tried_at = now(),
      next_try_at = now() + ${leaseMs}::double precision * interval '1 millisecond'
    from person
    where person.id = person_id and mail.id = any(array(
      select id from mail where state = 'due' and next_try_at <= now() order by next_try_at, id
      limit least(${mostAtOnce}::int, greatest(0, ${mostPerMinute}::int - (
        select count(*) from mail where tried_at > now() - interval '1 minute')))
      for update skip locked))
    returning mail.id, message_id as "messageId", mail.created_at as "createdAt", attempts,
      person_id as person, email as address`.execute(db)
  if (rows.length === 0) return []
  const items = await db
    .selectFrom('mail_item')
    .innerJoin('notice', 'notice.id', 'notice_id')
    .where('mail_id', '=', sql<number>`any(${rows.map(row => row.id)})`)
    .select(['mail_id', 'notice.id', 'kind', 'about_type', 'about_id', 'facts', 'at'])
    .orderBy('notice.id')
    .execute()
  const byMail = Map.groupBy(items, item => item.mail_id)
  return rows.map(row => ({ ...row, notices: byMail.get(row.id) ?? [] }))
}

/** @param next what becomes of it: sent, failed for good, or due again in so many ms */
export async function storeMailOutcome(
  { kysely }: Db,
  { id, attempts }: TakenMail,
  next: 'sent' | 'failed' | number,
  problem?: string,
): Promise<void> {
  const state = typeof next === 'number' ? 'due' : next
  const inMs = typeof next === 'number' ? next : 0
  // Taken by another since: they say what becomes of it, unless it is sent.
  await sql`
    update mail set state = ${state}, problem = ${problem ?? null}::text,
      next_try_at = now() + ${inMs}::double precision * interval '1 millisecond',
      sent_at = case when ${state === 'sent'}::boolean then now() end
    where id = ${id} and state = 'due' and (attempts = ${attempts} or ${state === 'sent'}::boolean)`.execute(kysely)
}

/** As if they had not been taken; due again in so many ms. */
export async function giveBackMails({ kysely }: Db, mails: readonly TakenMail[], inMs: number): Promise<void> {
  await sql`
    update mail set attempts = mail.attempts - 1, tried_at = null,
      next_try_at = now() + ${inMs}::double precision * interval '1 millisecond'
    from unnest(${mails.map(one => one.id)}::bigint[], ${mails.map(one => one.attempts)}::int[]) as given (id, attempts)
    where mail.id = given.id and mail.attempts = given.attempts and state = 'due'`.execute(kysely)
}

export interface MailCounts {
  readonly waiting: number
  /** Of the last day. */
  readonly failed: number
  /** Of the last attempt. */
  readonly problem: string | null
  readonly tried_at: number | null
}

export async function countMails(db: Kysely<Database>): Promise<MailCounts> {
  const { rows } = await sql<MailCounts>`
    select (select count(*) from mail where state = 'due')
        + (select count(distinct person_id) from mail_item where mail_id is null) as waiting,
      (select count(*) from mail where state = 'failed' and tried_at > now() - interval '1 day') as failed,
      last.problem, last.tried_at
    from (select) as one
    left join lateral (
      select problem, tried_at from mail where tried_at is not null order by tried_at desc limit 1) last on true`.execute(
    db,
  )
  return rows[0] as MailCounts
}
