/** The tags on a data source: always of the catalogue, which cannot lose one while it is being applied. */
import { Problem } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { type DataSourceRow, dataSourceTarget } from './data-source.ts'

/** @throws Problem `tag-not-found` naming the first that the catalogue lacks; the others stay until commit */
async function holdTags(tx: Tx, tags: readonly string[]): Promise<void> {
  const missing = await missingTags(tx, tags)
  if (missing[0] !== undefined) throw new Problem('tag-not-found', { name: missing[0] })
}

/** Those that the catalogue lacks; the others cannot be deleted before commit. */
export async function missingTags(tx: Tx, tags: readonly string[]): Promise<string[]> {
  const rows = await tx
    .selectFrom('tag')
    .where('name', '=', sql<string>`any(${tags})`)
    .select('name')
    .forKeyShare()
    .execute()
  const known = new Set(rows.map(({ name }) => name))
  return tags.filter(tag => !known.has(tag))
}

/** @returns the tags it carries now. The row must be locked. */
export async function addTags(act: Act, row: DataSourceRow, tags: readonly string[]): Promise<string[]> {
  await holdTags(act.tx, tags)
  const added = await act.tx
    .insertInto('data_source_tag')
    .values([...new Set(tags)].map(tag => ({ data_source_id: row.id, tag })))
    .onConflict(conflict => conflict.doNothing())
    .returning('tag')
    .execute()
  for (const { tag } of added)
    act.changed('dataSourceTag', `${row.id}/${tag}`, { dataSource: row.id, tag }, 'tag-added')
  return sayTags(act, row, 'DataSourceTagsAdded', added)
}

/** @returns the tags it carries now. The row must be locked. */
export async function removeTags(act: Act, row: DataSourceRow, tags: readonly string[]): Promise<string[]> {
  const removed = await act.tx
    .deleteFrom('data_source_tag')
    .where('data_source_id', '=', row.id)
    .where('tag', '=', sql<string>`any(${tags})`)
    .returning('tag')
    .execute()
  for (const { tag } of removed) act.changed('dataSourceTag', `${row.id}/${tag}`, null, 'tag-removed')
  return sayTags(act, row, 'DataSourceTagsRemoved', removed)
}

/**
 * On many data sources at once, as one act. The rows must be locked.
 * @returns how many tags came and went
 * @throws Problem `tag-not-found`
 */
export async function changeTagsOnAll(
  act: Act,
  rows: readonly DataSourceRow[],
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<{ readonly added: number; readonly removed: number }> {
  await holdTags(act.tx, add)
  const ids = rows.map(({ id }) => id)
  const { rows: added } = await sql<{ id: number; tag: string }>`
    insert into data_source_tag (data_source_id, tag)
    select id, tag from unnest(${ids}::bigint[]) as on_source (id), unnest(${[...new Set(add)]}::text[]) as given (tag)
    on conflict do nothing returning data_source_id as id, tag`.execute(act.tx)
  const { rows: removed } = await sql<{ id: number; tag: string }>`
    delete from data_source_tag where data_source_id = any(${ids}) and tag = any(${remove})
    returning data_source_id as id, tag`.execute(act.tx)
  for (const { id, tag } of added) act.changed('dataSourceTag', `${id}/${tag}`, { dataSource: id, tag }, 'tag-added')
  for (const { id, tag } of removed) act.changed('dataSourceTag', `${id}/${tag}`, null, 'tag-removed')
  const moved = new Set([...added, ...removed].map(({ id }) => id))
  if (moved.size > 0) {
    act.audit({
      action: 'UPDATE',
      targetType: 'DATASOURCE',
      targets: rows.filter(({ id }) => moved.has(id)).map(dataSourceTarget),
      payload: { type: 'DataSourceTagsChanged', add, remove, added: added.length, removed: removed.length },
    })
  }
  return { added: added.length, removed: removed.length }
}

async function sayTags(
  act: Act,
  row: DataSourceRow,
  type: string,
  moved: readonly { tag: string }[],
): Promise<string[]> {
  const rows = await act.tx
    .selectFrom('data_source_tag')
    .where('data_source_id', '=', row.id)
    .select('tag')
    .orderBy('tag')
    .execute()
  const after = rows.map(({ tag }) => tag)
  if (moved.length > 0) {
    const tags = moved.map(({ tag }) => tag)
    const target = dataSourceTarget(row)
    act.audit({ action: 'UPDATE', targetType: 'DATASOURCE', targets: [target], payload: { type, tags, after } })
  }
  return after
}
