/** The tag catalogue. A tag's parents are always there; a tag that anything uses stays. */
import { type api, Problem, type Tag } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { z } from 'zod'
import type { Act, Tx } from './act.ts'
import { type Keys, orderOf } from './order.ts'
import { containing, type Page, type PageQuery } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

const sources = sql<number>`(select count(*) from data_source_tag join data_source on data_source.id = data_source_id
  where data_source_tag.tag = tag.name and data_source.state <> 'deleted')`

const byName = { by: sql`name`, type: 'text' } as const
const keys: Keys<'name' | 'dataSources'> = {
  own: byName,
  named: { name: byName, dataSources: { by: sources, type: 'bigint' } },
}

interface TagQuery extends PageQuery {
  readonly sort: z.output<typeof api.tags.list.query>['sort']
}

/** The search looks at name and description. */
export async function listTags(db: Reader, query: TagQuery): Promise<Page<Tag>> {
  const pattern = containing(query.search ?? '')
  const matching = db
    .selectFrom('tag')
    .where(({ or, eb }) => or([eb('name', 'ilike', pattern), eb('description', 'ilike', pattern)]))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const order = orderOf(keys, query)
  const rows = await matching
    .where(order.isNext)
    .select([...columns, order.place])
    .orderBy(order.by)
    .limit(query.limit + 1)
    .execute()
  const page = order.page(rows, total)
  return { ...page, items: page.items.map(toTag) }
}

/** Makes the tag with those of its parents that are missing. Throws Problem `tag-exists`. */
export async function insertTag({ tx, audit }: Act, name: string, description: string): Promise<Tag> {
  const parents = parentsOf(name)
  const made: string[] = []
  // From the root down, so that two who make the same family never wait for each other in a ring.
  for (const parent of parents) if (await makeOrKeep(tx, parent)) made.push(parent)
  if (!(await insertOne(tx, name, description))) throw new Problem('tag-exists', { name })
  audit({
    action: 'CREATE',
    targetType: 'TAG',
    targets: [...made, name].map(tag => ({ type: 'TAG', id: tag, name: tag })),
    payload: { type: 'TagCreated', after: { name, description, parents: made } },
  })
  const row = await tx.selectFrom('tag').where('name', '=', name).select(columns).executeTakeFirstOrThrow()
  return toTag(row)
}

/** Throws Problem `tag-not-found`, `tag-in-use` with every kind of use. */
export async function removeTag({ tx, audit }: Act, name: string): Promise<void> {
  // Locked first: from here on nothing can begin to use it.
  const row = await tx.selectFrom('tag').selectAll().where('name', '=', name).forUpdate().executeTakeFirst()
  if (!row) throw new Problem('tag-not-found', { name })
  const uses = await usesOf(tx, name)
  if (uses.length > 0) throw new Problem('tag-in-use', { name, uses: printUses(uses), usedBy: uses.slice(0, 100) })
  // What is left belongs to data sources that were deleted for good.
  await tx.deleteFrom('data_source_tag').where('tag', '=', name).execute()
  await tx.deleteFrom('tag').where('name', '=', name).execute()
  audit({
    action: 'DELETE',
    targetType: 'TAG',
    targets: [{ type: 'TAG', id: name, name }],
    payload: { type: 'TagDeleted', before: { name, description: row.description } },
  })
}

interface Use {
  readonly type: 'data source' | 'domain' | 'policy' | 'tag'
  readonly id: string
  readonly name: string
}

/** Expressions name no tags: they compare tags with attributes and groups, so only `appliesTo` counts. */
async function usesOf(tx: Tx, name: string): Promise<Use[]> {
  const children = await tx
    .selectFrom('tag')
    .where('name', '>', `${name}.`)
    .where('name', '<', `${name}/`) // the character after the dot
    .orderBy('name')
    .select('name')
    .execute()
  const sources = await tx
    .selectFrom('data_source_tag')
    .innerJoin('data_source', 'data_source.id', 'data_source_tag.data_source_id')
    .where('data_source_tag.tag', '=', name)
    .where('data_source.state', '<>', 'deleted')
    .orderBy('data_source.id')
    .select(['data_source.id', 'data_source.name'])
    .execute()
  const policies = await tx
    .selectFrom('policy')
    .where('state', '<>', 'deleted')
    .where(
      sql<boolean>`jsonb_path_exists(definition, '$.appliesTo.*[*] ? (@.tag == $name)', ${JSON.stringify({ name })}::jsonb)`,
    )
    .orderBy('id')
    .select(['id', 'name'])
    .execute()
  const domains = await tx.selectFrom('domain_tag').where('tag', '=', name).orderBy('domain').select('domain').execute()
  return [
    ...domains.map(row => ({ type: 'domain' as const, id: row.domain, name: row.domain })),
    ...sources.map(row => ({ type: 'data source' as const, id: String(row.id), name: row.name })),
    ...policies.map(row => ({ type: 'policy' as const, id: String(row.id), name: row.name })),
    ...children.map(row => ({ type: 'tag' as const, id: row.name, name: row.name })),
  ]
}

function printUses(uses: readonly Use[]): string {
  const shown = uses.slice(0, 5).map(use => `${use.type} \`${use.name}\``)
  return shown.join(', ') + (uses.length > shown.length ? ` and ${uses.length - shown.length} more` : '')
}

/** `A.B.C` → `A`, `A.B`. */
function parentsOf(name: string): string[] {
  const segments = name.split('.')
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('.'))
}

/** Makes the tag, or holds on to the one that is there until the transaction ends. Answers whether it was made. */
async function makeOrKeep(tx: Tx, name: string): Promise<boolean> {
  for (;;) {
    if (await insertOne(tx, name, '')) return true
    const kept = await tx.selectFrom('tag').where('name', '=', name).select('name').forKeyShare().execute()
    // None: it was there for the insert and had been deleted by the time its row was free.
    if (kept.length > 0) return false
  }
}

async function insertOne(tx: Tx, name: string, description: string): Promise<boolean> {
  const inserted = await tx
    .insertInto('tag')
    .values({ name, description })
    .onConflict(conflict => conflict.doNothing())
    .returning('name')
    .execute()
  return inserted.length > 0
}

const columns = ['name' as const, 'description' as const, 'created_at' as const, sources.as('sources')]

interface TagRow {
  readonly name: string
  readonly description: string
  readonly created_at: number
  readonly sources: number
}

function toTag({ name, description, created_at, sources }: TagRow): Tag {
  return { name, description, dataSources: sources, createdAt: new Date(created_at).toISOString() }
}
