/**
 * Memberships as rows: who was let into which data product, at which level, since when, until when.
 *
 * Never deleted: one that is over says when and why. Several of one person, product and level stand side by side. People
 * are let in by `market/memberships.ts`; memberships end here, since people and products that go end theirs.
 */
import { type DataProductId, type Instant, type Level, marketplaceNames, productTag } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import type { Act, AuditTarget, Tx } from './act.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface MembershipRow {
  readonly id: number
  readonly product: string
  readonly person: number
  readonly userid: string
  readonly level: Level
  readonly since: Instant
  /** The first instant without it. */
  readonly until: Instant | null
  readonly request: number | null
  /** Who made that request. */
  readonly requester: number | null
  /** When it was over, and why; the end by date is noticed a moment after `until`. */
  readonly endedAt: Instant | null
  readonly endedCause: string | null
}

/** Which ones; all that is said has to be so. */
export interface MembershipFilter {
  readonly ids?: readonly number[]
  readonly product?: string
  readonly person?: number
  readonly request?: number
}

export interface NewMembership {
  readonly product: string
  readonly person: number
  readonly level: Level
  readonly until?: Instant
  readonly request?: number
}

/** Why it is over; core's brake knows each of them. */
export type MembershipEnd =
  | 'membership-revoked'
  | 'membership-expired'
  | 'product-unpublished'
  | 'product-deleted'
  | 'user-deleted'

/** By id. @param live only those that hold at the time of the transaction */
export async function memberships(
  db: Reader,
  filter: MembershipFilter,
  { live = false }: { readonly live?: boolean } = {},
): Promise<MembershipRow[]> {
  return joined(db)
    .where(matching(filter))
    .$if(live, chosen => chosen.where(isLive))
    .orderBy('membership.id')
    .execute()
}

/** Not over, neither by hand nor by date. */
export const isLive = sql<boolean>`(membership.ended_at is null and (membership.until is null or membership.until > now()))`

export async function insertMembership({ tx, now }: Act, given: NewMembership): Promise<MembershipRow> {
  const { product, person, level, until, request } = given
  const { id } = await tx
    .insertInto('membership')
    .values({
      product_id: product,
      person_id: person,
      level,
      since: new Date(now),
      until: until === undefined ? null : new Date(until),
      request_id: request ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return joined(tx).where('membership.id', '=', id).executeTakeFirstOrThrow()
}

/** Ends those that are not over yet; at least one thing has to be said about which. @returns what they were */
export async function endMemberships(
  doing: Act,
  filter: MembershipFilter,
  cause: MembershipEnd,
): Promise<MembershipRow[]> {
  if (Object.values(filter).every(one => one === undefined)) throw new RangeError('all memberships there are')
  const ended = await markEnded(doing, filter, cause)
  for (const row of ended) {
    doing.changed('membership', row.id, null, cause)
    doing.audit({
      action: cause === 'membership-expired' ? 'EXPIRE' : 'REVOKE',
      targetType: 'MEMBERSHIP',
      targets: [membershipTarget(row)],
      relatedResources: [
        { type: 'DATA_PRODUCT', id: row.product },
        { type: 'USER', id: String(row.person), name: row.userid },
      ],
      payload: { type: 'MembershipEnded', cause, before: describedMembership(row) },
    })
  }
  return ended
}

/** Those of them that were not over yet, as they were before. */
async function markEnded({ tx, now }: Act, filter: MembershipFilter, cause: string): Promise<MembershipRow[]> {
  const before = await joined(tx)
    .where(matching(filter))
    .where('membership.ended_at', 'is', null)
    .orderBy('membership.id')
    .forUpdate('membership')
    .execute()
  await tx
    .updateTable('membership')
    .set({ ended_at: new Date(now), ended_cause: cause })
    .where('id', '=', sql<number>`any(${before.map(({ id }) => id)})`)
    .execute()
  return before
}

/** What people hold by them, as the policy language sees it: of several of one product the one that lasts longest. */
export async function heldThroughProducts(db: Reader, people: readonly number[]) {
  const rows = await db
    .selectFrom('membership')
    .where('person_id', '=', sql<number>`any(${people})`)
    .where(isLive)
    .select(['person_id', 'product_id', 'level'])
    .select(sql<Instant | null>`case when bool_or(until is null) then null else max(until) end`.as('until'))
    .groupBy(['person_id', 'product_id', 'level'])
    .orderBy('product_id')
    .orderBy('level')
    .execute()
  const byPerson = Map.groupBy(rows, row => row.person_id)
  return (person: number) =>
    (byPerson.get(person) ?? []).map(({ product_id, level, until }) => ({
      key: marketplaceNames[level].key,
      value: productTag(product_id as DataProductId, level),
      source: 'marketplace',
      ...(until === null ? {} : { until: new Date(until).toISOString() }),
    }))
}

/** Some of those whose end has come and that nobody is noticing, the longest over first. */
export async function dueMemberships(tx: Tx, limit: number): Promise<number[]> {
  const rows = await tx
    .selectFrom('membership')
    .where('ended_at', 'is', null)
    .where('until', '<=', sql<number>`now()`)
    .select('id')
    .orderBy('until')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map(({ id }) => id)
}

function matching({ ids, product, person, request }: MembershipFilter) {
  return sql<boolean>`(
    (${ids === undefined} or membership.id = any(${ids ?? []}::bigint[]))
    and (${product ?? null}::text is null or membership.product_id = ${product ?? null})
    and (${person ?? null}::bigint is null or membership.person_id = ${person ?? null})
    and (${request ?? null}::bigint is null or membership.request_id = ${request ?? null}))`
}

function joined(db: Reader) {
  return db
    .selectFrom('membership')
    .innerJoin('person', 'person.id', 'membership.person_id')
    .leftJoin('request', 'request.id', 'membership.request_id')
    .select([
      'membership.id',
      'membership.product_id as product',
      'membership.person_id as person',
      'person.userid',
      'membership.level',
      'membership.since',
      'membership.until',
      'membership.request_id as request',
      'request.requester_id as requester',
      'membership.ended_at as endedAt',
      'membership.ended_cause as endedCause',
    ])
}

export function membershipTarget({ id }: MembershipRow): AuditTarget {
  return { type: 'MEMBERSHIP', id: String(id) }
}

/** For audit events. */
export function describedMembership({ level, since, until, request }: MembershipRow) {
  return {
    level,
    since: new Date(since).toISOString(),
    ...(until === null ? {} : { until: new Date(until).toISOString() }),
    ...(request === null ? {} : { request }),
  }
}
