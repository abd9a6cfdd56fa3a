/** Webhooks as they are stored. Secrets are sealed, and leave this file in no other form. */
import { Problem, type WantedWebhook } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Sealed } from '../secrets.ts'
import type { AuditTarget, Tx } from './act.ts'
import type { Db } from './open.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type WebhookRow = Selectable<Database['webhook']>
export type CountedWebhook = WebhookRow & { readonly waiting: number }

/** By name. */
export async function listWebhooks(db: Reader): Promise<CountedWebhook[]> {
  return counted(db).orderBy('name').orderBy('id').execute()
}

/** @throws Problem `webhook-not-found` */
export async function getWebhook(db: Reader, id: number): Promise<CountedWebhook> {
  const row = await counted(db).where('id', '=', id).executeTakeFirst()
  if (!row) throw new Problem('webhook-not-found', { id })
  return row
}

function counted(db: Reader) {
  return db
    .selectFrom('webhook')
    .selectAll()
    .select(
      sql<number>`(select count(*) from webhook_delivery where webhook_id = webhook.id and state = 'due')`.as(
        'waiting',
      ),
    )
}

/**
 * The webhook, which nobody else changes until the transaction ends.
 * @throws Problem `webhook-not-found`
 */
export async function lockWebhook(tx: Tx, id: number): Promise<WebhookRow> {
  const row = await tx.selectFrom('webhook').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (!row) throw new Problem('webhook-not-found', { id })
  return row
}

export interface NewWebhook extends WantedWebhook {
  readonly by: number
  readonly most: number
  /** Of the row that it is to be. */
  readonly secretOf: (id: number) => Sealed
}

/** @throws Problem `webhooks-too-many` */
export async function insertWebhook(tx: Tx, { by, most, secretOf, name, url, kinds }: NewWebhook): Promise<WebhookRow> {
  await sql`lock table webhook in share row exclusive mode`.execute(tx)
  const { rows: ids } = await sql<{ id: number; count: number }>`
    select nextval(pg_get_serial_sequence('webhook', 'id')) as id, (select count(*) from webhook) as count`.execute(tx)
  const { id, count } = ids[0] as (typeof ids)[number]
  if (count >= most) throw new Problem('webhooks-too-many', { most })
  const { rows } = await sql<WebhookRow>`
    insert into webhook (id, name, url, kinds, secret, created_by) overriding system value
    values (${id}, ${name}, ${url}, ${kinds}::text[], ${JSON.stringify(secretOf(id))}, ${by}) returning *`.execute(tx)
  return rows[0] as WebhookRow
}

export async function updateWebhook(tx: Tx, id: number, { name, url, kinds }: WantedWebhook): Promise<void> {
  await tx
    .updateTable('webhook')
    .set({ name, url, kinds, version: sql<number>`version + 1` })
    .where('id', '=', id)
    .execute()
}

/** Without the failures there were before. */
export async function setWebhookState(tx: Tx, id: number, state: 'active' | 'paused'): Promise<void> {
  await tx.updateTable('webhook').set({ state, problem: null, failing_since: null }).where('id', '=', id).execute()
}

/** @returns whether it was active until now */
export async function disableWebhook(tx: Tx, id: number, problem: string): Promise<boolean> {
  const rows = await tx
    .updateTable('webhook')
    .set({ state: 'disabled', problem })
    .where('id', '=', id)
    .where('state', '=', 'active')
    .returning('id')
    .execute()
  return rows.length > 0
}

/** The one there was signs too for `keepOldHours`. */
export async function replaceSecret(tx: Tx, id: number, secret: Sealed, keepOldHours: number): Promise<void> {
  const isKept = keepOldHours > 0
  await sql`
    update webhook set secret = ${JSON.stringify(secret)}::jsonb,
      old_secret = case when ${isKept}::boolean then secret end,
      old_secret_until = case when ${isKept}::boolean then now() + make_interval(hours => ${keepOldHours}::int) end
    where id = ${id}`.execute(tx)
}

export async function deleteWebhook(tx: Tx, id: number): Promise<void> {
  await tx.deleteFrom('webhook').where('id', '=', id).execute()
}

/** Every secret under what `rewrap` makes of it; answers how many are other ones now. */
export async function rewrapWebhookSecrets(
  { kysely }: Db,
  rewrap: (sealed: Sealed, id: number) => Sealed,
): Promise<number> {
  const rows = await kysely.selectFrom('webhook').select(['id', 'secret', 'old_secret']).execute()
  let wrapped = 0
  for (const row of rows) {
    for (const column of ['secret', 'old_secret'] as const) {
      const before = row[column]
      const after = before && rewrap(before, row.id)
      if (after === before) continue
      const { numAffectedRows } = await sql`
        update webhook set ${sql.ref(column)} = ${JSON.stringify(after)}::jsonb
        where id = ${row.id} and ${sql.ref(column)} = ${JSON.stringify(before)}::jsonb`.execute(kysely)
      wrapped += Number(numAffectedRows ?? 0)
    }
  }
  return wrapped
}

export function webhookTarget({ id, name }: Pick<WebhookRow, 'id' | 'name'>): AuditTarget {
  return { type: 'WEBHOOK', id: String(id), name }
}
