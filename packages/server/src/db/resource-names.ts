/** What things are called today, of which an event says the id alone: those that were deleted, too. */
import { sql } from 'kysely'
import type { Tx } from './act.ts'

interface Named {
  readonly type: string
  readonly id: string
  readonly name?: string | undefined
}

/** By `TYPE/id`; what already has its name, what is unknown and what has none is left out. */
export async function namesOf(tx: Tx, resources: readonly Named[]): Promise<Record<string, string>> {
  const nameless = resources.filter(one => one.name === undefined)
  const found = await Promise.all(
    Object.entries(sources).map(async ([type, source]) => {
      const ids = new Set(nameless.filter(one => one.type === type && source.id.test(one.id)).map(({ id }) => id))
      if (ids.size === 0) return []
      const { rows } = await sql<{ id: number | string; name: string }>`
        select id, ${sql.ref(source.name)} as name from ${sql.table(source.table)} where id = any(${[...ids]})
          and ${sql.ref(source.name)} is not null`.execute(tx)
      return rows.map(({ id, name }) => [`${type}/${id}`, name] as const)
    }),
  )
  return Object.fromEntries(found.flat())
}

const numbered = /^\d{1,15}$/

const sources = {
  USER: { table: 'person', id: numbered, name: 'userid' },
  GROUP: { table: 'people_group', id: numbered, name: 'name' },
  DATASOURCE: { table: 'data_source', id: numbered, name: 'name' },
  INTEGRATION: { table: 'integration', id: numbered, name: 'name' },
  DATA_PRODUCT: { table: 'data_product', id: /^[a-z0-9]+$/, name: 'name' },
} as const
