/** What is shown beside a data product: the names of what it speaks of, and how many people have access through it. */
import { type Kysely, sql } from 'kysely'
import type { Tx } from './act.ts'
import { isLive } from './membership.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface NamedThing {
  readonly id: number
  readonly name: string
}

/** Those of them that are there, by name. */
export async function livingSources(db: Reader, ids: readonly number[]): Promise<NamedThing[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('data_source')
    .where('id', '=', sql<number>`any(${ids})`)
    .where('state', '<>', 'deleted')
    .select(['id', 'name'])
    .orderBy('name')
    .execute()
}

/** The same by id; none of them is deleted before commit. */
export async function holdSources(tx: Tx, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom('data_source')
    .where('id', '=', sql<number>`any(${ids})`)
    .where('state', '<>', 'deleted')
    .select('id')
    .orderBy('id')
    .forShare()
    .execute()
  return rows.map(({ id }) => id)
}

/** By name; those that are not there are left out. */
export async function idsOfSources(db: Reader, names: readonly string[]): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('data_source')
    .where('name', '=', sql<string>`any(${names})`)
    .where('state', '<>', 'deleted')
    .select(['id', 'name'])
    .execute()
  return new Map(rows.map(({ id, name }) => [name, id]))
}

/** How many people each of them lets in now. */
export async function memberCounts(db: Reader, products: readonly string[]): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('membership')
    .where('product_id', '=', sql<string>`any(${products})`)
    .where(isLive)
    .groupBy('product_id')
    .select(['product_id', sql<number>`count(distinct person_id)`.as('people')])
    .execute()
  return new Map(rows.map(row => [row.product_id, row.people]))
}

/** By id, e.g. of forms and review flows. Without an id: the one that is built in. */
export async function templateNames(db: Reader, kind: 'form' | 'flow'): Promise<(id: number | null) => NamedThing> {
  const rows = await db.selectFrom('template').where('kind', '=', kind).select(['id', 'name', 'built_in']).execute()
  const byId = new Map(rows.map(row => [row.id, row]))
  const builtIn = rows.find(row => row.built_in)
  return id => {
    const row = id === null ? builtIn : byId.get(id)
    return { id: row?.id ?? id ?? 0, name: row?.name ?? '' }
  }
}

export interface ProductMember {
  readonly id: number
  readonly person: number
  readonly userid: string
  readonly name: string
  readonly level: 'READ' | 'WRITE'
  readonly since: number
  readonly until: number | null
  readonly request: number | null
}

/** Whether those who manage data products in these domains come across somebody there: by a right, a product or a request. */
export async function isShownIn(db: Reader, person: number, domains: readonly string[]): Promise<boolean> {
  if (domains.length === 0) return false
  const { rows } = await sql`
    select from domain_right where domain = any(${domains}::text[]) and person_id = ${person}
    union all select from data_product product
      where domain = any(${domains}::text[]) and state <> 'deleted' and (
        (definition ->> 'expert')::bigint = ${person}
        or exists (select from membership where product_id = product.id and person_id = ${person})
        or exists (select from request where product_id = product.id and ${person} in (requester_id, beneficiary_id)))
    limit 1`.execute(db)
  return rows.length > 0
}

/** Who has access now, by user name; the search looks at user name and name. */
export async function membersOfProduct(
  db: Reader,
  product: string,
  { search, cursor, limit }: PageQuery,
): Promise<Page<ProductMember>> {
  const pattern = containing(search ?? '')
  const matching = db
    .selectFrom('membership')
    .innerJoin('person', 'person.id', 'membership.person_id')
    .where('product_id', '=', product)
    .where(isLive)
    .where(({ or, eb }) => or([eb('person.userid', 'ilike', pattern), eb('person.name', 'ilike', pattern)]))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const key = sql<string>`(person.userid || ' ' || lpad(membership.id::text, 16, '0')) collate "C"`
  const after = readCursor(cursor)
  const rows = await matching
    .$if(after !== undefined, some => some.where(key, '>', after as string))
    .select(['membership.id', 'membership.person_id as person', 'person.userid', 'person.name', 'membership.level'])
    .select(['membership.since', 'membership.until', 'membership.request_id as request', key.as('key')])
    .orderBy(key)
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, total, row => row.key)
}

/** Of a form or review flow by its name. */
export async function idOfTemplate(db: Reader, kind: 'form' | 'flow', name: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('template')
    .where('kind', '=', kind)
    .where('name', '=', name)
    .where('deleted_at', 'is', null)
    .select('id')
    .executeTakeFirst()
  return row?.id
}
