/**
 * Memberships and values, row by row of one source: nobody but that source adds and removes them.
 *
 * The fact is that a value is held or a person is in a group, by whatever source. So a row that only repeats what
 * another source says, or whose going leaves another one's standing, is no changed fact.
 * INVARIANT: the people (or groups, for values of groups) are locked, or two sources that go at the same moment would
 * each take the other's row for one that stays.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Act, FactEntity, Tx } from './act.ts'

/** What a row says: the columns in order. */
export interface SourcedRow {
  readonly userAttribute: readonly [user: number, key: string, value: string]
  readonly groupAttribute: readonly [group: number, key: string, value: string]
  readonly groupMember: readonly [group: number, user: number]
}
export type SourcedKind = keyof SourcedRow

interface Shape<Row extends readonly unknown[]> {
  readonly table: 'person_attribute' | 'group_attribute' | 'group_member'
  readonly columns: { readonly [At in keyof Row]: string }
  readonly types: { readonly [At in keyof Row]: 'bigint' | 'text' }
  readonly entity: FactEntity
  readonly factId: (row: Row) => string
  readonly fact: (row: Row) => object
}

const shapes: { readonly [Kind in SourcedKind]: Shape<SourcedRow[Kind]> } = {
  userAttribute: {
    table: 'person_attribute',
    columns: ['person_id', 'key', 'value'],
    types: ['bigint', 'text', 'text'],
    entity: 'attribute',
    factId: ([id, key, value]) => attributeFactId({ type: 'user', id }, { key, value }),
    fact: ([user, key, value]) => ({ user, key, value }),
  },
  groupAttribute: {
    table: 'group_attribute',
    columns: ['group_id', 'key', 'value'],
    types: ['bigint', 'text', 'text'],
    entity: 'attribute',
    factId: ([id, key, value]) => attributeFactId({ type: 'group', id }, { key, value }),
    fact: ([group, key, value]) => ({ group, key, value }),
  },
  groupMember: {
    table: 'group_member',
    columns: ['group_id', 'person_id'],
    types: ['bigint', 'bigint'],
    entity: 'groupMember',
    factId: ([group, user]) => `${group}/${user}`,
    fact: ([group, user]) => ({ group, user }),
  },
}

export interface ChangedRows<Row> {
  /** Those that were not there, and those that were. */
  readonly added: readonly Row[]
  readonly removed: readonly Row[]
}

/** Any number of rows in one go; none of them may stand in both lists. Says what changed as a fact, and audits nothing. */
export async function changeRows<Kind extends SourcedKind>(
  act: Act,
  kind: Kind,
  source: string,
  {
    add = [],
    remove = [],
  }: { readonly add?: readonly SourcedRow[Kind][]; readonly remove?: readonly SourcedRow[Kind][] },
  cause: { readonly added: string; readonly removed: string },
): Promise<ChangedRows<SourcedRow[Kind]>> {
  if (add.length === 0 && remove.length === 0) return { added: [], removed: [] }
  const shape = shapes[kind] as Shape<SourcedRow[Kind]>
  const gone = sql<boolean>`(${columnsOf(shape)}) in (select * from ${listed(shape, remove)})`
  return storeRows(act, shape, source, { add, gone }, cause)
}

/** Makes these all that a source says of one person: those that are there stay, the rest goes. */
export async function replaceRows<Kind extends SourcedKind & ('userAttribute' | 'groupMember')>(
  act: Act,
  kind: Kind,
  source: string,
  { person, rows }: { readonly person: number; readonly rows: readonly SourcedRow[Kind][] },
  cause: { readonly added: string; readonly removed: string },
): Promise<ChangedRows<SourcedRow[Kind]>> {
  const shape = shapes[kind] as Shape<SourcedRow[Kind]>
  const gone = sql<boolean>`person_id = ${person} and (${columnsOf(shape)}) not in (select * from ${listed(shape, rows)})`
  return storeRows(act, shape, source, { add: rows, gone }, cause)
}

/** All in one statement: a sync of thousands of people waits for each of them. */
async function storeRows<Row extends readonly unknown[]>(
  act: Act,
  shape: Shape<Row>,
  source: string,
  { add, gone }: { readonly add: readonly Row[]; readonly gone: RawBuilder<boolean> },
  cause: { readonly added: string; readonly removed: string },
): Promise<ChangedRows<Row>> {
  const { entity } = shape
  const table = sql.table(shape.table)
  const columns = columnsOf(shape)
  const { rows } = await sql<Record<string, unknown>>`
    with added as (
      insert into ${table} (${columns}, source) select *, ${source}::text from ${listed(shape, add)}
      on conflict do nothing returning ${columns}
    ), removed as (
      delete from ${table} where source = ${source} and ${gone} returning ${columns}
    )
    select 'added' as what, ${columns} from added
    union all select 'removed', ${columns} from removed
    union all (select distinct 'elsewhere', ${columns} from ${table}
      where source <> ${source} and (${columns}) in (table added union all table removed))`.execute(act.tx)
  const found = (what: string) => rows.filter(row => row.what === what).map(row => rowOf(shape, row))
  const [added, removed, elsewhere] = [found('added'), found('removed'), found('elsewhere')]
  const said = new Set(elsewhere.map(shape.factId))
  for (const row of added) {
    const id = shape.factId(row)
    if (!said.has(id)) act.changed(entity, id, { ...shape.fact(row), source }, cause.added)
  }
  for (const row of removed) {
    const id = shape.factId(row)
    if (!said.has(id)) act.changed(entity, id, null, cause.removed)
  }
  return { added, removed }
}

/** Who says so, in order. */
export async function sourcesOf<Kind extends SourcedKind>(
  tx: Tx,
  kind: Kind,
  row: SourcedRow[Kind],
): Promise<string[]> {
  const shape = shapes[kind] as Shape<SourcedRow[Kind]>
  const { rows } = await sql<{ source: string }>`
    select source from ${sql.table(shape.table)}
    where (${columnsOf(shape)}) in (select * from ${listed(shape, [row])}) order by source`.execute(tx)
  return rows.map(({ source }) => source)
}

/** All that a source says, of one person, or of everybody. */
export async function rowsOfSource<Kind extends SourcedKind>(
  tx: Tx,
  kind: Kind,
  source: string,
  person?: number,
): Promise<SourcedRow[Kind][]> {
  const shape = shapes[kind] as Shape<SourcedRow[Kind]>
  const { rows } = await sql<Record<string, unknown>>`
    select ${columnsOf(shape)} from ${sql.table(shape.table)}
    where source = ${source} ${person === undefined ? sql`` : sql`and person_id = ${person}`}`.execute(tx)
  return rows.map(row => rowOf(shape, row))
}

/** The key may hold slashes: encoded, so that it and the value can be told apart once the row is gone. */
export function attributeFactId(
  { type, id }: { readonly type: 'user' | 'group'; readonly id: number },
  { key, value }: { readonly key: string; readonly value: string },
): string {
  return `${type}/${id}/${encodeURIComponent(key)}/${value}`
}

/** As many arrays as there are columns, so that the number of rows has no bound. */
function listed<Row extends readonly unknown[]>({ types }: Shape<Row>, rows: readonly Row[]): RawBuilder<unknown> {
  const arrays = types.map((type, at) => sql`${rows.map(row => row[at])}::${sql.raw(type)}[]`)
  return sql`unnest(${sql.join(arrays)})`
}

function columnsOf<Row extends readonly unknown[]>({ columns }: Shape<Row>): RawBuilder<unknown> {
  return sql.join(columns.map(column => sql.ref(column)))
}

function rowOf<Row extends readonly unknown[]>({ columns }: Shape<Row>, row: Record<string, unknown>): Row {
  return columns.map(column => row[column]) as unknown as Row
}
