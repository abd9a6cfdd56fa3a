/** Subscriptions: what people asked for of what manual policies offer them. They give nothing by themselves. */
import type { Level } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import type { Act } from './act.ts'
import { type DataSourceRow, dataSourceTarget } from './data-source.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface SubscriptionRow {
  readonly dataSource: { readonly id: number; readonly name: string }
  readonly level: Level
  readonly subscribedAt: number
}

/** By data source name, then level; the search looks at the name. */
export async function listSubscriptions(db: Reader, person: number, query: PageQuery): Promise<Page<SubscriptionRow>> {
  const matching = db
    .selectFrom('subscription')
    .innerJoin('data_source', 'data_source.id', 'data_source_id')
    .where('person_id', '=', person)
    .where('name', 'ilike', containing(query.search ?? ''))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  // Names hold no control characters.
  const key = sql<string>`(name || e'\n' || level) collate "C"`
  const rows = await matching
    .$if(after !== undefined, chosen => chosen.where(key, '>', after as string))
    .select(['data_source.id', 'name', 'level', 'subscribed_at', key.as('key')])
    .orderBy('key')
    .limit(query.limit + 1)
    .execute()
  const page = toPage(rows, query.limit, total, row => row.key)
  return { ...page, items: page.items.map(toSubscription) }
}

/** A person's to one data source, by level. */
export async function subscriptionsTo(db: Reader, person: number, dataSource: number): Promise<SubscriptionRow[]> {
  const rows = await db
    .selectFrom('subscription')
    .innerJoin('data_source', 'data_source.id', 'data_source_id')
    .where('person_id', '=', person)
    .where('data_source_id', '=', dataSource)
    .select(['data_source.id', 'name', 'level', 'subscribed_at'])
    .orderBy('level')
    .execute()
  return rows.map(toSubscription)
}

/** At that level; stays as it was where it is so already. The data source must be locked. */
export async function addSubscription(
  { tx, actor, changed, audit }: Act,
  on: DataSourceRow,
  level: Level,
): Promise<SubscriptionRow> {
  const person = actor.id as number
  const added = await tx
    .insertInto('subscription')
    .values({ person_id: person, data_source_id: on.id, level })
    .onConflict(conflict => conflict.doNothing())
    .returning('level')
    .executeTakeFirst()
  if (added) {
    const fact = { user: person, dataSource: on.id, level }
    changed('subscription', `${on.id}/${person}/${level}`, fact, 'subscribed')
    audit({
      action: 'CREATE',
      targetType: 'DATASOURCE',
      targets: [dataSourceTarget(on)],
      relatedResources: [{ type: 'USER', id: String(person), name: actor.userid }],
      payload: { type: 'Subscribed', after: { level } },
    })
  }
  const { subscribed_at } = await tx
    .selectFrom('subscription')
    .where('person_id', '=', person)
    .where('data_source_id', '=', on.id)
    .where('level', '=', level)
    .select('subscribed_at')
    .executeTakeFirstOrThrow()
  return { dataSource: { id: on.id, name: on.name }, level, subscribedAt: subscribed_at }
}

/** From one level, or from all; how many there were. The data source must be locked. */
export async function removeSubscription(
  { tx, actor, changed, audit }: Act,
  on: DataSourceRow,
  level?: Level | undefined,
): Promise<number> {
  const person = actor.id as number
  const removed = await tx
    .deleteFrom('subscription')
    .where('person_id', '=', person)
    .where('data_source_id', '=', on.id)
    .$if(level !== undefined, one => one.where('level', '=', level as Level))
    .returning('level')
    .execute()
  if (removed.length === 0) return 0
  for (const one of removed) changed('subscription', `${on.id}/${person}/${one.level}`, null, 'unsubscribed')
  audit({
    action: 'DELETE',
    targetType: 'DATASOURCE',
    targets: [dataSourceTarget(on)],
    relatedResources: [{ type: 'USER', id: String(person), name: actor.userid }],
    payload: { type: 'Unsubscribed', before: { levels: removed.map(one => one.level).sort() } },
  })
  return removed.length
}

/** All of a person or of a data source that goes; what they were, for the audit event of whatever removed them. */
export async function removeAllSubscriptions(
  { tx, changed }: Act,
  of: { readonly person: number } | { readonly dataSource: number },
  cause: string,
): Promise<{ person: number; dataSource: number; level: Level }[]> {
  const all = tx.deleteFrom('subscription')
  const theirs =
    'person' in of ? all.where('person_id', '=', of.person) : all.where('data_source_id', '=', of.dataSource)
  const rows = await theirs.returning(['person_id as person', 'data_source_id as dataSource', 'level']).execute()
  for (const { person, dataSource, level } of rows) {
    changed('subscription', `${dataSource}/${person}/${level}`, null, cause)
  }
  return rows
}

function toSubscription({
  id,
  name,
  level,
  subscribed_at,
}: {
  id: number
  name: string
  level: Level
  subscribed_at: number
}) {
  return { dataSource: { id, name }, level, subscribedAt: subscribed_at }
}
