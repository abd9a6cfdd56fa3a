/** People, groups and what is known of them, as rows of text: in batches, each as of its moment, in an order that stays. */
import { allUsers } from '@headgate/core/policy'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
type Batches = AsyncGenerator<readonly (readonly string[])[]>

const batchSize = 5000

export function peopleRows(db: Reader): Batches {
  return batches(
    db,
    after => sql`
      select array[userid, name, coalesce(email, ''), kind, disabled_locally::text, coalesce(provider, '')] as row,
        array[userid] as key
      from person where deleted_at is null and (${after}::text[] is null or userid > (${after}::text[])[1])
      order by userid limit ${batchSize}`,
  )
}

/** Without the group that is built in. */
export function groupRows(db: Reader): Batches {
  return batches(
    db,
    after => sql`
      select array[name, description, coalesce(provider, '')] as row, array[name] as key
      from people_group where name <> ${allUsers} and (${after}::text[] is null or name > (${after}::text[])[1])
      order by name limit ${batchSize}`,
  )
}

/** By ids, which are what the index has; the names are for people. */
export function membershipRows(db: Reader): Batches {
  return batches(
    db,
    after => sql`
      select array[people_group.name, userid, source] as row, array[group_id::text, person_id::text, source] as key
      from group_member join people_group on people_group.id = group_id join person on person.id = person_id
      where ${after}::text[] is null or (group_id, person_id, source) >
        ((${after}::text[])[1]::bigint, (${after}::text[])[2]::bigint, (${after}::text[])[3])
      order by group_id, person_id, source limit ${batchSize}`,
  )
}

export async function* attributeRows(db: Reader): Batches {
  for (const [table, id, named] of [
    ['group_attribute', 'group_id', sql`array['', people_group.name]`],
    ['person_attribute', 'person_id', sql`array[userid, '']`],
  ] as const) {
    const join =
      table === 'group_attribute'
        ? sql`join people_group on people_group.id = group_id`
        : sql`join person on person.id = person_id`
    const ref = sql.ref(id)
    yield* batches(
      db,
      after => sql`
        select ${named} || array[key, value, source] as row, array[${ref}::text, key, value, source] as key
        from ${sql.table(table)} ${join}
        where ${after}::text[] is null or (${ref}, key, value, source) >
          ((${after}::text[])[1]::bigint, (${after}::text[])[2], (${after}::text[])[3], (${after}::text[])[4])
        order by ${ref}, ${sql.ref(`${table}.key`)}, value, source limit ${batchSize}`,
    )
  }
}

export function principalRows(db: Reader): Batches {
  return batches(
    db,
    after => sql`
      select array[userid, principal.kind, identifier, coalesce(integration.name, ''), source] as row,
        array[principal.id::text] as key
      from principal join person on person.id = person_id left join integration on integration.id = integration_id
      where ${after}::text[] is null or principal.id > (${after}::text[])[1]::bigint
      order by principal.id limit ${batchSize}`,
  )
}

/** Each begins after the key of the last row of the one before. */
async function* batches(db: Reader, select: (after: readonly string[] | null) => RawBuilder<unknown>): Batches {
  for (let after: readonly string[] | null = null; ; ) {
    const result = await select(after).execute(db)
    const rows = result.rows as { readonly row: readonly string[]; readonly key: readonly string[] }[]
    yield rows.map(({ row }) => row)
    const last = rows.at(-1)
    if (!last || rows.length < batchSize) return
    after = last.key
  }
}
