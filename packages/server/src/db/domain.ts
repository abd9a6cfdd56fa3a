/**
 * Domains as rows: named sets of data sources. A name never changes, since policies go by it; a domain that anything
 * names stays. Who has which right in one: `domain-right.ts`.
 */
import { type Domain, type DomainDetail, Problem } from '@headgate/core/api'
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import type { Act, AuditTarget, Tx } from './act.ts'
import { type DataSourceRow, dataSourceTarget } from './data-source.ts'
import { missingTags } from './data-source-tag.ts'
import { listRights, type RightsByDomain } from './domain-right.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type DomainRow = Selectable<Database['domain']>

/** By name; the search looks at name and description. `only` narrows to some names; `mine` are the caller's rights. */
export async function listDomains(
  db: Reader,
  query: PageQuery,
  { mine, only }: { readonly mine: RightsByDomain; readonly only?: readonly string[] | undefined },
): Promise<Page<Domain>> {
  const pattern = containing(query.search ?? '')
  const matching = db
    .selectFrom('domain')
    .where(({ or, eb }) => or([eb('name', 'ilike', pattern), eb('description', 'ilike', pattern)]))
    .$if(only !== undefined, chosen => chosen.where('name', '=', sql<string>`any(${only})`))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await matching
    .$if(after !== undefined, chosen => chosen.where('name', '>', after as string))
    .select(columns)
    .orderBy('name')
    .limit(query.limit + 1)
    .execute()
  const page = toPage(rows, query.limit, total, row => row.name)
  return { ...page, items: page.items.map(row => toDomain(row, mine)) }
}

/** Throws Problem `domain-not-found`. */
export async function getDomain(db: Reader, name: string, mine: RightsByDomain): Promise<DomainDetail> {
  const row = await db
    .selectFrom('domain')
    .where('name', '=', name)
    .select(columns)
    .select(sql<number>`(select count(*) from data_source_domain where domain = domain.name)`.as('by_hand'))
    .executeTakeFirst()
  if (!row) throw new Problem('domain-not-found', { name })
  return { ...toDomain(row, mine), dataSourcesByHand: row.by_hand, rights: await listRights(db, name) }
}

export interface DomainContent {
  readonly name: string
  readonly description: string
  readonly tags: readonly string[]
}

/** Throws Problem `domain-exists`, `tag-not-found`. */
export async function insertDomain(act: Act, { name, description, tags }: DomainContent): Promise<void> {
  const { tx, changed, audit } = act
  const made = await tx
    .insertInto('domain')
    .values({ name, description })
    .onConflict(conflict => conflict.doNothing())
    .returning('name')
    .executeTakeFirst()
  if (!made) throw new Problem('domain-exists', { name })
  const kept = await replaceTags(tx, name, tags)
  changed('domain', name, { name, tags: kept }, 'domain-created')
  audit({
    action: 'CREATE',
    targetType: 'DOMAIN',
    targets: [domainTarget(name)],
    payload: { type: 'DomainCreated', after: { description, tags: kept } },
  })
}

/** The row, and nobody else changes it until the transaction ends. Throws Problem `domain-not-found`. */
export async function lockDomain(tx: Tx, name: string): Promise<DomainRow> {
  const row = await tx.selectFrom('domain').selectAll().where('name', '=', name).forUpdate().executeTakeFirst()
  if (!row) throw new Problem('domain-not-found', { name })
  return row
}

/** Those that do not exist. */
export async function missingDomains(db: Reader, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return []
  const rows = await named(db, names).execute()
  return without(names, rows)
}

/** Those that do not exist; the others cannot be deleted before commit. */
export async function holdDomains(tx: Tx, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return []
  const rows = await named(tx, names).orderBy('name').forKeyShare().execute()
  return without(names, rows)
}

function named(db: Reader, names: readonly string[]) {
  return db.selectFrom('domain').where('name', '=', sql<string>`any(${names})`).select('name')
}

function without(names: readonly string[], rows: readonly { readonly name: string }[]): string[] {
  const known = new Set(rows.map(({ name }) => name))
  return names.filter(name => !known.has(name))
}

/** Nothing where it is so already. The row must be locked. Throws Problem `tag-not-found`. */
export async function editDomain(
  { tx, changed, audit }: Act,
  { name, description }: DomainRow,
  wanted: { readonly description?: string | undefined; readonly tags?: readonly string[] | undefined },
): Promise<void> {
  const before = { description, tags: await tagsOf(tx, name) }
  const after = { description: wanted.description ?? description, tags: before.tags }
  if (wanted.tags) after.tags = await replaceTags(tx, name, wanted.tags)
  if (after.description !== description) {
    await tx.updateTable('domain').set({ description: after.description }).where('name', '=', name).execute()
  }
  const isOther = after.tags.join('\n') !== before.tags.join('\n')
  if (isOther) changed('domain', name, { name, tags: after.tags }, 'domain-tags-changed')
  if (!isOther && after.description === description) return
  audit({
    action: 'UPDATE',
    targetType: 'DOMAIN',
    targets: [domainTarget(name)],
    payload: { type: 'DomainEdited', before, after },
  })
}

/** With the rights in it. The row must be locked. Throws Problem `domain-in-use`. */
export async function removeDomain({ tx, changed, audit }: Act, { name, description }: DomainRow): Promise<void> {
  await refuseInUse(tx, name)
  // Deleted data products keep it in their versions.
  await tx.updateTable('data_product').set({ domain: null }).where('domain', '=', name).execute()
  const before = { description, tags: await tagsOf(tx, name), rights: await listRights(tx, name) }
  await tx.deleteFrom('domain').where('name', '=', name).execute()
  changed('domain', name, null, 'domain-deleted')
  audit({
    action: 'DELETE',
    targetType: 'DOMAIN',
    targets: [domainTarget(name)],
    payload: { type: 'DomainDeleted', before },
  })
}

/** By hand; nothing where it was already. Domain and data source must be locked. */
export async function putIntoDomain({ tx, changed, audit }: Act, domain: string, row: DataSourceRow): Promise<void> {
  const added = await tx
    .insertInto('data_source_domain')
    .values({ data_source_id: row.id, domain })
    .onConflict(conflict => conflict.doNothing())
    .returning('domain')
    .executeTakeFirst()
  if (!added) return
  changed('dataSourceDomain', `${row.id}/${domain}`, { dataSource: row.id, domain }, 'domain-joined')
  audit({
    action: 'UPDATE',
    targetType: 'DOMAIN',
    targets: [domainTarget(domain)],
    relatedResources: [dataSourceTarget(row)],
    payload: { type: 'DomainDataSourceAdded' },
  })
}

/** Nothing where it was not put in by hand. Domain and data source must be locked. */
export async function takeOutOfDomain({ tx, changed, audit }: Act, domain: string, row: DataSourceRow): Promise<void> {
  const removed = await tx
    .deleteFrom('data_source_domain')
    .where('data_source_id', '=', row.id)
    .where('domain', '=', domain)
    .returning('domain')
    .executeTakeFirst()
  if (!removed) return
  changed('dataSourceDomain', `${row.id}/${domain}`, null, 'domain-left')
  audit({
    action: 'UPDATE',
    targetType: 'DOMAIN',
    targets: [domainTarget(domain)],
    relatedResources: [dataSourceTarget(row)],
    payload: { type: 'DomainDataSourceRemoved' },
  })
}

/** For good, with the data source; what it was in. The data source must be locked. */
export async function leaveAllDomains({ tx, changed }: Act, dataSource: number, cause: string): Promise<string[]> {
  const rows = await tx
    .deleteFrom('data_source_domain')
    .where('data_source_id', '=', dataSource)
    .returning('domain')
    .execute()
  for (const { domain } of rows) changed('dataSourceDomain', `${dataSource}/${domain}`, null, cause)
  return rows.map(({ domain }) => domain)
}

/** The data sources in any of these domains, by hand or by tag, deleted ones apart. */
export async function sourcesInDomains(db: Reader, names: readonly string[]): Promise<number[]> {
  if (names.length === 0) return []
  const { rows } = await sql<{ id: number }>`${sourcesOf(sql`any(${names})`)}`.execute(db)
  return rows.map(({ id }) => id)
}

/** By hand or by tag. */
export async function isInAnyDomain(db: Reader, dataSource: number, names: readonly string[]): Promise<boolean> {
  const { rows } = await sql`
    select from data_source_domain where data_source_id = ${dataSource} and domain = any(${names})
    union all select from data_source_tag
      join domain_tag on domain_tag.domain = any(${names})
        and (data_source_tag.tag = domain_tag.tag or starts_with(data_source_tag.tag, domain_tag.tag || '.'))
      where data_source_id = ${dataSource}
    limit 1`.execute(db)
  return rows.length > 0
}

/** The ids of those in a domain, as a query. Tags go through the catalogue, whose byte order makes children a range. */
export function sourcesOf(domain: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select id from data_source where state <> 'deleted' and id in (
      select data_source_id from data_source_domain where data_source_domain.domain = ${domain}
      union
      select data_source_id from domain_tag
        join tag on tag.name = domain_tag.tag or (tag.name > domain_tag.tag || '.' and tag.name < domain_tag.tag || '/')
        join data_source_tag on data_source_tag.tag = tag.name
        where domain_tag.domain = ${domain})`
}

export function domainTarget(name: string): AuditTarget {
  return { type: 'DOMAIN', id: name, name }
}

/** Policies by their reach or a condition; archived ones too, since they can come back. */
function policiesNaming(domain: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select id, name from policy where state <> 'deleted' and (policy.domain = ${domain} or jsonb_path_exists(
      definition, '$.appliesTo.*[*] ? (@.domain == $name)', jsonb_build_object('name', ${domain})))`
}

async function refuseInUse(tx: Tx, name: string): Promise<void> {
  const value = sql`${name}::text`
  const { rows: policies } = await sql<{
    id: number
    name: string
  }>`${policiesNaming(value)} order by name`.execute(tx)
  const { by_hand: byHand } = await tx
    .selectFrom('data_source_domain')
    .where('domain', '=', name)
    .select(sql<number>`count(*)`.as('by_hand'))
    .executeTakeFirstOrThrow()
  const products = await tx
    .selectFrom('data_product')
    .where('domain', '=', name)
    .where('state', '<>', 'deleted')
    .select(['id', 'name'])
    .orderBy('name')
    .execute()
  if (policies.length === 0 && products.length === 0 && byHand === 0) return
  const named = [...naming('policy', 'policies', policies), ...naming('data product', 'data products', products)]
  if (byHand > 0) named.push(`${byHand} data source${byHand === 1 ? '' : 's'} put into it by hand`)
  throw new Problem('domain-in-use', {
    name,
    uses: named.join(', '),
    policies: policies.slice(0, 100),
    dataProducts: products.slice(0, 100),
    dataSources: byHand,
  })
}

/** Some by name, the others by number. */
function naming(one: string, many: string, all: readonly { readonly name: string }[]): string[] {
  const named = all.slice(0, 5).map(({ name }) => `${one} \`${name}\``)
  return all.length > named.length ? [...named, `${all.length - named.length} more ${many}`] : named
}

/** @returns them sorted, each once; throws Problem `tag-not-found` */
async function replaceTags(tx: Tx, domain: string, wanted: readonly string[]): Promise<string[]> {
  const [missing] = await missingTags(tx, wanted)
  if (missing !== undefined) throw new Problem('tag-not-found', { name: missing })
  await tx.deleteFrom('domain_tag').where('domain', '=', domain).execute()
  const rows = [...new Set(wanted)].map(tag => ({ domain, tag }))
  if (rows.length > 0) await tx.insertInto('domain_tag').values(rows).execute()
  return tagsOf(tx, domain)
}

async function tagsOf(tx: Tx, domain: string): Promise<string[]> {
  const rows = await tx.selectFrom('domain_tag').where('domain', '=', domain).select('tag').orderBy('tag').execute()
  return rows.map(({ tag }) => tag)
}

const thisDomain = sql`domain.name`
const columns = [
  'name' as const,
  'description' as const,
  'created_at' as const,
  sql<string[]>`array(select tag from domain_tag where domain_tag.domain = domain.name order by tag)`.as('tags'),
  sql<number>`(select count(*) from (${sourcesOf(thisDomain)}) as sources)`.as('sources'),
  sql<number>`(select count(*) from (${policiesNaming(thisDomain)}) as policies)`.as('policies'),
]

interface ListedRow extends DomainRow {
  readonly tags: string[]
  readonly sources: number
  readonly policies: number
}

function toDomain({ name, description, tags, sources, policies, created_at }: ListedRow, mine: RightsByDomain): Domain {
  return {
    name,
    description,
    tags,
    dataSources: sources,
    policies,
    mine: [...(mine.get(name) ?? [])],
    createdAt: new Date(created_at).toISOString(),
  }
}
