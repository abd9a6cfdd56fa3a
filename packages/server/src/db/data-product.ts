/**
 * Data products as rows: the current one of each, and every version that it ever had.
 *
 * What they do to facts is said elsewhere (`market/tagged-sources.ts`): what is written here alone changes nobody's
 * access. A deleted one stays, for its history.
 */
import { lookAlike } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import type { Act, AuditTarget, Tx } from './act.ts'
import { type Keys, orderOf } from './order.ts'
import { containing, type Page, type PageQuery, readCursor, readNumber, toPage } from './page.ts'
import type { Database, ProductDefinition, ProductState } from './schema.ts'

type Reader = Kysely<Database>
type LivingState = Exclude<ProductState, 'deleted'>

export interface ProductRow {
  readonly id: string
  readonly key: string | null
  readonly version: number
  readonly state: LivingState
  readonly name: string
  readonly domain: string | null
  readonly definition: ProductDefinition
  readonly form_id: number | null
  readonly review_flow_id: number | null
  readonly created_at: number
  readonly updated_at: number
  readonly creator: string | null
}

/** What a version says. */
export interface StoredContent {
  readonly name: string
  readonly domain: string | null
  readonly definition: ProductDefinition
  readonly form: number | null
  readonly reviewFlow: number | null
}

export type ProductChange = Selectable<Database['data_product_version']>['change']

/** Throws Problem `data-product-not-found`. */
export async function findProduct(db: Reader, id: string): Promise<ProductRow> {
  const row = await living(db).where('data_product.id', '=', id).executeTakeFirst()
  return row ?? missing(id)
}

export async function versionOfProduct(tx: Tx, id: string): Promise<number | undefined> {
  return (await living(tx).where('data_product.id', '=', id).executeTakeFirst())?.version
}

const keyLock = 0x4b65_7973 // "Keys"

/** The one of that key; nobody else makes one until commit. */
export async function claimKey(tx: Tx, key: string): Promise<ProductRow | undefined> {
  await sql`select pg_advisory_xact_lock(${keyLock}, hashtext(${key}))`.execute(tx)
  return living(tx).where('data_product.key', '=', key).executeTakeFirst()
}

/** The same, and until commit nobody else changes it. The key must be claimed. */
export async function lockProductByKey(tx: Tx, key: string): Promise<ProductRow | undefined> {
  return living(tx).where('data_product.key', '=', key).forUpdate('data_product').executeTakeFirst()
}

/**
 * The row at that version, and nobody else changes it until the transaction ends.
 * @throws Problem `data-product-not-found`, `version-stale`
 */
export async function lockProductAt(tx: Tx, id: string, version: number): Promise<ProductRow> {
  const row = await living(tx).where('data_product.id', '=', id).forUpdate('data_product').executeTakeFirst()
  if (!row) return missing(id)
  if (row.version !== version) throw new Problem('version-stale', { version: row.version })
  return row
}

export interface ProductQuery extends PageQuery {
  readonly sort: z.output<typeof api.dataProducts.list.query>['sort']
  readonly state?: LivingState | undefined
  readonly domain?: string | undefined
  readonly dataSource?: number | undefined
}

const byName = { by: sql`data_product.name`, type: 'text' } as const
const keys: Keys<'name' | 'state' | 'updatedAt'> = {
  own: byName,
  named: {
    name: byName,
    state: { by: sql`data_product.state`, type: 'text' },
    // To the millisecond, as it is answered.
    updatedAt: { by: sql`trunc(extract(epoch from data_product.updated_at) * 1000)::bigint`, type: 'bigint' },
  },
}

/** The search looks at name and description. `only`: those of these domains. */
export async function listProducts(
  db: Reader,
  query: ProductQuery,
  only?: readonly string[],
): Promise<Page<ProductRow>> {
  const { search, state, domain, dataSource } = query
  const pattern = containing(search ?? '')
  const matching = living(db)
    // Without words nothing of what they say is read, and a page is a piece of the index by name.
    .$if((search ?? '') !== '', some =>
      some.where(({ or, eb }) =>
        or([
          eb('data_product.name', 'ilike', pattern),
          eb(sql`data_product.definition ->> 'description'`, 'ilike', pattern),
        ]),
      ),
    )
    .$if(state !== undefined, some => some.where('data_product.state', '=', state as LivingState))
    .$if(domain !== undefined, some => some.where('data_product.domain', '=', domain as string))
    .$if(dataSource !== undefined, some =>
      some.where(sql<boolean>`data_product.definition -> 'dataSources' @> ${JSON.stringify([dataSource])}::jsonb`),
    )
    .$if(only !== undefined, some => some.where('data_product.domain', '=', sql<string>`any(${only ?? []})`))
  const { total } = await matching.clearSelect().select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const order = orderOf(keys, query)
  const rows = await matching
    .where(order.isNext)
    .select(order.place)
    .orderBy(order.by)
    .limit(query.limit + 1)
    .execute()
  return order.page(rows, total)
}

/** @throws Problem `data-product-name-taken` */
export async function insertProduct(
  act: Act,
  { id, key, ...content }: StoredContent & { readonly id: string; readonly key: string | null },
): Promise<ProductRow> {
  await claimName(act.tx, content.name)
  await act.tx
    .insertInto('data_product')
    .values({
      id,
      key,
      levels: [...content.definition.levels],
      ...columnsOf(content),
      created_by: act.actor.id ?? null,
    })
    .execute()
  return store(act, id, 'created', undefined)
}

/** A new version that says something else. The row must be locked. Throws Problem `data-product-name-taken`. */
export async function editProduct(
  act: Act,
  before: ProductRow,
  content: StoredContent,
  restoredFrom?: number,
): Promise<ProductRow> {
  await claimName(act.tx, content.name, before.id)
  await act.tx
    .updateTable('data_product')
    .set({ ...columnsOf(content), version: before.version + 1, updated_at: new Date(act.now) })
    .where('id', '=', before.id)
    .execute()
  return store(act, before.id, restoredFrom === undefined ? 'edited' : 'restored', before, restoredFrom)
}

/** The row must be locked. */
export async function setProductState(
  act: Act,
  before: ProductRow,
  state: ProductState,
  change: ProductChange,
): Promise<ProductRow> {
  await act.tx
    .updateTable('data_product')
    .set({ state, version: before.version + 1, updated_at: new Date(act.now) })
    .where('id', '=', before.id)
    .execute()
  return store(act, before.id, change, before)
}

export function productTarget({ id, name }: Pick<ProductRow, 'id' | 'name'>): AuditTarget {
  return { type: 'DATA_PRODUCT', id, name }
}

// ── Versions ──

export type ProductVersionRow = Selectable<Database['data_product_version']> & { readonly creator: string | null }

/** Newest first. */
export async function listProductVersions(db: Reader, id: string, query: PageQuery): Promise<Page<ProductVersionRow>> {
  const before = readNumber(readCursor(query.cursor))
  const { total } = await db
    .selectFrom('data_product_version')
    .where('product_id', '=', id)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  const rows = await versionsOf(db, id)
    .$if(before !== undefined, some => some.where('data_product_version.version', '<', before as number))
    .orderBy('data_product_version.version', 'desc')
    .limit(query.limit + 1)
    .execute()
  return toPage(rows, query.limit, total, row => String(row.version))
}

/** @throws Problem `data-product-version-not-found` */
export async function findProductVersion(db: Reader, id: string, version: number): Promise<ProductVersionRow> {
  const row = await versionsOf(db, id).where('data_product_version.version', '=', version).executeTakeFirst()
  if (!row) throw new Problem('data-product-version-not-found', { id, version })
  return row
}

function versionsOf(db: Reader, id: string) {
  return db
    .selectFrom('data_product_version')
    .leftJoin('person', 'person.id', 'data_product_version.created_by')
    .where('product_id', '=', id)
    .selectAll('data_product_version')
    .select('person.userid as creator')
}

/** Keeps the present row as its newest version, and says what happened. */
async function store(
  act: Act,
  id: string,
  change: ProductChange,
  before: ProductRow | undefined,
  restoredFrom?: number,
): Promise<ProductRow> {
  const row = (await everyOne(act.tx).where('data_product.id', '=', id).executeTakeFirstOrThrow()) as ProductRow
  const { version, name, state, domain, definition, form_id, review_flow_id } = row
  await act.tx
    .insertInto('data_product_version')
    .values({
      product_id: id,
      version,
      name,
      state,
      domain,
      definition: JSON.stringify(definition),
      form_id,
      review_flow_id,
      change,
      from_version: restoredFrom ?? null,
      created_by: act.actor.id ?? null,
    })
    .execute()
  const { action, type } = events[change]
  act.audit({
    action,
    targetType: 'DATA_PRODUCT',
    targets: [productTarget(row)],
    payload: {
      type,
      ...(before ? { before: described(before) } : {}),
      ...(change === 'deleted' ? {} : { after: described(row) }),
      ...(restoredFrom === undefined ? {} : { from: restoredFrom }),
    },
  })
  return row
}

const events: { readonly [Change in ProductChange]: { readonly action: string; readonly type: string } } = {
  created: { action: 'CREATE', type: 'DataProductCreated' },
  edited: { action: 'UPDATE', type: 'DataProductEdited' },
  restored: { action: 'RESTORE', type: 'DataProductRestored' },
  published: { action: 'PUBLISH', type: 'DataProductPublished' },
  unpublished: { action: 'UNPUBLISH', type: 'DataProductUnpublished' },
  suspended: { action: 'SUSPEND', type: 'DataProductSuspended' },
  resumed: { action: 'RESUME', type: 'DataProductResumed' },
  retired: { action: 'RETIRE', type: 'DataProductRetired' },
  deleted: { action: 'DELETE', type: 'DataProductDeleted' },
}

function described({ name, version, state, domain, definition, form_id, review_flow_id }: ProductRow) {
  return { name, version, state, domain, ...definition, form: form_id, reviewFlow: review_flow_id }
}

function columnsOf({ name, domain, definition, form, reviewFlow }: StoredContent) {
  return {
    name,
    look_alike: lookAlike(name),
    domain,
    definition: JSON.stringify(definition),
    form_id: form,
    review_flow_id: reviewFlow,
  }
}

const nameLock = 0x5072_6f64 // "Prod"

/** Nobody else takes a name from here to commit; two that look alike are one. Which has it is not told: it may be hidden. */
async function claimName(tx: Tx, name: string, owner?: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${nameLock})`.execute(tx)
  const other = await living(tx).where('data_product.look_alike', '=', lookAlike(name)).executeTakeFirst()
  if (other && other.id !== owner) throw new Problem('data-product-name-taken', { name })
}

function missing(id: string): never {
  throw new Problem('data-product-not-found', { id })
}

function living(db: Reader) {
  return everyOne(db).where('data_product.state', '<>', 'deleted').$narrowType<{ state: LivingState }>()
}

function everyOne(db: Reader) {
  return db
    .selectFrom('data_product')
    .leftJoin('person', 'person.id', 'data_product.created_by')
    .select([
      'data_product.id',
      'data_product.key',
      'data_product.version',
      'data_product.state',
      'data_product.name',
      'data_product.domain',
      'data_product.definition',
      'data_product.form_id',
      'data_product.review_flow_id',
      'data_product.created_at',
      'data_product.updated_at',
      'person.userid as creator',
    ])
}
