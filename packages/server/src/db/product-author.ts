/** Who put what into data products after others had been let in. */
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export interface Through {
  readonly membership: number
  readonly dataSource: number
}

/**
 * Of a data source that its product lists: who last put it in, if nobody else has decided on that for this member: it
 * was put in after the membership began, or a rule let them in; null: somebody decided. Of any other nothing.
 */
export async function authorsSince(
  db: Kysely<Database>,
  pairs: readonly Through[],
): Promise<(pair: Through) => number | null | undefined> {
  if (pairs.length === 0) return () => undefined
  const { rows } = await sql<Through & { readonly author: number | null }>`
    select distinct on (membership.id, given.source) membership.id as membership, given.source as "dataSource",
      case when listed.created_at > membership.since or ruled.id is not null then listed.created_by end as author
    from unnest(${pairs.map(pair => pair.membership)}::bigint[], ${pairs.map(pair => pair.dataSource)}::bigint[])
      given (membership, source)
    join membership on membership.id = given.membership
    join data_product on data_product.id = membership.product_id
      and data_product.definition -> 'dataSources' @> to_jsonb(given.source)
    join data_product_version listed on listed.product_id = membership.product_id
      and listed.definition -> 'dataSources' @> to_jsonb(given.source)
    left join data_product_version before on before.product_id = listed.product_id
      and before.version = listed.version - 1 and before.definition -> 'dataSources' @> to_jsonb(given.source)
    left join request ruled on ruled.id = membership.request_id and not exists (
      select from request_decision where request_id = ruled.id)
    where before.version is null
    order by membership.id, given.source, listed.version desc`.execute(db)
  const authors = new Map(rows.map(({ membership, dataSource, author }) => [`${membership} ${dataSource}`, author]))
  return ({ membership, dataSource }) => authors.get(`${membership} ${dataSource}`)
}
