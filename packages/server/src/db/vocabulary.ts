/**
 * Which of the names that policies mention are in use, and what else they may have meant.
 *
 * Never the whole directory: with a million values that would take seconds for every answer.
 */
import { allUsers, selfAndParents, type Vocabulary } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export interface Names {
  readonly groups: ReadonlySet<string>
  readonly users: ReadonlySet<string>
  /** Under each key, perhaps none. */
  readonly values: ReadonlyMap<string, ReadonlySet<string>>
  readonly tags: ReadonlySet<string>
}

/**
 * As far as these names are concerned: those of them in use and, with `near`, names that the others may have meant. A
 * key that anybody holds has at least one value.
 */
export async function loadVocabulary(
  db: Kysely<Database>,
  names: Names,
  { near }: { readonly near: boolean },
): Promise<Vocabulary> {
  const inUse = (source: Source, wanted: ReadonlySet<string>) => lookUp(db, source, wanted, near)
  const groups = await inUse(groupNames, names.groups)
  const keys = await inUse(attributeKeys, new Set(names.values.keys()))
  const attributes = new Map<string, Set<string>>()
  for (const key of keys) {
    const wanted = names.values.get(key) ?? none
    const values = await inUse(valuesUnder(key), new Set([...wanted].flatMap(selfAndParents)))
    // Whatever it is, somebody holds it.
    attributes.set(key, values.size > 0 ? values : new Set(['']))
  }
  return {
    groups: groups.add(allUsers),
    users: await inUse(userNames, names.users),
    attributes,
    tags: await inUse(tagNames, names.tags),
  }
}

const none: ReadonlySet<string> = new Set()

/** The most names that are compared with a name that nobody has. */
const mostNear = 2000

/** SQL for a set of names, as the column `name`; no two alike. */
export type Source = ReturnType<typeof sql<{ name: string }>>

export const groupNames: Source = sql`select name from people_group`
export const userNames: Source = sql`select userid as name from person where deleted_at is null`
export const tagNames: Source = sql`select name from tag`

/** From one key to the next through the index: the keys are few and those who hold them many. */
const keysOf = (table: 'person_attribute' | 'group_attribute') => sql`(
  with recursive held as (
    (select key from ${sql.table(table)} order by key limit 1)
    union all
    select (select next.key from ${sql.table(table)} as next where next.key > held.key order by next.key limit 1)
    from held where held.key is not null
  )
  select key as name from held where key is not null
)`
export const attributeKeys: Source = sql`${keysOf('person_attribute')} union ${keysOf('group_attribute')}`

const valuesUnder = (key: string): Source => sql`
  select value as name from person_attribute where key = ${key}
  union select value from group_attribute where key = ${key}`

async function lookUp(
  db: Kysely<Database>,
  source: Source,
  wanted: ReadonlySet<string>,
  near: boolean,
): Promise<Set<string>> {
  if (wanted.size === 0) return new Set()
  const { rows } = await sql<{ name: string }>`
    select name from (${source}) as source where name = any(${[...wanted]})`.execute(db)
  const found = new Set(rows.map(({ name }) => name))
  const missing = [...wanted].filter(name => !found.has(name))
  if (!near || missing.length === 0) return found
  // A slip changes a third of the letters at most.
  const lengths = missing.map(name => name.length)
  const [least, most] = [Math.min(...lengths) * (2 / 3) - 1, Math.max(...lengths) * (4 / 3) + 1]
  const { rows: others } = await sql<{ name: string }>`
    select name from (${source}) as source
    where char_length(name) between ${Math.floor(least)}::int and ${Math.ceil(most)}::int
    limit ${mostNear}`.execute(db)
  for (const { name } of others) found.add(name)
  return found
}
