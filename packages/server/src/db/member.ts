/**
 * Members: people and groups added to one data source by name, perhaps until a date.
 *
 * One row per data source and person or group, and beside it one for each approved request: neither undoes the other.
 * Who made or last changed it stands on it: an access that somebody gave to themselves is shown as such.
 */
import { allUsers, type Instant, type Level } from '@headgate/core'
import { type Member, Problem } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Act, AuditTarget } from './act.ts'
import { type DataSourceRow, dataSourceTarget, type Reader } from './data-source.ts'

export type Subject = { readonly user: number } | { readonly group: number }

export interface MemberInput {
  readonly level: Level
  readonly until?: Instant | undefined
  readonly reason: string
}

/** Those of a data source, or of one person there with those of their groups; oldest first. */
export async function listMembers(db: Reader, dataSource: number, person?: number): Promise<Member[]> {
  const rows = await members(db)
    .where('member.data_source_id', '=', dataSource)
    .$if(person !== undefined, query => query.where(isAbout(person as number)))
    .orderBy('member.id')
    .execute()
  return rows.map(toMember)
}

/** Everyone is in the built-in group, which has no rows of members. */
function isAbout(person: number) {
  return sql<boolean>`(member.person_id = ${person} or people_group.name = ${allUsers} or exists (
    select from group_member where group_member.group_id = member.group_id and group_member.person_id = ${person}))`
}

/**
 * Adds, or changes level, end and reason. The data source must be locked.
 * @throws Problem `user-not-found`, `group-not-found`
 */
export async function setMember(act: Act, on: DataSourceRow, subject: Subject, input: MemberInput): Promise<Member> {
  const { tx, actor } = act
  const target = await subjectTarget(tx, subject)
  const before = await findMember(tx, on.id, subject)
  const values = {
    level: input.level,
    until: input.until === undefined ? null : new Date(input.until),
    reason: input.reason,
    // Only people add members.
    added_by: actor.id as number,
    added_at: new Date(act.now),
  }
  const { id } = before
    ? await tx.updateTable('member').set(values).where('id', '=', before.id).returning('id').executeTakeFirstOrThrow()
    : await tx
        .insertInto('member')
        .values({ ...values, data_source_id: on.id, ...columnsOf(subject) })
        .returning('id')
        .executeTakeFirstOrThrow()
  const { level, until } = input
  const end = until === undefined ? {} : { until }
  act.changed(
    'member',
    id,
    { id, dataSource: on.id, subject, level, ...end },
    before ? 'member-changed' : 'member-added',
  )
  const after = toMember(await members(tx).where('member.id', '=', id).executeTakeFirstOrThrow())
  act.audit({
    action: before ? 'UPDATE' : 'CREATE',
    targetType: 'DATASOURCE',
    targets: [dataSourceTarget(on)],
    relatedResources: [target],
    payload: {
      type: before ? 'MemberChanged' : 'MemberAdded',
      ...(before ? { before: toMember(before) } : {}),
      after,
    },
  })
  return after
}

/** Somebody's request was approved by the actor. The data source must be locked. */
export async function addMemberByRequest(
  act: Act,
  on: DataSourceRow,
  { request, person, ...input }: MemberInput & { readonly request: number; readonly person: number },
): Promise<void> {
  const { level, until, reason } = input
  const { id } = await act.tx
    .insertInto('member')
    .values({
      data_source_id: on.id,
      person_id: person,
      level,
      until: until === undefined ? null : new Date(until),
      reason,
      // Only people decide about data sources.
      added_by: act.actor.id as number,
      added_at: new Date(act.now),
      request_id: request,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const end = until === undefined ? {} : { until }
  act.changed('member', id, { id, dataSource: on.id, subject: { user: person }, level, ...end }, 'member-added')
}

/** What approved requests gave is over. @returns whether anything was */
export async function removeMemberByRequest(act: Act, request: number): Promise<boolean> {
  const rows = await act.tx.deleteFrom('member').where('request_id', '=', request).returning('id').execute()
  for (const { id } of rows) act.changed('member', id, null, 'member-removed')
  return rows.length > 0
}

/** By hand or by request, all there are. @throws Problem `member-not-found`. The data source must be locked. */
export async function removeMember(act: Act, on: DataSourceRow, subject: Subject): Promise<void> {
  const all = await membersOf(act.tx, on.id, subject).execute()
  const before = all.find(({ request_id }) => request_id === null) ?? all[0]
  if (!before) throw new Problem('member-not-found', { who: nameOf(subject), dataSource: on.id })
  const ids = all.map(({ id }) => id)
  await act.tx.deleteFrom('member').where('id', 'in', ids).execute()
  for (const id of ids) act.changed('member', id, null, 'member-removed')
  const removed = toMember(before)
  act.audit({
    action: 'DELETE',
    targetType: 'DATASOURCE',
    targets: [dataSourceTarget(on)],
    relatedResources: [targetOfMember(removed)],
    payload: { type: 'MemberRemoved', before: removed },
  })
}

/** @returns what they were, for the audit event of whatever removed them */
export async function removeAllMembers(act: Act, dataSource: number, cause: string): Promise<Member[]> {
  const before = await listMembers(act.tx, dataSource)
  await act.tx.deleteFrom('member').where('data_source_id', '=', dataSource).execute()
  for (const { id } of before) act.changed('member', id, null, cause)
  return before
}

/** The reason given for each, and by whom. */
export async function memberReasons(
  db: Reader,
  ids: readonly number[],
): Promise<Map<number, { readonly reason: string; readonly addedBy: number }>> {
  const rows = await db
    .selectFrom('member')
    .where('id', '=', sql<number>`any(${ids})`)
    .select(['id', 'reason', 'added_by'])
    .execute()
  return new Map(rows.map(({ id, reason, added_by }) => [id, { reason, addedBy: added_by }]))
}

/** The one that was made by hand. */
async function findMember(db: Reader, dataSource: number, subject: Subject): Promise<MemberRow | undefined> {
  return membersOf(db, dataSource, subject).where('member.request_id', 'is', null).executeTakeFirst()
}

function membersOf(db: Reader, dataSource: number, subject: Subject) {
  const of = members(db).where('member.data_source_id', '=', dataSource).orderBy('member.id')
  return 'user' in subject ? of.where('person_id', '=', subject.user) : of.where('group_id', '=', subject.group)
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof members>['executeTakeFirstOrThrow']>>

function members(db: Reader) {
  return db
    .selectFrom('member')
    .innerJoin('person as adder', 'adder.id', 'member.added_by')
    .leftJoin('person', 'person.id', 'member.person_id')
    .leftJoin('people_group', 'people_group.id', 'member.group_id')
    .select([
      'member.id',
      'member.person_id',
      'member.group_id',
      'member.level',
      'member.until',
      'member.reason',
      'member.added_at',
      'member.request_id',
      'adder.userid as added_by',
      'person.userid',
      'people_group.name as group_name',
    ])
}

function toMember(row: MemberRow): Member {
  return {
    id: row.id,
    subject:
      row.person_id === null
        ? { group: { id: row.group_id as number, name: row.group_name as string } }
        : { user: { id: row.person_id, userid: row.userid as string } },
    level: row.level,
    ...(row.until === null ? {} : { until: new Date(row.until).toISOString() }),
    reason: row.reason,
    addedBy: row.added_by,
    addedAt: new Date(row.added_at).toISOString(),
  }
}

/**
 * Locked, so that nobody deletes it meanwhile.
 * @throws Problem `user-not-found`, `group-not-found`
 */
export async function subjectTarget(db: Reader, subject: Subject): Promise<AuditTarget> {
  if ('user' in subject) {
    const person = await db
      .selectFrom('person')
      .where('id', '=', subject.user)
      .where('deleted_at', 'is', null)
      .select('userid')
      .forShare()
      .executeTakeFirst()
    if (!person) throw new Problem('user-not-found', { id: subject.user })
    return { type: 'USER', id: String(subject.user), name: person.userid }
  }
  const group = await db
    .selectFrom('people_group')
    .where('id', '=', subject.group)
    .select('name')
    .forShare()
    .executeTakeFirst()
  if (!group) throw new Problem('group-not-found', { id: subject.group })
  return { type: 'GROUP', id: String(subject.group), name: group.name }
}

function targetOfMember({ subject }: Member): AuditTarget {
  return 'user' in subject
    ? { type: 'USER', id: String(subject.user.id), name: subject.user.userid }
    : { type: 'GROUP', id: String(subject.group.id), name: subject.group.name }
}

function columnsOf(subject: Subject): { person_id: number } | { group_id: number } {
  return 'user' in subject ? { person_id: subject.user } : { group_id: subject.group }
}

function nameOf(subject: Subject): string {
  return 'user' in subject ? `user ${subject.user}` : `group ${subject.group}`
}
