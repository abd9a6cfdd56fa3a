/** Requests that something is due about, by database time; each locked by whoever deals with it, others pass it over. */
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from './act.ts'
import type { RequestRow } from './request.ts'

export type Due = (tx: Tx, limit: number) => Promise<RequestRow[]>

/** Nobody decided in time. */
export const dueToExpire: Due = (tx, limit) => due(tx, limit, sql`state = 'pending' and expires_at <= now()`)

/** The access is over, by its date or by other means. */
export const dueToEnd: Due = (tx, limit) =>
  due(
    tx,
    limit,
    sql`state = 'approved' and (until <= now()
      or (product_id is not null and not exists (
        select from membership where request_id = request.id and ended_at is null))
      or (data_source_id is not null and not exists (select from member where member.request_id = request.id)))`,
  )

/** Pending, and the product, the data source, the policy that opened it, or one of its people is gone. */
export const dueToWithdraw: Due = (tx, limit) =>
  due(
    tx,
    limit,
    sql`state = 'pending' and expires_at > now() and (
      exists (select from data_product where data_product.id = product_id and data_product.state not in ('published', 'suspended'))
      or exists (select from data_source where data_source.id = data_source_id and data_source.state = 'deleted')
      or exists (select from policy where policy.id = policy_id and policy.state <> 'active')
      or exists (select from person where person.id in (requester_id, beneficiary_id) and deleted_at is not null))`,
  )

/** Access that ends within so many days, given for longer than that, and nothing was said of it yet. */
export async function dueToTell(tx: Tx, days: number, limit: number): Promise<RequestRow[]> {
  return due(
    tx,
    limit,
    sql`state = 'approved' and until > now() and until <= now() + make_interval(days => ${days}::int)
      and until - decided_at > make_interval(days => ${days}::int) and coalesce(told_days, 8) > ${days}::int`,
  )
}

/** Pending, and a day since the last reminder. */
export const dueToRemind: Due = (tx, limit) =>
  due(tx, limit, sql`state = 'pending' and expires_at > now() and reminded_at <= now() - interval '1 day'`)

/** Whether another approval gives the same person the same, or more of it, for longer. */
export async function lastsLonger(tx: Tx, row: RequestRow): Promise<boolean> {
  const { rows } = await sql`
    select from request where id <> ${row.id} and state = 'approved' and beneficiary_id = ${row.beneficiary_id}
      and (product_id = ${row.product_id} or data_source_id = ${row.data_source_id}::bigint)
      and (level = ${row.level} or level = 'WRITE')
      and (until is null or until > ${row.until === null ? null : new Date(row.until)}::timestamptz) limit 1`.execute(
    tx,
  )
  return rows.length > 0
}

async function due(tx: Tx, limit: number, which: RawBuilder<unknown>): Promise<RequestRow[]> {
  return tx
    .selectFrom('request')
    .where(sql<boolean>`(${which})`)
    .selectAll('request')
    .orderBy('id')
    .limit(limit)
    .forUpdate('request')
    .skipLocked()
    .execute()
}
