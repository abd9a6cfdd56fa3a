/** What is told: one row for all, and one for each person in whose inbox it lies, who is written to, and each webhook. */
import { allUsers } from '@headgate/core'
import { type DomainRight, type NoticeFacts, type NoticeKind, noticeKinds, type Permission } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Db } from './open.ts'

/** Whom to tell: everybody that any of it names. */
export interface Recipients {
  readonly people?: readonly number[]
  readonly permission?: Permission | readonly Permission[]
  /** Owners of these data sources, those of groups too. */
  readonly dataSourceOwners?: readonly number[]
  readonly domainRight?: { readonly domain: string; readonly right: DomainRight }
  /** Not these: whoever did it themselves, say. */
  readonly except?: readonly number[]
}

export interface NewNotice {
  readonly to: Recipients
  readonly about: { readonly type: string; readonly id: string }
  readonly facts: NoticeFacts
  readonly mark?: string | undefined
}

/** The channel on which inboxes learn that there is more: ids of people with commas between, or nothing: anybody. */
export const noticeChannel = 'notice'

/** Of one kind; a row for each, and one for each who is told: in one statement, however many they are. */
export async function insertNotices(tx: Tx, kind: NoticeKind, notices: readonly NewNotice[]): Promise<void> {
  const { email, ...rest } = noticeKinds[kind]
  const isMandatory = 'isMandatory' in rest
  const meant: { readonly place: number; readonly person: number }[] = []
  for (const [at, { to }] of notices.entries()) {
    for (const person of await peopleOf(tx, to)) meant.push({ place: at + 1, person })
  }
  await sql`
    with given as materialized (
      select nextval(pg_get_serial_sequence('notice', 'id')) as id, one.*
      from unnest(${notices.map(({ about }) => about.type)}::text[], ${notices.map(({ about }) => about.id)}::text[],
        ${notices.map(({ facts }) => JSON.stringify(facts, storable))}::text[],
        ${notices.map(({ mark }) => mark ?? null)}::text[])
      with ordinality as one (about_type, about_id, facts, mark, place)
    ), stored as (
      insert into notice (id, kind, about_type, about_id, facts, mark) overriding system value
      select id, ${kind}, about_type, about_id, facts::jsonb, mark from given order by id
      on conflict (kind, mark) where mark is not null do nothing
      returning id
    ), told as (
      select stored.id as notice_id, person.id as person_id,
        ${isMandatory}::boolean or coalesce(inbox, true) as inbox,
        coalesce(preference.email, ${email}::boolean) and person.email is not null as email
      from stored join given on given.id = stored.id
      join unnest(${meant.map(({ place }) => place)}::bigint[], ${meant.map(({ person }) => person)}::bigint[])
        as meant (place, id) on meant.place = given.place
      join person on person.id = meant.id
      left join notification_preference preference on preference.person_id = person.id and preference.kind = ${kind}
      where deleted_at is null and not disabled
    ), shown as (
      insert into inbox (person_id, notice_id) select person_id, notice_id from told where inbox
      returning person_id
    ), written as (
      insert into mail_item (person_id, notice_id)
      select person_id, notice_id from told, email_settings where email and enabled
    ), posted as (
      insert into webhook_delivery (webhook_id, notice_id)
      select webhook.id, stored.id from webhook, stored
      where kinds @> array[${kind}::text] and state <> 'disabled'
      order by stored.id, webhook.id
    )
    select pg_notify(${noticeChannel}, case when count(*) > ${mostNamed} then '' else string_agg(person_id::text, ',') end)
    from shown having count(*) > 0`.execute(tx)
}

/** Each once. Found first, so that whoever is named is looked up and not searched for among all. */
async function peopleOf(tx: Tx, { people = [], except = [], ...to }: Recipients): Promise<number[]> {
  const { permission = [], dataSourceOwners = [], domainRight } = to
  const isSearched = permission.length + dataSourceOwners.length > 0 || domainRight !== undefined
  const found = isSearched ? await holders(tx, [permission].flat(), dataSourceOwners, domainRight) : []
  const left = new Set([...people, ...found])
  for (const id of except) left.delete(id)
  return [...left]
}

async function holders(
  tx: Tx,
  permissions: readonly Permission[],
  dataSources: readonly number[],
  domainRight: Recipients['domainRight'],
): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select person_id as id from person_permission where permission = any(${permissions}::text[])
    union
    select coalesce(subject.person_id, group_member.person_id, everybody.id) from (
      select person_id, group_id from data_source_owner where data_source_id = any(${dataSources}::bigint[])
      union select person_id, group_id from domain_right
      where domain = ${domainRight?.domain ?? null}::text and "right" = ${domainRight?.right ?? null}::text
    ) subject
    left join people_group on people_group.id = subject.group_id
    left join group_member on group_member.group_id = subject.group_id
    left join person everybody on people_group.name = ${allUsers}`.execute(tx)
  return rows.flatMap(({ id }) => id ?? [])
}

/** Characters of one fact; what people and AWS wrote may be longer. */
const mostWritten = 4_000

/** What PostgreSQL would not take stops no change that is told of. */
function storable(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '').slice(0, mostWritten).toWellFormed() : value
}

/** With inboxes, mails and deliveries of them, in small bites. */
export async function forgetOldNotices({ kysely }: Db, days: number): Promise<void> {
  const old = sql`now() - ${days}::double precision * interval '1 day'`
  for (let left = 1; left > 0; ) {
    const { numAffectedRows } = await sql`
      delete from notice where id = any(array(select id from notice where at < ${old} limit 1000))`.execute(kysely)
    left = Number(numAffectedRows ?? 0)
  }
  await sql`delete from mail where created_at < ${old} and not exists (
    select from mail_item where mail_id = mail.id)`.execute(kysely)
  await sql`delete from webhook_delivery where notice_id is null and created_at < ${old}`.execute(kysely)
}

/** A message of PostgreSQL holds 8,000 bytes. */
const mostNamed = 300
