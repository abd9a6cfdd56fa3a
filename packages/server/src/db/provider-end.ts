/**
 * The end of an identity provider: all that it asserted goes, row by row and said as facts, so that the brake counts what
 * it revokes. Its people and groups stay as local ones, since others may have put them into policies and data sources.
 */
import { sql } from 'kysely'
import { type AllowList, allowsGroup } from '../directory/allow-list.ts'
import type { Act, Tx } from './act.ts'
import { dropAsserted } from './asserted-principal.ts'
import { lockPrincipals, storePrincipals } from './principal.ts'
import { changeRows, rowsOfSource, type SourcedKind } from './sourced-rows.ts'

export interface Asserted {
  readonly people: number
  readonly groups: number
  readonly memberships: number
  readonly values: number
  readonly principals: number
}

const cause = 'identity-provider'

/** What would go, or stay without whoever brought it. */
export async function countAsserted(tx: Tx, provider: string): Promise<Asserted> {
  const { rows } = await sql<Asserted>`
    select
      (select count(*) from person_identity join person on person.id = person_id
        where person_identity.provider = ${provider} and deleted_at is null)::int as people,
      (select count(*) from people_group where provider = ${provider})::int as groups,
      (select count(*) from group_member where source = ${provider})::int as memberships,
      (select count(*) from person_attribute where source = ${provider})::int
        + (select count(*) from group_attribute where source = ${provider})::int as values,
      (select count(*) from asserted_principal where source = ${provider})::int as principals`.execute(tx)
  const [found] = rows
  if (!found) throw new Error('an aggregate answers one row')
  return found
}

/** Of everybody, or of one person. */
export async function takeAllBack(act: Act, provider: string, person?: number): Promise<void> {
  await lockPrincipals(act.tx)
  await lockHolders(act.tx, provider)
  const kinds: readonly SourcedKind[] =
    person === undefined ? ['groupMember', 'userAttribute', 'groupAttribute'] : ['groupMember', 'userAttribute']
  for (const kind of kinds) {
    const remove = await rowsOfSource(act.tx, kind, provider, person)
    await changeRows(act, kind, provider, { remove }, { added: cause, removed: cause })
  }
  const holders = await act.tx
    .selectFrom('asserted_principal')
    .where('source', '=', provider)
    .$if(person !== undefined, some => some.where('person_id', '=', person ?? 0))
    .select('person_id')
    .orderBy('person_id')
    .execute()
  for (const { person_id } of holders) {
    await dropAsserted(act.tx, person_id, provider)
    await storePrincipals(act, person_id, provider, [], cause)
  }
}

/** What the provider said and may say no more. The groups themselves stay. */
export async function takeBackForbidden(
  act: Act,
  { name: provider }: { readonly name: string },
  allowed: AllowList,
): Promise<void> {
  const { tx } = act
  const groups = await tx
    .selectFrom('people_group')
    .where('provider', '=', provider)
    .select(['id', 'provider_name'])
    .execute()
  const forbidden = new Set(groups.filter(one => !allowsGroup(allowed, one.provider_name ?? '')).map(({ id }) => id))
  const keys = await tx.selectFrom('person_attribute').where('source', '=', provider).select('key').distinct().execute()
  const hasForbiddenKey = keys.some(({ key }) => !allowed.attributeKeys.includes(key))
  if (forbidden.size === 0 && !hasForbiddenKey) return
  await lockHolders(tx, provider)
  const members = (await rowsOfSource(tx, 'groupMember', provider)).filter(([group]) => forbidden.has(group))
  const values = (await rowsOfSource(tx, 'userAttribute', provider)).filter(
    ([, key]) => !allowed.attributeKeys.includes(key),
  )
  await changeRows(act, 'groupMember', provider, { remove: members }, { added: cause, removed: cause })
  await changeRows(act, 'userAttribute', provider, { remove: values }, { added: cause, removed: cause })
}

/** Nobody else changes them meanwhile, in the order in which everybody locks them. */
async function lockHolders(tx: Tx, provider: string): Promise<void> {
  await sql`
    select from people_group where id in (select group_id from group_attribute where source = ${provider})
    order by id for update`.execute(tx)
  await sql`
    select from person where id in (
      select person_id from group_member where source = ${provider}
      union select person_id from person_attribute where source = ${provider}
      union select person_id from asserted_principal where source = ${provider}
    ) order by id for update`.execute(tx)
}

/** Whoever was not active at it stays disabled. */
export async function makeAllLocal({ tx }: Act, provider: string): Promise<void> {
  await sql`
    update person set provider = null, active_at_provider = true,
      disabled_locally = disabled_locally or not active_at_provider
    where provider = ${provider}`.execute(tx)
  await tx.deleteFrom('scim_user').where('provider', '=', provider).execute()
  await tx.deleteFrom('scim_group').where('provider', '=', provider).execute()
  await tx.deleteFrom('person_identity').where('provider', '=', provider).execute()
  await tx
    .updateTable('people_group')
    .set({ provider: null, provider_name: null, external_id: null })
    .where('provider', '=', provider)
    .execute()
}
