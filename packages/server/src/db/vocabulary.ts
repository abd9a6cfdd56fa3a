/** The names in use: what a policy's expression is held against to find slips. */
import { allUsers, type Vocabulary } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export async function loadVocabulary(db: Kysely<Database>): Promise<Vocabulary> {
  const groups = await db.selectFrom('people_group').select('name').execute()
  const users = await db.selectFrom('person').where('deleted_at', 'is', null).select('userid').execute()
  const { rows: attributes } = await sql<{ key: string; values: string[] }>`
    select key, array_agg(distinct value) as values
    from (select key, value from person_attribute union all select key, value from group_attribute) as held
    group by key`.execute(db)
  const tags = await db.selectFrom('tag').select('name').execute()
  return {
    groups: new Set([allUsers, ...groups.map(({ name }) => name)]),
    users: new Set(users.map(({ userid }) => userid)),
    attributes: new Map(attributes.map(({ key, values }) => [key, new Set(values)])),
    tags: new Set(tags.map(({ name }) => name)),
  }
}
