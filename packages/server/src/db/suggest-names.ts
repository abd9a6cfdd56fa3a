/**
 * Names in use that begin with, or contain, what somebody has typed of one: for editors of policies.
 *
 * Never the whole directory: values are walked through their index, and no further than `mostWalked` of them.
 */
import { type Kysely, sql } from 'kysely'
import { containing } from './page.ts'
import type { Database } from './schema.ts'
import { attributeKeys, groupNames, type Source, tagNames, userNames } from './vocabulary.ts'

interface Wanted {
  readonly kind: 'group' | 'user' | 'tag' | 'key' | 'value'
  /** Of values; nothing otherwise. */
  readonly key: string
  /** Case does not matter, but for values beyond the first `mostWalked`. */
  readonly search: string
  readonly limit: number
}

/** Different values under a key among which a part is sought; the beginning is sought among all. */
const mostWalked = 1000

/** Those that begin with it first, each by name; no two alike. */
export async function suggestNames(db: Kysely<Database>, wanted: Wanted): Promise<string[]> {
  const { search, limit } = wanted
  const { rows } = await sql<{ name: string }>`
    select name from (${sourceOf(wanted)}) as source where name ilike ${containing(search)}
    order by lower(left(name, char_length(${search}::text))) <> lower(${search}), name
    limit ${limit}`.execute(db)
  return rows.map(({ name }) => name)
}

function sourceOf({ kind, key, search }: Wanted): Source {
  switch (kind) {
    case 'group':
      return groupNames
    case 'user':
      return userNames
    case 'tag':
      return tagNames
    case 'key':
      return attributeKeys
    case 'value':
      return sql`
        ${valuesFrom('person_attribute', key, search)} union ${valuesFrom('group_attribute', key, search)}
        union ${valuesFrom('person_attribute', key, '')} union ${valuesFrom('group_attribute', key, '')}`
  }
}

/** From one value to the next through the index: many people hold the same one. */
function valuesFrom(table: 'person_attribute' | 'group_attribute', key: string, from: string) {
  return sql`(
    with recursive held as (
      (select value from ${sql.table(table)} where key = ${key} and value >= ${from} order by value limit 1)
      union all
      select (
        select next.value from ${sql.table(table)} as next
        where next.key = ${key} and next.value > held.value order by next.value limit 1
      )
      from held where held.value is not null
    )
    select value as name from held where value is not null limit ${mostWalked}
  )`
}
