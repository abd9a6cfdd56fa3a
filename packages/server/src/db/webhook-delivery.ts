/**
 * Deliveries: what is to be posted to which webhook, and how each attempt went. Whoever takes one has it until the lease
 * ends; then it is due again, for the node may be gone. A delivery is never lost and may be made twice.
 */
import { type DeliveryState, Problem } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Sealed } from '../secrets.ts'
import type { Tx } from './act.ts'
import type { NoticeRow } from './inbox.ts'
import type { Db } from './open.ts'
import { type Page, readCursor, readNumber, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface Taken {
  readonly id: number
  readonly messageId: string
  readonly webhook: number
  readonly url: string
  readonly secret: Sealed
  /** The one before, while it signs too. */
  readonly oldSecret: Sealed | null
  /** This one counted. */
  readonly attempts: number
  /** Database time when it was taken. */
  readonly now: number
  /** When what it tells of was. */
  readonly createdAt: number
  /** Absent: a test. */
  readonly notice?: NoticeRow
}

/** @param mostOfEach of one webhook; @param busy webhooks to be left alone */
export async function takeDeliveries(
  { transaction }: Db,
  { mostOfEach, leaseMs, busy }: { mostOfEach: number; leaseMs: number; busy: readonly number[] },
): Promise<Taken[]> {
  return transaction(async tx => {
    const { rows } = await sql<{ id: number }>`
      update webhook_delivery set attempts = attempts + 1,
        next_try_at = now() + ${leaseMs}::double precision * interval '1 millisecond'
      where id = any(array(
        select due.id from webhook cross join lateral (
          select id from webhook_delivery
          where webhook_id = webhook.id and state = 'due' and next_try_at <= now()
          order by next_try_at, id limit ${mostOfEach} for update skip locked
        ) due where webhook.state = 'active' and webhook.id <> all(${busy}::bigint[])))
      returning id`.execute(tx)
    return readTaken(
      tx,
      rows.map(row => row.id),
    )
  })
}

/** One of nothing but a test, which is taken already. */
export async function insertTest(tx: Tx, webhook: number, leaseMs: number): Promise<Taken> {
  const { rows } = await sql<{ id: number }>`
    insert into webhook_delivery (webhook_id, attempts, next_try_at)
    values (${webhook}, 1, now() + ${leaseMs}::double precision * interval '1 millisecond') returning id`.execute(tx)
  const [taken] = await readTaken(
    tx,
    rows.map(row => row.id),
  )
  return taken as Taken
}

async function readTaken(tx: Tx, ids: readonly number[]): Promise<Taken[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom('webhook_delivery as delivery')
    .innerJoin('webhook', 'webhook.id', 'webhook_id')
    .leftJoin('notice', 'notice.id', 'notice_id')
    .where('delivery.id', '=', sql<number>`any(${ids})`)
    .select(['delivery.id', 'message_id', 'webhook_id', 'url', 'secret', 'attempts', 'delivery.created_at'])
    .select(['notice_id', 'kind', 'about_type', 'about_id', 'facts', 'at'])
    .select(sql<Sealed | null>`case when old_secret_until > now() then old_secret end`.as('old_secret'))
    .select(sql<number>`now()`.as('now'))
    .orderBy('delivery.id')
    .execute()
  return rows.map(({ notice_id: notice, kind, about_type, about_id, facts, at, ...row }) => ({
    id: row.id,
    messageId: row.message_id,
    webhook: row.webhook_id,
    url: row.url,
    secret: row.secret,
    oldSecret: row.old_secret,
    attempts: row.attempts,
    now: row.now,
    createdAt: row.created_at,
    ...(notice === null ? {} : { notice: { id: notice, kind, about_type, about_id, facts, at } as NoticeRow }),
  }))
}

/** As if they had not been taken. */
export async function giveBack({ kysely }: Db, taken: readonly Taken[]): Promise<void> {
  await sql`
    update webhook_delivery set attempts = webhook_delivery.attempts - 1, next_try_at = now()
    from unnest(${taken.map(one => one.id)}::bigint[], ${taken.map(one => one.attempts)}::int[]) as given (id, attempts)
    where webhook_delivery.id = given.id and webhook_delivery.attempts = given.attempts and state = 'due'`.execute(
    kysely,
  )
}

export interface Attempt {
  readonly tookMs: number
  readonly status?: number
  readonly response?: string
  readonly problem?: string
}

/** @param next what becomes of it: delivered, failed for good, or due again in so many ms */
export async function storeAttempt(
  tx: Tx,
  taken: Taken,
  { tookMs, status, response, problem }: Attempt,
  next: 'delivered' | 'failed' | number,
): Promise<void> {
  const state: DeliveryState = typeof next === 'number' ? 'due' : next
  const inMs = typeof next === 'number' ? next : 0
  // Deleted meanwhile: there is nothing to tell of. Taken by another since: they say what becomes of it.
  await sql`
    with told as (
      insert into webhook_attempt (delivery_id, took_ms, status, response, problem)
      select id, ${tookMs}::int, ${status ?? null}::int, ${response ?? null}::text, ${problem ?? null}::text
      from webhook_delivery where id = ${taken.id})
    update webhook_delivery set state = ${state},
      next_try_at = now() + ${inMs}::double precision * interval '1 millisecond'
    where id = ${taken.id} and state = 'due' and (attempts = ${taken.attempts} or ${state === 'delivered'}::boolean)`.execute(
    tx,
  )
}

/** Whether anything comes through there. @returns since when nothing does, in ms */
export async function noteOutcome(tx: Tx, webhook: number, isThrough: boolean): Promise<number | undefined> {
  const { rows } = await sql<{ ms: number }>`
    update webhook set failing_since = case when ${isThrough}::boolean then null else coalesce(failing_since, now()) end
    where id = ${webhook} and (failing_since is null) <> ${isThrough}::boolean
    returning extract(epoch from now() - failing_since)::double precision * 1000 as ms`.execute(tx)
  if (rows[0] || isThrough) return rows[0]?.ms ?? undefined
  const row = await tx
    .selectFrom('webhook')
    .where('id', '=', webhook)
    .select(sql<number | null>`extract(epoch from now() - failing_since)::double precision * 1000`.as('ms'))
    .executeTakeFirst()
  return row?.ms ?? undefined
}

export interface DeliveryRow {
  readonly id: number
  readonly message_id: string
  readonly kind: NoticeRow['kind'] | null
  readonly state: DeliveryState
  readonly next_try_at: number
  readonly created_at: number
  readonly attempts: readonly {
    readonly at: string
    readonly took_ms: number
    readonly status: number | null
    readonly response: string | null
    readonly problem: string | null
  }[]
}

export interface DeliveryQuery {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly state?: DeliveryState | undefined
}

/** Newest first. */
export async function listDeliveries(db: Reader, webhook: number, query: DeliveryQuery): Promise<Page<DeliveryRow>> {
  const { limit, state } = query
  const { total } = await db
    .selectFrom('webhook_delivery')
    .where('webhook_id', '=', webhook)
    .$if(state !== undefined, chosen => chosen.where('state', '=', state as DeliveryState))
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  const before = readNumber(readCursor(query.cursor))
  const rows = await shown(db)
    .where('webhook_id', '=', webhook)
    .$if(state !== undefined, chosen => chosen.where('state', '=', state as DeliveryState))
    .$if(before !== undefined, chosen => chosen.where('delivery.id', '<', before as number))
    .orderBy('delivery.id', 'desc')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, total, row => String(row.id))
}

export async function getDelivery(db: Reader, id: number): Promise<DeliveryRow> {
  return shown(db).where('delivery.id', '=', id).executeTakeFirstOrThrow()
}

function shown(db: Reader) {
  return db
    .selectFrom('webhook_delivery as delivery')
    .leftJoin('notice', 'notice.id', 'notice_id')
    .select(['delivery.id', 'message_id', 'notice.kind', 'state', 'next_try_at', 'delivery.created_at'])
    .select(
      sql<DeliveryRow['attempts']>`(
        select coalesce(jsonb_agg(to_jsonb(attempt) order by attempt.id), '[]')
        from webhook_attempt attempt where delivery_id = delivery.id)`.as('attempts'),
    )
}

/** @throws Problem `webhook-delivery-not-found` */
export async function deliverAgain(tx: Tx, webhook: number, id: number): Promise<void> {
  const rows = await tx
    .updateTable('webhook_delivery')
    .set({ state: 'due', attempts: 0, next_try_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('webhook_id', '=', webhook)
    .returning('id')
    .execute()
  if (rows.length === 0) throw new Problem('webhook-delivery-not-found', { webhook, id })
}
