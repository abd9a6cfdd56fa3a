/**
 * Groups of identity providers. What a provider calls a group is kept beside its name: where another group has the name
 * already, or one that looks like it, the provider's is `provider/name`. Members are rows of the provider's source.
 */
import { nameKey } from '@headgate/core'
import { sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { groupTarget } from './group.ts'

export interface ProviderGroup {
  readonly id: number
  readonly name: string
}

const cause = 'identity-provider'
const lock = 0x4865_6167 // makers of providers' groups, one at a time: two who make the same ones would wait for each other

/**
 * The groups that a provider calls so, those made that are not there.
 * @param names in their normal form
 * @returns by what `nameKey` makes of the name; without those whose name and `provider/name` are both taken
 */
export async function ensureProviderGroups(
  act: Act,
  provider: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, ProviderGroup>> {
  const wanted = new Map(names.map(name => [nameKey(name), name]))
  const before = await find(act.tx, provider, [...wanted.keys()])
  if (before.size === wanted.size) return before
  await sql`select pg_advisory_xact_lock(${lock})`.execute(act.tx)
  const known = await find(act.tx, provider, [...wanted.keys()])
  for (const nameOf of [(name: string) => name, (name: string) => `${provider}/${name}`]) {
    const missing = [...wanted].filter(([key]) => !known.has(key)).map(([, name]) => name)
    for (const group of await insert(act, provider, missing, nameOf)) known.set(nameKey(group.providerName), group)
  }
  return known
}

async function find(tx: Tx, provider: string, keys: readonly string[]): Promise<Map<string, ProviderGroup>> {
  if (keys.length === 0) return new Map()
  const rows = await tx
    .selectFrom('people_group')
    .where('provider', '=', provider)
    .where(sql<boolean>`name_key(provider_name) = any(${keys})`)
    .select(['id', 'name', sql<string>`name_key(provider_name)`.as('key')])
    .execute()
  return new Map(rows.map(({ key, ...group }) => [key, group]))
}

async function insert(
  { tx, changed, audit }: Act,
  provider: string,
  names: readonly string[],
  nameOf: (name: string) => string,
): Promise<(ProviderGroup & { readonly providerName: string })[]> {
  if (names.length === 0) return []
  const { rows } = await sql<ProviderGroup & { providerName: string }>`
    insert into people_group (name, provider, provider_name)
    select name, ${provider}, provider_name
    from unnest(${names.map(nameOf)}::text[], ${names}::text[]) as wanted (name, provider_name)
    where char_length(name) <= 255
    on conflict do nothing returning id, name, provider_name as "providerName"`.execute(tx)
  for (const { id, name, providerName } of rows) {
    changed('group', id, { id, name }, cause)
    audit({
      action: 'CREATE',
      targetType: 'GROUP',
      targets: [groupTarget({ id, name })],
      payload: { type: 'GroupCreated', after: { name, provider, providerName } },
    })
  }
  return rows
}
