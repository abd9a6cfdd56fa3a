/** Which grants AWS has kept refusing for a while, summed up. */
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export interface Failing {
  readonly integration: number
  readonly name: string
  readonly state: 'createFailed' | 'revokeFailed'
  readonly count: number
  /** The most frequent, with the text of one of them. */
  readonly code: string
  readonly text: string
  /** Of the database, such as `2026-11-23`. */
  readonly day: string
}

/** For five minutes or more; by the index of failed rows, so that it costs what fails. */
export async function failingGrants(db: Kysely<Database>): Promise<Failing[]> {
  const { rows } = await sql<Failing>`
    select integration_id as integration, integration.name, state, count(*) as count,
      mode() within group (order by coalesce(error_code, 'unknown')) as code,
      left(max(coalesce(error_text, '')), 500) as text, current_date as day
    from ledger join integration on integration.id = integration_id
    where state in ('createFailed', 'revokeFailed')
      and coalesce(revoking_at, ledger.created_at) < now() - interval '5 minutes'
    group by integration_id, integration.name, state order by integration_id, state`.execute(db)
  return rows
}
