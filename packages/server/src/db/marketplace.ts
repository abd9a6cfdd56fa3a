/**
 * Data products as everybody finds them: the published ones, searched by words; and the retired ones by whoever still has
 * something through them.
 *
 * Every word of the search begins a word of name, description or domain; or all of it stands in a tag of one of the data
 * sources, or in the name of the expert. Served by an index over the words, by tags, of which there are few, and by expert.
 */
import type { Instant, Level } from '@headgate/core'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isLive } from './membership.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database, ProductDefinition } from './schema.ts'

type Reader = Kysely<Database>

export interface OfferedRow {
  readonly id: string
  readonly name: string
  readonly domain: string | null
  readonly state: 'published' | 'suspended' | 'retired'
  readonly definition: ProductDefinition
  readonly dataSources: number
}

export interface OfferQuery extends PageQuery {
  readonly domain?: string | undefined
  readonly level?: Level | undefined
  readonly mine?: boolean | undefined
}

export interface Offered extends Page<OfferedRow> {
  /** How many of what the search finds lie in each domain, by name, whatever domain is asked for. */
  readonly domains: { readonly name: string; readonly products: number }[]
}

/** By name. What is found is gathered once, and of one page alone more than the name is read. */
export async function listOffered(db: Reader, person: number, query: OfferQuery): Promise<Offered> {
  const { domain, limit } = query
  const after = readCursor(query.cursor)
  const words = wordsOf(query.search ?? '')
  // Without words a page is a piece of the index by name.
  const once = words.length > 0 ? sql`materialized` : sql`not materialized`
  const { rows } = await sql<Found>`
    with found as ${once} (${found(person, query, words)})
    select
      array(
        select id from found
        where (${domain ?? null}::text is null or domain = ${domain ?? null})
          and (${after ?? null}::text is null or name > ${after ?? null})
        order by name limit ${limit + 1}) as ids,
      (select coalesce(jsonb_agg(jsonb_build_object('name', domain, 'products', products) order by domain), '[]')
        from (select domain, count(*) as products from found group by domain) counted) as counts`.execute(db)
  const { ids = [], counts = [] } = rows[0] ?? {}
  const page = await shown(db)
    .where('data_product.id', '=', sql<string>`any(${ids})`)
    .orderBy('data_product.name')
    .execute()
  // Counted once, for the total too.
  const asked = counts.filter(({ name }) => domain === undefined || name === domain)
  const total = asked.reduce((sum, { products }) => sum + products, 0)
  const domains = counts.flatMap(({ name, products }) => (name === null ? [] : [{ name, products }]))
  return { ...toPage(page, limit, total, row => row.name), domains }
}

interface Found {
  readonly ids: readonly string[]
  readonly counts: readonly { readonly name: string | null; readonly products: number }[]
}

export async function findOffered(db: Reader, person: number, id: string): Promise<OfferedRow | undefined> {
  return shown(db)
    .where('data_product.id', '=', id)
    .where(sql<boolean>`(${isOffered} or (state = 'retired' and ${isHeldBy(person)}))`)
    .executeTakeFirst()
}

/** What a person has through each of these products now: of several the one that lasts longest. */
export async function heldThrough(db: Reader, person: number, products: readonly string[]) {
  const rows = await db
    .selectFrom('membership')
    .where('person_id', '=', person)
    .where('product_id', '=', sql<string>`any(${products})`)
    .where(isLive)
    .groupBy(['product_id', 'level'])
    .select(['product_id', 'level'])
    .select(sql<Instant | null>`case when bool_or(until is null) then null else max(until) end`.as('until'))
    .orderBy('level')
    .execute()
  return Map.groupBy(rows, row => row.product_id)
}

/** The requests for a person that wait for a decision, of each of these products. */
export async function pendingFor(db: Reader, person: number, products: readonly string[]) {
  const rows = await db
    .selectFrom('request')
    .where('beneficiary_id', '=', person)
    .where('product_id', '=', sql<string>`any(${products})`)
    .where('state', '=', 'pending')
    .select(['product_id', 'id as request', 'level'])
    .orderBy('id')
    .execute()
  return Map.groupBy(rows, row => row.product_id)
}

/** What is in a product, by name: names, descriptions and tags, never where it lies. */
export async function contentsOf(db: Reader, ids: readonly number[]) {
  return db
    .selectFrom('data_source')
    .where('id', '=', sql<number>`any(${ids})`)
    .where('state', '<>', 'deleted')
    .select(['id', 'name', 'description', sql<boolean>`state <> 'active'`.as('disabled')])
    .select(
      sql<string[]>`array(select tag from data_source_tag where data_source_id = data_source.id order by tag)`.as(
        'tags',
      ),
    )
    .orderBy('name')
    .execute()
}

/** Id, name and domain of each. */
function found(person: number, { search, level, mine }: OfferQuery, words: readonly string[]): RawBuilder<unknown> {
  const held = isHeldBy(person)
  const which =
    mine === undefined
      ? isOffered
      : mine
        ? sql`data_product.state in ('published', 'suspended', 'retired') and ${held}`
        : sql`${isOffered} and not ${held}`
  const those = sql`
    select data_product.id, data_product.name, data_product.domain from data_product
    where ${which} and (${level ?? null}::text is null or ${level ?? null} = any(data_product.levels))`
  if (words.length === 0) return those
  const whole = containing(search?.trim() ?? '')
  return sql`
    ${those} and data_product.search @@ to_tsquery('simple', ${words.map(word => `'${word}':*`).join(' & ')})
    union
    ${those} and data_product.id in (
      select product_id from data_product_source join data_source_tag using (data_source_id)
      where data_source_tag.tag in (select name from tag where name ilike ${whole}))
    union
    ${those} and exists (
      select from person where person.id = (data_product.definition ->> 'expert')::bigint
        and deleted_at is null and (userid ilike ${whole} or person.name ilike ${whole}))`
}

/** Of letters and digits: what a text search takes for operators is left out. */
function wordsOf(search: string): string[] {
  return (
    search
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{M}]+/gu)
      ?.slice(0, 20) ?? []
  )
}

function shown(db: Reader) {
  return db
    .selectFrom('data_product')
    .select([
      'data_product.id',
      'data_product.name',
      'data_product.domain',
      'data_product.state',
      'data_product.definition',
    ])
    .select(
      sql<number>`(select count(*) from data_product_source where product_id = data_product.id)`.as('dataSources'),
    )
    .$narrowType<{ state: OfferedRow['state'] }>()
}

/** As the index says it that holds them. */
const isOffered = sql`data_product.state in ('published', 'suspended')`

/** Whether they have anything through it now. */
function isHeldBy(person: number): RawBuilder<unknown> {
  return sql`data_product.id in (select product_id from membership where membership.person_id = ${person} and ${isLive})`
}
