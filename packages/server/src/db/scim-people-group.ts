/** Groups as a provider makes, renames and ends them, and what is said of their members: one event a call. */
import { Problem } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { groupTarget, lockGroup, removeGroup } from './group.ts'

/** The one cause for whatever a provider says: counted by the brake. */
const cause = 'identity-provider'

export interface ProvidedGroup {
  readonly displayName: string
  readonly externalId: string | null
}

/** Named `provider/name` where another group has the name. Throws Problem `scim-group-taken`. */
export async function insertProvidedGroup(
  { tx, changed, audit }: Act,
  provider: string,
  { displayName, externalId }: ProvidedGroup,
): Promise<number> {
  const known = await adopted(tx, provider, { displayName, externalId })
  if (known !== undefined) return known
  for (const name of namesFor(provider, displayName)) {
    const row = await tx
      .insertInto('people_group')
      .values({ name, provider, provider_name: displayName, external_id: externalId })
      .onConflict(conflict => conflict.doNothing())
      .returning('id')
      .executeTakeFirst()
    if (!row) continue
    changed('group', row.id, { id: row.id, name }, cause)
    audit({
      action: 'CREATE',
      targetType: 'GROUP',
      targets: [groupTarget({ id: row.id, name })],
      payload: { type: 'GroupCreated', after: { name, provider, externalId } },
    })
    return row.id
  }
  throw taken(displayName)
}

/** A group that came by what somebody's sign-in said of them: from now on SCIM says who is in it. */
async function adopted(tx: Tx, provider: string, group: ProvidedGroup): Promise<number | undefined> {
  const row = await tx
    .updateTable('people_group')
    .set({ external_id: group.externalId })
    .where('provider', '=', provider)
    .where(sql`name_key(provider_name)`, '=', sql`name_key(${group.displayName})`)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('scim_group').whereRef('group_id', '=', 'people_group.id').select('group_id'))),
    )
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

/** @throws Problem `scim-group-taken` */
export async function changeProvidedGroup(
  { tx, changed, audit }: Act,
  provider: string,
  id: number,
  { displayName, externalId }: ProvidedGroup,
): Promise<void> {
  const before = await lockGroup(tx, id)
  const isRenamed = before.provider_name !== displayName
  const name = isRenamed ? await freeName(tx, provider, id, displayName) : before.name
  const after = { name, provider_name: displayName, external_id: externalId }
  await tx.updateTable('people_group').set(after).where('id', '=', id).execute()
  if (name !== before.name) changed('group', id, { id, name }, cause)
  audit({
    action: 'UPDATE',
    targetType: 'GROUP',
    targets: [groupTarget(before)],
    payload: {
      type: 'GroupUpdated',
      before: { name: before.name, externalId: before.external_id },
      after: { name, externalId },
    },
  })
}

export async function removeProvidedGroup(act: Act, id: number): Promise<void> {
  await removeGroup(act, await lockGroup(act.tx, id), cause)
}

/** So many are named one by one; all of them stand in `fact_change`. */
const mostNamed = 1000

export async function sayMembersChanged(
  { tx, audit }: Act,
  provider: string,
  group: number,
  { came, went }: { readonly came: readonly number[]; readonly went: readonly number[] },
): Promise<void> {
  // Its own name: what the provider calls it may be the name of another group.
  const named = tx.selectFrom('people_group').where('id', '=', group).select(['id', 'name'])
  const target = groupTarget(await named.executeTakeFirstOrThrow())
  const some = (people: readonly number[]) => ({ count: people.length, people: people.slice(0, mostNamed) })
  audit({
    action: 'UPDATE',
    targetType: 'GROUP',
    targets: [target],
    payload: { type: 'GroupMembersChanged', source: provider, added: some(came), removed: some(went) },
  })
}

function namesFor(provider: string, displayName: string): readonly string[] {
  return [displayName, `${provider}/${displayName}`]
}

async function freeName(tx: Tx, provider: string, id: number, displayName: string): Promise<string> {
  const names = namesFor(provider, displayName)
  const { rows } = await sql<{ name: string }>`
    select name from unnest(${names}::text[]) with ordinality as asked (name, place)
    where not exists (select from people_group g where look_alike(g.name) = look_alike(asked.name) and g.id <> ${id})
    order by place limit 1`.execute(tx)
  if (!rows[0]) throw taken(displayName)
  return rows[0].name
}

function taken(name: string): Problem {
  return new Problem('scim-group-taken', { name })
}
