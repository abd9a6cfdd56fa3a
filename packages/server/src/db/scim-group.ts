/** The groups of a provider as SCIM shows them, and their members: changed in sets, however many. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { StoredGroup } from '../scim/present.ts'
import type { Tx } from './act.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

/** So many members a page of groups may hold together: those beyond wait for the next page. */
const mostMembersOfPage = 100_000

export async function findScimGroup(
  db: Reader,
  provider: string,
  id: number,
  withMembers: boolean,
): Promise<StoredGroup | undefined> {
  const group = await ofProvider(db, provider).where('group_id', '=', id).executeTakeFirst()
  if (!group || !withMembers) return group
  return { ...group, members: await membersOf(db, provider, id) }
}

/** The same without its members; nobody else changes it until the transaction ends. */
export async function lockScimGroup(tx: Tx, provider: string, id: number): Promise<StoredGroup | undefined> {
  return ofProvider(tx, provider).where('group_id', '=', id).forUpdate().executeTakeFirst()
}

/** By id. With members perhaps fewer than asked for, never none. */
export async function listScimGroups(
  db: Reader,
  provider: string,
  where: RawBuilder<boolean>,
  { startIndex, count }: { readonly startIndex: number; readonly count: number },
  withMembers: boolean,
): Promise<{ readonly groups: readonly StoredGroup[]; readonly total: number }> {
  const matching = ofProvider(db, provider).where(where)
  const page = matching
    .orderBy('group_id')
    .offset(startIndex - 1)
    .limit(count)
  const found = count === 0 ? [] : await page.execute()
  const { total } = await matching.clearSelect().select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  if (!withMembers) return { groups: found, total }
  const groups: StoredGroup[] = []
  let held = 0
  for (const group of found) {
    const members = await membersOf(db, provider, group.id)
    held += members.length
    if (groups.length > 0 && held > mostMembersOfPage) break
    groups.push({ ...group, members })
  }
  return { groups, total }
}

/** @returns whether there was no other of that name */
export async function insertScimGroup(tx: Tx, provider: string, group: number, nameKey: string): Promise<boolean> {
  const inserted = await tx
    .insertInto('scim_group')
    .values({ group_id: group, provider, name_key: nameKey })
    .onConflict(conflict => conflict.doNothing())
    .returning('group_id')
    .execute()
  return inserted.length > 0
}

/** Notes that it was changed. Answers its version now. */
export async function touchScimGroup(tx: Tx, group: number, nameKey: string): Promise<number> {
  const row = await tx
    .updateTable('scim_group')
    .set({ name_key: nameKey, version: sql<number>`version + 1`, updated_at: sql<Date>`now()` })
    .where('group_id', '=', group)
    .returning('version')
    .executeTakeFirstOrThrow()
  return row.version
}

/** Another group of the provider with that name or that external id. */
export async function findScimGroupLike(
  tx: Tx,
  provider: string,
  { nameKey, externalId, but }: { readonly nameKey: string; readonly externalId: string | null; readonly but: number },
): Promise<StoredGroup | undefined> {
  return ofProvider(tx, provider)
    .where('group_id', '<>', but)
    .where(({ or, eb }) => or([eb('scim_group.name_key', '=', nameKey), eb('external_id', '=', externalId)]))
    .limit(1)
    .executeTakeFirst()
}

/** Those of these people whom the provider brought. Nobody else changes what is known of them until the transaction ends. */
export async function lockPeopleOf(tx: Tx, provider: string, people: readonly number[]): Promise<ReadonlySet<number>> {
  if (people.length === 0) return new Set()
  // In one order for everybody, or two calls could wait for each other.
  const { rows } = await sql<{ id: number }>`
    select p.id from scim_user s join person p on p.id = s.person_id
    where s.provider = ${provider} and s.person_id = any(${people}::bigint[]) order by p.id for update of p`.execute(tx)
  return new Set(rows.map(row => row.id))
}

/** Everybody whom the provider has in the group, but these; locked, too. */
export async function membersBut(
  tx: Tx,
  provider: string,
  group: number,
  but: readonly number[],
): Promise<readonly number[]> {
  const { rows } = await sql<{ id: number }>`
    select p.id from group_member m join person p on p.id = m.person_id
    where m.group_id = ${group} and m.source = ${provider} and m.person_id <> all(${but}::bigint[])
    order by p.id for update of p`.execute(tx)
  return rows.map(row => row.id)
}

function ofProvider(db: Reader, provider: string) {
  return db
    .selectFrom('scim_group')
    .innerJoin('people_group', 'people_group.id', 'scim_group.group_id')
    .where('scim_group.provider', '=', provider)
    .select([
      'scim_group.group_id as id',
      sql<string>`provider_name`.as('displayName'),
      'external_id as externalId',
      'version',
      'scim_group.created_at as createdAt',
      'scim_group.updated_at as updatedAt',
    ])
}

async function membersOf(db: Reader, provider: string, group: number) {
  return db
    .selectFrom('group_member')
    .innerJoin('person', 'person.id', 'group_member.person_id')
    .where('group_id', '=', group)
    .where('source', '=', provider)
    .select(['person.id', 'person.userid'])
    .orderBy('person.id')
    .execute()
}
