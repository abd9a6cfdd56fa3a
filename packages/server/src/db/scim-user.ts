/** The people of a provider as SCIM shows them. Whose rows they are is part of every question here. */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import type { StoredUser } from '../scim/present.ts'
import type { UserResource } from '../scim/user-resource.ts'
import type { Tx } from './act.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
type Row = Selectable<Database['scim_user']>

export interface NewScimUser {
  readonly person: number
  readonly provider: string
  readonly nameKey: string
  readonly resource: UserResource
  readonly emailKeys: readonly string[]
  readonly readBy: number
}

/** @param withGroups whether the groups are wanted, too */
export async function findScimUser(
  db: Reader,
  provider: string,
  id: number,
  withGroups: boolean,
): Promise<StoredUser | undefined> {
  const row = await ofProvider(db, provider).where('person_id', '=', id).selectAll().executeTakeFirst()
  if (!row) return undefined
  const [user] = await toUsers(db, [row], withGroups)
  return user
}

/** The same, whom nobody else changes until the transaction ends. */
export async function lockScimUser(tx: Tx, provider: string, id: number): Promise<StoredUser | undefined> {
  const row = await ofProvider(tx, provider).where('person_id', '=', id).selectAll().forUpdate().executeTakeFirst()
  return row && toUser(row, [])
}

/** By id. */
export async function listScimUsers(
  db: Reader,
  provider: string,
  where: RawBuilder<boolean>,
  page: { readonly startIndex: number; readonly count: number },
  withGroups: boolean,
): Promise<{ readonly users: readonly StoredUser[]; readonly total: number }> {
  const matching = ofProvider(db, provider).where(where)
  const rows =
    page.count === 0
      ? []
      : await matching
          .selectAll()
          .orderBy('person_id')
          .offset(page.startIndex - 1)
          .limit(page.count)
          .execute()
  const isAll = page.startIndex === 1 && rows.length < page.count
  const { total } = isAll
    ? { total: rows.length }
    : await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  return { users: await toUsers(db, rows, withGroups), total }
}

export async function insertScimUser(tx: Tx, user: NewScimUser): Promise<StoredUser> {
  const row = await tx.insertInto('scim_user').values(columnsOf(user)).returningAll().executeTakeFirstOrThrow()
  return toUser(row, [])
}

export async function updateScimUser(tx: Tx, user: NewScimUser): Promise<StoredUser> {
  const row = await tx
    .updateTable('scim_user')
    .set({ ...columnsOf(user), version: sql<number>`version + 1`, updated_at: sql<Date>`now()` })
    .where('person_id', '=', user.person)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toUser(row, [])
}

export async function deleteScimUser(tx: Tx, person: number): Promise<void> {
  await tx.deleteFrom('scim_user').where('person_id', '=', person).execute()
}

function ofProvider(db: Reader, provider: string) {
  return db.selectFrom('scim_user').where('provider', '=', provider)
}

function columnsOf({ person, provider, nameKey, resource, emailKeys, readBy }: NewScimUser) {
  return {
    person_id: person,
    provider,
    user_name_key: nameKey,
    external_id: resource.externalId ?? null,
    resource: JSON.stringify(resource),
    email_keys: [...emailKeys],
    read_by: readBy,
  }
}

/** What the provider has somebody in. */
export async function groupsOfUser(db: Reader, provider: string, person: number): Promise<StoredUser['groups']> {
  return groupsOf(db, [{ person_id: person, provider }])
}

async function toUsers(db: Reader, rows: readonly Row[], withGroups: boolean): Promise<StoredUser[]> {
  const groups = withGroups && rows.length > 0 ? await groupsOf(db, rows) : []
  const byPerson = Map.groupBy(groups, ({ person }) => person)
  return rows.map(row => toUser(row, byPerson.get(row.person_id) ?? []))
}

function toUser(row: Row, groups: StoredUser['groups']): StoredUser {
  const { person_id: id, resource, version, read_by: readBy, created_at: createdAt, updated_at: updatedAt } = row
  return { id, resource, version, readBy, createdAt, updatedAt, groups }
}

async function groupsOf(db: Reader, rows: readonly Pick<Row, 'person_id' | 'provider'>[]) {
  const ids = rows.map(row => row.person_id)
  return db
    .selectFrom('group_member')
    .innerJoin('people_group', join =>
      join.onRef('people_group.id', '=', 'group_id').onRef('people_group.provider', '=', 'source'),
    )
    .where('person_id', '=', sql<number>`any(${ids})`)
    .where('source', '=', rows[0]?.provider ?? '')
    .select(['person_id as person', 'people_group.id as id', sql<string>`provider_name`.as('name')])
    .orderBy('people_group.id')
    .execute()
}
