/** The people of a provider as SCIM shows them. Whose rows they are is part of every question here. */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import type { StoredUser } from '../scim/present.ts'
import type { UserResource } from '../scim/user-resource.ts'
import type { Tx } from './act.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type ScimUserRow = Selectable<Database['scim_user']>

/** What is stored of somebody besides whose it is. */
export interface NewScimUser {
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
  const row = await ofProvider(db, provider)
    .where('person_id', '=', id)
    .selectAll()
    .$if(withGroups, some => some.select(groups))
    .executeTakeFirst()
  return row && toUser(row)
}

/** The same, whom nobody else changes until the transaction ends. */
export async function lockScimUser(tx: Tx, provider: string, id: number): Promise<StoredUser | undefined> {
  const row = await ofProvider(tx, provider).where('person_id', '=', id).selectAll().forUpdate().executeTakeFirst()
  return row && toUser(row)
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
          .$if(withGroups, some => some.select(groups))
          .orderBy('person_id')
          .offset(page.startIndex - 1)
          .limit(page.count)
          .execute()
  const isAll = page.startIndex === 1 && rows.length < page.count
  const { total } = isAll
    ? { total: rows.length }
    : await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  return { users: rows.map(toUser), total }
}

export async function insertScimUser(tx: Tx, person: number, user: NewScimUser): Promise<StoredUser> {
  const { rows } = await insertedFor(sql`(select ${person}::bigint as person_id) one`, user).execute(tx)
  return toUser(rows[0] as ScimUserRow)
}

/** The statement that stores it for whoever is in a table of `person_id`, and answers the row. */
export function insertedFor(people: RawBuilder<unknown>, user: NewScimUser): RawBuilder<ScimUserRow> {
  const { provider, nameKey, resource, emailKeys, readBy } = user
  return sql`
    insert into scim_user (person_id, provider, user_name_key, external_id, resource, email_keys, read_by)
    select person_id, ${provider}::text, ${nameKey}::text, ${resource.externalId ?? null}::text,
      ${JSON.stringify(resource)}::jsonb, ${emailKeys}::text[], ${readBy}::integer from ${people}
    returning *`
}

export async function updateScimUser(
  tx: Tx,
  person: number,
  { provider, nameKey, resource, emailKeys, readBy }: NewScimUser,
  withGroups: boolean,
): Promise<StoredUser> {
  const row = await tx
    .updateTable('scim_user')
    .set({
      user_name_key: nameKey,
      external_id: resource.externalId ?? null,
      resource: JSON.stringify(resource),
      email_keys: [...emailKeys],
      read_by: readBy,
      version: sql<number>`version + 1`,
      updated_at: sql<Date>`now()`,
    })
    .where('person_id', '=', person)
    .where('provider', '=', provider)
    .returningAll()
    .$if(withGroups, some => some.returning(groups))
    .executeTakeFirstOrThrow()
  return toUser(row)
}

export async function deleteScimUser(tx: Tx, person: number): Promise<void> {
  await tx.deleteFrom('scim_user').where('person_id', '=', person).execute()
}

function ofProvider(db: Reader, provider: string) {
  return db.selectFrom('scim_user').where('provider', '=', provider)
}

/** What the provider has somebody in. */
const groups = sql<StoredUser['groups']>`(
  select coalesce(json_agg(json_build_object('id', g.id, 'name', g.provider_name) order by g.id), '[]')
  from group_member m join people_group g on g.id = m.group_id and g.provider = m.source
  where m.person_id = scim_user.person_id and m.source = scim_user.provider)`.as('groups')

export function toUser(row: ScimUserRow & { readonly groups?: StoredUser['groups'] }): StoredUser {
  const { person_id: id, resource, version, read_by: readBy, created_at: createdAt, updated_at: updatedAt } = row
  return { id, resource, version, readBy, createdAt, updatedAt, groups: row.groups ?? [] }
}
