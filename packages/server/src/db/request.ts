/**
 * Requests as rows, with their decisions and comments. Never deleted; a decision is never changed.
 *
 * Whoever changes one locks it first: two who decide at once, or decide what is just being canceled, wait for each other.
 */
import type { Decision, RequestState, Stage, UserId } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import { type Insertable, type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import type { AuditTarget, Tx } from './act.ts'
import { type Keys, orderOf } from './order.ts'
import { type Page, type PageQuery, readCursor, readNumber, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type RequestRow = Selectable<Database['request']>
export type NewRequestRow = Insertable<Database['request']>

/** Throws Problem `request-not-found`. */
export async function findRequest(db: Reader, id: number): Promise<RequestRow> {
  return (await all(db).where('id', '=', id).executeTakeFirst()) ?? missing(id)
}

/** The row, and nobody else changes it until the transaction ends. Throws Problem `request-not-found`. */
export async function lockRequest(tx: Tx, id: number): Promise<RequestRow> {
  return (await all(tx).where('id', '=', id).forUpdate().executeTakeFirst()) ?? missing(id)
}

export async function requestByKey(db: Reader, requester: number, key: string): Promise<RequestRow | undefined> {
  return all(db).where('requester_id', '=', requester).where('idempotency_key', '=', key).executeTakeFirst()
}

/** Those they made that wait for a decision. */
export async function countWaiting(db: Reader, requester: number): Promise<number> {
  const { count } = await db
    .selectFrom('request')
    .where('requester_id', '=', requester)
    .where('state', '=', 'pending')
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** Undefined where the same waits already, or the key was used: look again. */
export async function insertRequest(tx: Tx, row: NewRequestRow): Promise<RequestRow | undefined> {
  return tx
    .insertInto('request')
    .values(row)
    .onConflict(conflict => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

export async function updateRequest(
  tx: Tx,
  id: number,
  values: Partial<Pick<NewRequestRow, 'state' | 'stage' | 'decided_at' | 'until' | 'ended_at' | 'ended_by'>> &
    Partial<Pick<NewRequestRow, 'ended_reason' | 'stuck_stage' | 'told_days' | 'reminded_at'>>,
): Promise<RequestRow> {
  return tx.updateTable('request').set(values).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
}

/** What is asked for: a product or a data source. */
export interface Thing {
  readonly product_id: string | null
  readonly data_source_id: number | null
}

/** Of one person for one thing: those that wait, or those by which access is given now. */
export async function requestsFor(
  db: Reader,
  { product_id, data_source_id }: Thing,
  person: number,
  state: 'pending' | 'approved',
): Promise<RequestRow[]> {
  return (
    all(db)
      .where('beneficiary_id', '=', person)
      .where('state', '=', state)
      // What is over by its date is noticed a moment later.
      .where(sql<boolean>`(until is null or until > now())`)
      .$if(product_id !== null, query => query.where('product_id', '=', product_id))
      .$if(data_source_id !== null, query => query.where('data_source_id', '=', data_source_id))
      .orderBy('id')
      .execute()
  )
}

export interface RequestQuery extends PageQuery {
  readonly sort: z.output<typeof api.requests.list.query>['sort']
  readonly state?: RequestState | undefined
  /** Made by them or for them. */
  readonly user?: number | undefined
  readonly product?: string | undefined
  readonly dataSource?: number | undefined
}

/** Who may see which: undefined is all of them. */
export interface Visible {
  readonly person: number
  /** Of these domains' products and data sources. */
  readonly domains: readonly string[]
  readonly dataSources: readonly number[]
  readonly ids: readonly number[]
  /** Nothing but what they have a part in, or what is named. */
  readonly only?: 'person' | 'ids'
}

// Given in the order in which they come.
const byId = { by: sql`id`, type: 'bigint' } as const
const keys: Keys<'createdAt' | 'name' | 'state'> = {
  own: byId,
  named: { createdAt: byId, name: { by: sql`name`, type: 'text' }, state: { by: sql`state`, type: 'text' } },
}

export async function listRequests(
  db: Reader,
  query: RequestQuery,
  visible: Visible | undefined,
): Promise<Page<RequestRow>> {
  const matching = all(db)
    .$if(query.state !== undefined, q => q.where('state', '=', query.state as RequestState))
    .$if(query.user !== undefined, q => q.where(isPartOf(query.user as number)))
    .$if(query.product !== undefined, q => q.where('product_id', '=', query.product as string))
    .$if(query.dataSource !== undefined, q => q.where('data_source_id', '=', query.dataSource as number))
    .$if(query.search !== undefined && query.search !== '', q =>
      q.where(sql<boolean>`position(lower(${query.search}) in lower(name)) > 0`),
    )
    .$if(visible !== undefined, q => q.where(isVisible(visible as Visible)))
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

function isPartOf(person: number): RawBuilder<boolean> {
  return sql<boolean>`(requester_id = ${person} or beneficiary_id = ${person})`
}

function isVisible({ person, domains, dataSources, ids, only }: Visible): RawBuilder<boolean> {
  if (only === 'person') return isPartOf(person)
  if (only === 'ids') return sql<boolean>`request.id = any(${ids}::bigint[])`
  return sql<boolean>`(${isPartOf(person)} or request.id = any(${ids}::bigint[])
    or exists (select from request_decision where request_id = request.id and by_id = ${person})
    or data_source_id = any(${dataSources}::bigint[])
    or product_id in (select data_product.id from data_product where domain = any(${domains}::text[])))`
}

/** Waiting for decisions, oldest first. */
export async function pendingRequests(
  db: Reader,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<RequestRow[]> {
  return all(db)
    .where('id', '>', after)
    .where('state', '=', 'pending')
    .where('expires_at', '>', sql<never>`now()`)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Of all that wait for decisions, each once. */
export async function stagesThatWait(db: Reader): Promise<readonly Stage[]> {
  const rows = await db.selectFrom('request').where('state', '=', 'pending').select('stages').distinct().execute()
  return rows.flatMap(({ stages }) => stages)
}

// ── Decisions and comments ──

export type DecisionRow = Selectable<Database['request_decision']>

export async function decisionsOf(db: Reader, request: number): Promise<DecisionRow[]> {
  return db.selectFrom('request_decision').where('request_id', '=', request).selectAll().orderBy('number').execute()
}

/** By request; none for one without. */
export async function decisionsOfEach(
  db: Reader,
  requests: readonly number[],
): Promise<ReadonlyMap<number, readonly DecisionRow[]>> {
  const rows = await db
    .selectFrom('request_decision')
    .where('request_id', '=', sql<number>`any(${requests})`)
    .selectAll()
    .orderBy('number')
    .execute()
  return Map.groupBy(rows, row => row.request_id)
}

/** The last of the decisions, as core made it. The request must be locked. */
export async function insertDecision(
  tx: Tx,
  request: number,
  number: number,
  { stage, by, verdict, criteria, reason, forMs, at }: Decision,
  words: readonly string[],
): Promise<void> {
  await tx
    .insertInto('request_decision')
    .values({
      request_id: request,
      number,
      stage,
      by_id: by,
      verdict,
      criteria: [...criteria],
      criteria_text: [...words],
      reason: reason ?? null,
      for_ms: forMs ?? null,
      without_end: forMs === null,
      at: new Date(at),
    })
    .execute()
}

/** As core reads it. */
export function toDecision(row: DecisionRow): Decision {
  const { stage, by_id, verdict, criteria, reason, for_ms, without_end, at } = row
  const forMs = without_end ? null : (for_ms ?? undefined)
  return { stage, by: by_id as UserId, verdict, criteria, reason: reason ?? undefined, forMs, at }
}

export type CommentRow = Selectable<Database['request_comment']>

export async function insertComment(tx: Tx, request: number, by: number, text: string): Promise<CommentRow> {
  return tx
    .insertInto('request_comment')
    .values({ request_id: request, by_id: by, text })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Oldest first. */
export async function listComments(
  db: Reader,
  request: number,
  { limit, cursor }: Pick<PageQuery, 'limit' | 'cursor'>,
): Promise<Page<CommentRow>> {
  const total = await countComments(db, request)
  const rows = await db
    .selectFrom('request_comment')
    .where('request_id', '=', request)
    .where('id', '>', readNumber(readCursor(cursor)) ?? 0)
    .selectAll()
    .orderBy('id')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, total, row => String(row.id))
}

export async function countComments(db: Reader, request: number): Promise<number> {
  const { count } = await db
    .selectFrom('request_comment')
    .where('request_id', '=', request)
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** Everybody who decided or said something. */
export async function involvedIn(db: Reader, request: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select by_id as id from request_decision where request_id = ${request}
    union select by_id from request_comment where request_id = ${request}`.execute(db)
  return rows.map(({ id }) => id)
}

// ── For whoever decides ──

export interface PastDecision {
  readonly request: number
  readonly beneficiary: number
  readonly verdict: 'approve' | 'deny'
  readonly reason: string | null
  readonly at: number
}

/** The newest ones on other requests for the same thing. */
export async function pastDecisions(
  db: Reader,
  { id, product_id, data_source_id }: RequestRow,
  limit: number,
): Promise<PastDecision[]> {
  const { rows } = await sql<PastDecision>`
    select request.id as request, beneficiary_id as beneficiary, verdict, reason, at
    from request join request_decision on request_id = request.id
    where request.id <> ${id} and (product_id = ${product_id} or data_source_id = ${data_source_id}::bigint)
    order by at desc, request.id desc, number desc limit ${limit}`.execute(db)
  return rows
}

export interface Alike {
  /** Null: of any of them. */
  readonly group: string | null
  readonly approved: number
  readonly denied: number
}

/** How many other people were approved or denied for the same thing, by group of the beneficiary and in all. */
export async function decidedAlike(
  db: Reader,
  { beneficiary_id, product_id, data_source_id }: RequestRow,
): Promise<Alike[]> {
  const { rows } = await sql<Alike>`
    select people_group.name as group,
      count(distinct beneficiary_id) filter (where state <> 'denied') as approved,
      count(distinct beneficiary_id) filter (where state = 'denied') as denied
    from request
    join group_member on group_member.person_id = request.beneficiary_id
    join people_group on people_group.id = group_member.group_id
    where (product_id = ${product_id} or data_source_id = ${data_source_id}::bigint)
      and beneficiary_id <> ${beneficiary_id} and decided_at is not null
      and group_member.group_id in (select group_id from group_member where person_id = ${beneficiary_id})
    group by grouping sets ((people_group.name), ())
    order by people_group.name nulls first`.execute(db)
  return rows
}

function all(db: Reader) {
  return db.selectFrom('request').selectAll('request')
}

function missing(id: number): never {
  throw new Problem('request-not-found', { id })
}

export function requestTarget({ id, name }: RequestRow): AuditTarget {
  return { type: 'REQUEST', id: String(id), name }
}
