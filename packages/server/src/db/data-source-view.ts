/** Data sources as the API lists and shows them: with their tags, owners and health. */
import { printScope } from '@headgate/core'
import type { api, DataSource, Health } from '@headgate/core/api'
import { sql } from 'kysely'
import type { z } from 'zod'
import { type DataSourceRow, living, type Reader } from './data-source.ts'
import { findFailures, healthOf, presentHealth } from './data-source-health.ts'
import { findOwners } from './data-source-owner.ts'
import { sourcesOf } from './domain.ts'
import { type Keys, orderOf } from './order.ts'
import { containing, type Page, type PageQuery } from './page.ts'
import { productTagsOf, sourcesWithProductTag } from './tagged-source.ts'

export interface DataSourceQuery extends PageQuery {
  readonly sort: z.output<typeof api.dataSources.list.query>['sort']
  readonly tag?: string | undefined
  readonly domain?: string | undefined
  /** Of the domain: not those that are in it by tag alone. */
  readonly byHand?: boolean | undefined
  readonly integrationId?: number | undefined
  readonly state?: 'active' | 'disabled' | undefined
  readonly health?: Health['status'] | undefined
}

const byName = { by: sql`name`, type: 'text' } as const
const keys: Keys<'name' | 'scope' | 'createdAt'> = {
  own: byName,
  named: {
    name: byName,
    scope: { by: sql`bucket || '/' || key`, type: 'text' },
    // Given in the order in which they come.
    createdAt: { by: sql`id`, type: 'bigint' },
  },
}

/** The search looks at name, description and scope. `only` narrows to some ids, `except` leaves some out. */
export async function listDataSources(
  db: Reader,
  query: DataSourceQuery,
  { only, except = [] }: { readonly only?: readonly number[] | undefined; readonly except?: readonly number[] } = {},
): Promise<Page<DataSource>> {
  const { tag, domain, byHand = false, integrationId, state, health } = query
  const matching = matchSearch(db, query.search)
    .$if(only !== undefined, chosen => chosen.where('id', '=', sql<number>`any(${only})`))
    .$if(except.length > 0, chosen => chosen.where('id', '<>', sql<number>`all(${except})`))
    .$if(tag !== undefined, chosen => chosen.where(carries(tag as string)))
    .$if(integrationId !== undefined, chosen => chosen.where('integration_id', '=', integrationId as number))
    .$if(state !== undefined, chosen => chosen.where('state', '=', state as 'active'))
    .$if(health !== undefined, chosen => chosen.where(healthOf, '=', health as Health['status']))
    .$if(domain !== undefined, chosen => chosen.where(isIn(domain as string, byHand)))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const order = orderOf(keys, query)
  const rows = await matching
    .where(order.isNext)
    .selectAll()
    .select(order.place)
    .orderBy(order.by)
    .limit(query.limit + 1)
    .execute()
  const page = order.page(rows, total)
  return { ...page, items: await presentDataSources(db, page.items) }
}

function matchSearch(db: Reader, search: string | undefined) {
  if (search === undefined || search === '') return living(db)
  const pattern = containing(search)
  const scope = sql<string>`'s3://' || bucket || '/' || key || case kind when 'object' then '' else '*' end`
  return living(db).where(({ or, eb }) =>
    or([eb('name', 'ilike', pattern), eb('description', 'ilike', pattern), eb(scope, 'ilike', pattern)]),
  )
}

function isIn(domain: string, byHand: boolean) {
  const sources = byHand
    ? sql`select data_source_id from data_source_domain where data_source_domain.domain = ${domain}`
    : sourcesOf(sql`${domain}`)
  return sql<boolean>`data_source.id in (${sources})`
}

/** The tag itself or one below it: `/` is the character after the dot. */
function carries(tag: string) {
  const ofProducts = sourcesWithProductTag(tag)
  if (ofProducts) return sql<boolean>`data_source.id in (${ofProducts})`
  return sql<boolean>`data_source.id in (select data_source_id from data_source_tag
    where tag = ${tag} or (tag > ${`${tag}.`} and tag < ${`${tag}/`}))`
}

export async function presentDataSources(db: Reader, rows: readonly DataSourceRow[]): Promise<DataSource[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const tags = await db
    .selectFrom('data_source_tag')
    .selectAll()
    .where('data_source_id', '=', sql<number>`any(${ids})`)
    .orderBy('tag')
    .execute()
  const tagsOf = Map.groupBy(tags, row => row.data_source_id)
  const ofProducts = await productTagsOf(db, ids)
  const ownersOf = await findOwners(db, ids)
  const failuresOf = await findFailures(db, ids)
  return rows.map(row => ({
    id: row.id,
    name: row.name,
    description: row.description,
    integrationId: String(row.integration_id),
    prefix: row.prefix,
    scope: printScope(row),
    kind: row.kind,
    tags: [...(tagsOf.get(row.id) ?? []).map(({ tag }) => tag), ...ofProducts(row.id)],
    ...ownersOf(row.id),
    state: row.state === 'active' ? 'active' : 'disabled',
    health: presentHealth(row, failuresOf.get(row.id)),
    createdAt: new Date(row.created_at).toISOString(),
  }))
}
