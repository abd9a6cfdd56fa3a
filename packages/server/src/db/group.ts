/**
 * Groups and who is in them. Everyone is in `All Users`, which is built in: it has no rows of members and stays.
 *
 * Members and attributes remember their source; only those of the source `local` are changed here.
 */

import { normalName } from '@headgate/core'
import { type api, type Group, Problem } from '@headgate/core/api'
import { allUsers } from '@headgate/core/policy'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import type { Act, AuditTarget, Tx } from './act.ts'
import { type Keys, orderOf } from './order.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import { lockPerson, personTarget } from './person.ts'
import type { Database } from './schema.ts'
import { attributeFactId, changeRows, sourcesOf } from './sourced-rows.ts'

type Reader = Kysely<Database>
export type GroupRow = Selectable<Database['people_group']>

const source = 'local'

/** @throws Problem `group-not-found` */
export async function getGroup(db: Reader, id: number): Promise<Group> {
  const row = await db.selectFrom('people_group').selectAll().where('id', '=', id).executeTakeFirst()
  const [group] = row ? await present(db, [row]) : []
  if (!group) throw new Problem('group-not-found', { id })
  return group
}

export interface GroupQuery extends PageQuery {
  readonly sort: z.output<typeof api.groups.list.query>['sort']
  /** With this person in them. */
  readonly member?: number | undefined
  /** `local`: made here. */
  readonly provider?: string | undefined
}

const byName = { by: sql`name`, type: 'text' } as const
const keys: Keys<'name' | 'members'> = {
  own: byName,
  named: {
    name: byName,
    members: {
      by: sql`case when name = ${allUsers} then (select count(*) from person where deleted_at is null)
        else (select count(distinct person_id) from group_member where group_id = people_group.id) end`,
      type: 'bigint',
    },
  },
}

/** The search looks at name and description. */
export async function listGroups(db: Reader, query: GroupQuery): Promise<Page<Group>> {
  const pattern = containing(query.search ?? '')
  const { member, provider } = query
  const matching = db
    .selectFrom('people_group')
    .where(({ or, eb }) => or([eb('name', 'ilike', pattern), eb('description', 'ilike', pattern)]))
    .$if(member !== undefined, chosen =>
      chosen.where('id', 'in', ({ selectFrom }) =>
        selectFrom('group_member')
          .where('person_id', '=', member ?? 0)
          .select('group_id'),
      ),
    )
    .$if(provider === source, chosen => chosen.where('provider', 'is', null))
    .$if(provider !== undefined && provider !== source, chosen => chosen.where('provider', '=', provider ?? ''))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const order = orderOf(keys, query)
  const rows = await matching
    .where(order.isNext)
    .selectAll()
    .select(order.place)
    .orderBy(order.by)
    .limit(query.limit + 1)
    .execute()
  const page = order.page(rows, total)
  return { ...page, items: await present(db, page.items) }
}

export interface GroupMember {
  readonly id: number
  readonly userid: string
  readonly name: string
  readonly source: string
}

/** By user name; once for each source. Throws Problem `group-not-found`. */
export async function listGroupMembers(db: Reader, id: number, query: PageQuery): Promise<Page<GroupMember>> {
  const group = await db.selectFrom('people_group').selectAll().where('id', '=', id).executeTakeFirst()
  if (!group) throw new Problem('group-not-found', { id })
  const pattern = containing(query.search ?? '')
  const matching = db
    .selectFrom('person')
    .where('deleted_at', 'is', null)
    .where(({ or, eb }) => or([eb('userid', 'ilike', pattern), eb('name', 'ilike', pattern)]))
    .$if(!isBuiltIn(group), chosen =>
      chosen.where(({ exists, selectFrom }) =>
        exists(
          selectFrom('group_member')
            .whereRef('person_id', '=', 'person.id')
            .where('group_id', '=', id)
            .select('source'),
        ),
      ),
    )
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await matching
    .$if(after !== undefined, chosen => chosen.where('userid', '>', after as string))
    .select(({ selectFrom }) => [
      'id',
      'userid',
      'name',
      selectFrom('group_member')
        .whereRef('person_id', '=', 'person.id')
        .where('group_id', '=', id)
        .select(sql<string | null>`string_agg(source, ', ' order by source)`.as('sources'))
        .as('source'),
    ])
    .orderBy('userid')
    .limit(query.limit + 1)
    .execute()
  const page = toPage(rows, query.limit, total, row => row.userid)
  return { ...page, items: page.items.map(row => ({ ...row, source: row.source ?? 'built-in' })) }
}

/** @throws Problem `name-invalid`, `group-exists` */
export async function insertGroup({ tx, changed, audit }: Act, given: string, description: string): Promise<number> {
  const name = normalName(given)
  const row = await tx
    .insertInto('people_group')
    .values({ name, description })
    .onConflict(conflict => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!row) throw await nameTaken(tx, name)
  changed('group', row.id, { id: row.id, name }, 'group-created')
  audit({
    action: 'CREATE',
    targetType: 'GROUP',
    targets: [groupTarget(row)],
    payload: { type: 'GroupCreated', after: { name, description } },
  })
  return row.id
}

/** Where several names of before clash and the first of them goes, the next one takes its place. */
async function promoteTwin(tx: Tx, name: string): Promise<void> {
  await sql`
    with alike as (
      select id, twin, row_number() over (order by twin) - 1 as rank from people_group
      where look_alike(name) = look_alike(${name}))
    update people_group set twin = 0 from alike
    where people_group.id = alike.id and rank = 0 and alike.twin > 0`.execute(tx)
}

async function nameTaken(tx: Tx, name: string): Promise<Problem> {
  const other = await tx
    .selectFrom('people_group')
    .where(sql`look_alike(name)`, '=', sql`look_alike(${name})`)
    .select(['id', 'name'])
    .orderBy('twin')
    .limit(1)
    .executeTakeFirst()
  return new Problem('group-exists', { name: other?.name ?? name, id: other?.id })
}

/**
 * The group, which nobody else changes until the transaction ends.
 * @throws Problem `group-not-found`
 */
export async function lockGroup(tx: Tx, id: number): Promise<GroupRow> {
  const row = await tx.selectFrom('people_group').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (!row) throw new Problem('group-not-found', { id })
  return row
}

/** Whether any of these people is in a group, by whatever source. */
export async function isAnyInGroup(db: Reader, group: GroupRow, people: readonly number[]): Promise<boolean> {
  if (isBuiltIn(group)) return true
  const found = await db
    .selectFrom('group_member')
    .where('group_id', '=', group.id)
    .where('person_id', 'in', people)
    .select('source')
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** Nothing happens where it says so already. Throws Problem `group-built-in`. */
export async function describeGroup({ tx, audit }: Act, group: GroupRow, description: string): Promise<void> {
  refuseBuiltIn(group)
  if (description === group.description) return
  await tx.updateTable('people_group').set({ description }).where('id', '=', group.id).execute()
  audit({
    action: 'UPDATE',
    targetType: 'GROUP',
    targets: [groupTarget(group)],
    payload: { type: 'GroupUpdated', before: { description: group.description }, after: { description } },
  })
}

/** With its members, its attributes, its memberships of data sources and what it owns. */
export async function removeGroup(
  { tx, changed, audit }: Act,
  group: GroupRow,
  cause = 'group-deleted',
): Promise<void> {
  const { id } = group
  const members = await tx.deleteFrom('group_member').where('group_id', '=', id).returning('person_id').execute()
  for (const { person_id } of members) changed('groupMember', `${id}/${person_id}`, null, cause)
  const attributes = await tx
    .deleteFrom('group_attribute')
    .where('group_id', '=', id)
    .returning(['key', 'value'])
    .execute()
  for (const one of attributes) changed('attribute', attributeFactId({ type: 'group', id }, one), null, cause)
  const sources = await tx.deleteFrom('member').where('group_id', '=', id).returning(['id', 'data_source_id']).execute()
  for (const member of sources) changed('member', member.id, null, cause)
  const domainRights = await tx
    .deleteFrom('domain_right')
    .where('group_id', '=', id)
    .returning(['domain', 'right'])
    .execute()
  const owned = await tx
    .deleteFrom('data_source_owner')
    .where('group_id', '=', id)
    .returning('data_source_id')
    .execute()
  await tx.deleteFrom('people_group').where('id', '=', id).execute()
  await promoteTwin(tx, group.name)
  changed('group', id, null, cause)
  const before = {
    name: group.name,
    description: group.description,
    members: members.map(row => row.person_id),
    attributes,
    dataSources: sources.map(row => row.data_source_id),
    owns: owned.map(row => row.data_source_id),
    domainRights,
  }
  audit({
    action: 'DELETE',
    targetType: 'GROUP',
    targets: [groupTarget(group)],
    payload: { type: 'GroupDeleted', before },
  })
}

const memberCause = { added: 'group-member-added', removed: 'group-member-removed' }

/** Nothing happens where somebody put the person in already. Throws Problem `user-not-found`, `group-built-in`. */
export async function addGroupMember(act: Act, group: GroupRow, person: number): Promise<void> {
  refuseBuiltIn(group)
  const { userid } = await lockPerson(act.tx, person)
  const { added } = await changeRows(act, 'groupMember', source, { add: [[group.id, person]] }, memberCause)
  if (added.length > 0) sayMember(act, 'GroupMemberAdded', group, { id: person, userid })
}

/**
 * Nothing happens where nobody put the person in. Throws Problem `user-not-found`, `group-built-in`.
 * @returns the identity providers, and whoever else, that go on saying so: the person stays in it
 */
export async function removeGroupMember(act: Act, group: GroupRow, person: number): Promise<string[]> {
  refuseBuiltIn(group)
  const { userid } = await lockPerson(act.tx, person)
  const row = [group.id, person] as const
  const { removed } = await changeRows(act, 'groupMember', source, { remove: [row] }, memberCause)
  if (removed.length > 0) sayMember(act, 'GroupMemberRemoved', group, { id: person, userid })
  return sourcesOf(act.tx, 'groupMember', row)
}

export function groupTarget(group: { readonly id: number; readonly name: string }): AuditTarget {
  return { type: 'GROUP', id: String(group.id), name: group.name }
}

function sayMember(act: Act, type: string, group: GroupRow, person: { id: number; userid: string }): void {
  act.audit({
    action: 'UPDATE',
    targetType: 'GROUP',
    targets: [groupTarget(group)],
    relatedResources: [personTarget(person)],
    payload: { type, source },
  })
}

function isBuiltIn(group: GroupRow): boolean {
  return group.name === allUsers
}

/** @throws Problem `group-built-in` */
export function refuseBuiltIn(group: GroupRow): void {
  if (isBuiltIn(group)) throw new Problem('group-built-in', { name: group.name })
}

/**
 * A group goes with its members, and those of another source are not ours to take. One that nobody is said to be in may go.
 * @throws Problem `group-managed`
 */
export async function refuseManagedGroup(tx: Tx, group: GroupRow): Promise<void> {
  const said = await tx
    .selectFrom('group_member')
    .where('group_id', '=', group.id)
    .where('source', '<>', source)
    .select('source')
    .limit(1)
    .executeTakeFirst()
  if (said) throw new Problem('group-managed', { name: group.name, provider: said.source })
}

async function present(db: Reader, groups: readonly GroupRow[]): Promise<Group[]> {
  if (groups.length === 0) return []
  const ids = groups.map(group => group.id)
  const [members, attributes, everyone] = await Promise.all([
    db
      .selectFrom('group_member')
      .where('group_id', 'in', ids)
      .groupBy('group_id')
      .select(['group_id', sql<number>`count(distinct person_id)`.as('members')])
      .execute(),
    db
      .selectFrom('group_attribute')
      .selectAll()
      .where('group_id', 'in', ids)
      .orderBy('key')
      .orderBy('value')
      .orderBy('source')
      .execute(),
    groups.some(isBuiltIn) ? countEveryone(db) : 0,
  ])
  const counts = new Map(members.map(row => [row.group_id, row.members]))
  const attributesOf = Map.groupBy(attributes, row => row.group_id)
  return groups.map(group => ({
    id: group.id,
    name: group.name,
    description: group.description,
    ...(group.provider === null ? {} : { provider: group.provider }),
    members: isBuiltIn(group) ? everyone : (counts.get(group.id) ?? 0),
    attributes: (attributesOf.get(group.id) ?? []).map(row => ({ key: row.key, value: row.value, source: row.source })),
    createdAt: new Date(group.created_at).toISOString(),
  }))
}

async function countEveryone(db: Reader): Promise<number> {
  const people = db.selectFrom('person').where('deleted_at', 'is', null)
  return (await people.select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow()).count
}
