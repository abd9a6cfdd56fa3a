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
  const nameless = resources.filter(one => one.name === undefined && /^\d{1,15}$/.test(one.id))
  const found = await Promise.all(
    Object.entries(sources).map(async ([type, source]) => {
      const ids = [...new Set(nameless.filter(one => one.type === type).map(one => Number(one.id)))]
      if (ids.length === 0) return []
      const { rows } = await sql<{ id: number; name: string }>`
        select id, ${sql.ref(source.name)} as name from ${sql.table(source.table)} where id = any(${ids})`.execute(tx)
      return rows.map(({ id, name }) => [`${type}/${id}`, name] as const)
    }),
  )
  return Object.fromEntries(found.flat())
}

const sources = {
  USER: { table: 'person', name: 'userid' },
  GROUP: { table: 'people_group', name: 'name' },
  DATASOURCE: { table: 'data_source', name: 'name' },
  INTEGRATION: { table: 'integration', name: 'name' },
} as const
