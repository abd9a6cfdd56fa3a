/**
 * Data products as everybody finds them: the published ones, searched by words.
 *
 * Every word of the search begins a word of name, description or domain; or all of it stands in a tag of one of the data
 * sources, or in the name of the expert. Served by an index over the words, by tags, of which there are few, and by expert.
 */
import type { Instant, Level } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import { isLive } from './membership.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database, ProductDefinition } from './schema.ts'

type Reader = Kysely<Database>

export interface OfferedRow {
  readonly id: string
  readonly name: string
  readonly domain: string | null
  readonly state: 'published' | 'suspended'
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

/** By name. */
export async function listOffered(db: Reader, person: number, query: OfferQuery): Promise<Offered> {
  const matching = matched(db, person, query)
  // Counted once, for the total too.
  const counts = await matching
    .groupBy('data_product.domain')
    .select(['data_product.domain as name', sql<number>`count(*)`.as('products')])
    .orderBy('data_product.domain')
    .execute()
  const asked = counts.filter(({ name }) => query.domain === undefined || name === query.domain)
  const after = readCursor(query.cursor)
  const rows = await shown(matching)
    .$if(query.domain !== undefined, some => some.where('data_product.domain', '=', query.domain as string))
    .$if(after !== undefined, some => some.where('data_product.name', '>', after as string))
    .orderBy('data_product.name')
    .limit(query.limit + 1)
    .execute()
  const total = asked.reduce((sum, { products }) => sum + products, 0)
  const domains = counts.flatMap(({ name, products }) => (name === null ? [] : [{ name, products }]))
  return { ...toPage(rows, query.limit, total, row => row.name), domains }
}

export async function findOffered(db: Reader, id: string): Promise<OfferedRow | undefined> {
  return shown(offered(db).where('data_product.id', '=', id)).executeTakeFirst()
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

function matched(db: Reader, person: number, { search, level, mine }: OfferQuery) {
  const words = wordsOf(search ?? '')
  const whole = containing(search?.trim() ?? '')
  return offered(db)
    .$if(words.length > 0, some =>
      some.where(
        sql<boolean>`data_product.id in (
          select id from data_product where search @@ to_tsquery('simple', ${words.map(word => `'${word}':*`).join(' & ')})
          union all
          select product_id from data_product_source join data_source_tag using (data_source_id)
            where data_source_tag.tag in (select name from tag where name ilike ${whole})
          union all
          select id from data_product where (definition ->> 'expert')::bigint in (
            select id from person where deleted_at is null and (userid ilike ${whole} or name ilike ${whole})))`,
      ),
    )
    .$if(level !== undefined, some => some.where(sql<boolean>`${level} = any(data_product.levels)`))
    .$if(mine !== undefined, some =>
      some.where(sql<boolean>`${mine} = exists (select from membership
        where membership.product_id = data_product.id and membership.person_id = ${person} and ${isLive})`),
    )
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

function shown(query: ReturnType<typeof offered>) {
  return query
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
    .$narrowType<{ state: 'published' | 'suspended' }>()
}

function offered(db: Reader) {
  return db.selectFrom('data_product').where('data_product.state', 'in', ['published', 'suspended'])
}
