/**
 * The one way to change anything: a transaction that also says what changed and who did it.
 *
 * Every change of a fact appends to `fact_change`, every act to `audit_event`, in the transaction of the change itself:
 * all of it is stored or none. Ids of `fact_change` rise in commit order, because they are taken under one lock as the
 * last step before commit; long writes do not block each other before that.
 */
import { randomUUID } from 'node:crypto'
import type { Instant } from '@headgate/core'
import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Db, UnstoredChange } from './open.ts'
import type { Database } from './schema.ts'

export type Tx = Transaction<Database>

/** Whoever does something. `system` is Headgate itself: the change loop, an expiry, start-up. */
export interface Actor {
  readonly type: 'user' | 'identityProvider' | 'system'
  readonly id?: number
  readonly userid: string
  readonly name: string
  readonly ip?: string
  readonly requestId?: string
  /** Which API key or session was used. */
  readonly sessionId?: string
  /** What proved who it is: `local` or the name of an identity provider; absent with a key. */
  readonly identityProvider?: string
  /** Holds what is about to be stored against what the actor was shown: throws to refuse it. Nobody else stores meanwhile. */
  readonly confirm?: ((tx: Tx, changes: readonly UnstoredChange[]) => Promise<void>) | undefined
}

export const system: Actor = { type: 'system', userid: 'headgate', name: 'Headgate' }

/** What may be said of a change that alters who reaches what. */
export type FactEntity =
  | 'user'
  | 'group'
  | 'groupMember'
  | 'attribute'
  | 'principal'
  | 'integration'
  | 'dataSource'
  | 'dataSourceTag'
  | 'dataSourceDomain'
  | 'domain'
  | 'member'
  | 'policy'
  | 'selection'
  | 'subscription'
  | 'dataProduct'
  | 'membership'

export interface AuditTarget {
  readonly type: string
  readonly id: string
  readonly name?: string
}

/** The part of an audit event (07) that the act itself knows; envelope, actor and time are added. */
export interface AuditEntry {
  /** Default `SUCCESS`. */
  readonly actionStatus?: 'SUCCESS' | 'FAILURE'
  /** Upper case: `CREATE`, `UPDATE`, `DELETE`, `ACTIVATE` … */
  readonly action: string
  readonly targetType: string
  readonly targets: readonly AuditTarget[]
  readonly relatedResources?: readonly AuditTarget[]
  /** `type` names the event, e.g. `PolicyActivated`; before and after for changes; never a secret. */
  readonly payload: { readonly type: string } & Readonly<Record<string, unknown>>
}

export interface Act {
  readonly tx: Tx
  readonly actor: Actor
  /** Database time at the start of the transaction. */
  readonly now: Instant
  /** Say that a fact is now `after`, or gone (null). The cause ends up on the ledger rows that it brings about. */
  changed(entity: FactEntity, id: string | number, after: object | null, cause: string): void
  audit(entry: AuditEntry): void
}

export interface Done<T> {
  readonly result: T
  /** The id of the last fact change, when there was one: what `Headgate-Sequence` answers. */
  readonly sequence?: number
}

/** Runs `work` in one transaction and stores what it said about itself; throws what it throws, with nothing stored. */
export async function act<T>(db: Db, actor: Actor, work: (act: Act) => Promise<T>): Promise<Done<T>> {
  return db.transaction(async tx => {
    const { now, tenantId } = await clock(tx)
    const changes: NewChange[] = []
    const entries: AuditEntry[] = []
    const result = await work({
      tx,
      actor,
      now,
      changed: (entity, id, after, cause) => void changes.push({ entity, entityId: String(id), after, cause }),
      audit: entry => void entries.push(entry),
    })
    if (db.onRehearsed) {
      db.onRehearsed(changes)
      return { result }
    }
    const audit = entries.length === 0 ? undefined : auditing(actor, now, tenantId, entries)
    const sequence = await appendChanges(tx, actor, changes, audit)
    return sequence === undefined ? { result } : { result, sequence }
  })
}

interface NewChange extends UnstoredChange {
  readonly entity: FactEntity
}

async function clock(tx: Tx): Promise<{ now: Instant; tenantId: string }> {
  const row = await tx
    .selectFrom('tenant')
    .select(['id', sql<number>`now()`.as('now')])
    .executeTakeFirstOrThrow()
  return { now: row.now, tenantId: row.id }
}

/** What stores what was done, as common tables of a statement: the events, and that they are to be sealed. */
function auditing(actor: Actor, now: Instant, tenantId: string, entries: readonly AuditEntry[]): RawBuilder<unknown> {
  const timestamp = new Date(now).toISOString()
  const events = entries.map(entry => {
    const { payload, ...rest } = entry
    return {
      id: randomUUID(),
      eventTimestamp: timestamp,
      receivedTimestamp: timestamp,
      actionStatus: 'SUCCESS',
      ...rest,
      actor: {
        type: actor.type,
        id: actor.id ?? null,
        name: actor.userid,
        identityProvider: actor.identityProvider ?? null,
      },
      actorIp: actor.ip ?? null,
      relatedResources: entry.relatedResources ?? [],
      requestId: actor.requestId ?? null,
      sessionId: actor.sessionId ?? null,
      tenantId,
      auditPayload: { version: 1, ...payload },
    }
  })
  return sql`told as (
    insert into audit_event (id, event_timestamp, action, target_type, actor_id, request_id, event)
    select id, ${new Date(now)}::timestamptz, action, target_type, ${actor.id ?? null}::bigint,
      ${actor.requestId ?? null}::text, event
    from unnest(${events.map(one => one.id)}::uuid[], ${entries.map(one => one.action)}::text[],
      ${entries.map(one => one.targetType)}::text[], ${events.map(one => JSON.stringify(one))}::text[])
    with ordinality as given (id, action, target_type, event, position) order by position
    returning sequence),
  audited as (insert into audit_unsealed (sequence) select sequence from told)`
}

/** Serialises writers for the moment between here and commit, so that ids rise in commit order. */
const appendLock = 0x4865_6164 // "Head"

/** @param audit goes with the first of them: one way to the database less */
async function appendChanges(
  tx: Tx,
  actor: Actor,
  changes: readonly NewChange[],
  audit: RawBuilder<unknown> | undefined,
): Promise<number | undefined> {
  if (actor.confirm) {
    await sql`select pg_advisory_xact_lock(${appendLock})`.execute(tx)
    await actor.confirm(tx, changes)
  }
  if (changes.length === 0 && audit) await sql`with ${audit} select`.execute(tx)
  let last: number | undefined
  for (const [at, batch] of batchesOf(changes, 10_000).entries()) {
    const audited = at === 0 && audit ? sql`${audit},` : sql``
    // As arrays: a statement of so many rows would take longer to write than to run. The lock is taken by the very
    // statement that takes the ids, before the first of them.
    const { rows } = await sql<{ last: number }>`
      with ${audited} stored as (
        insert into fact_change (id, entity, entity_id, after, cause, actor_id, previewed)
        select nextval('fact_change_sequence'), entity, entity_id, after, cause,
          ${actor.id ?? null}::bigint, ${actor.confirm !== undefined}::boolean
        from (
          select * from unnest(${batch.map(one => one.entity)}::text[], ${batch.map(one => one.entityId)}::text[],
            ${batch.map(one => JSON.stringify(one.after))}::jsonb[], ${batch.map(one => one.cause)}::text[])
          with ordinality as given (entity, entity_id, after, cause, position) order by position
        ) given, (select pg_advisory_xact_lock(${appendLock}) offset 0) locked
        returning id)
      select max(id) as last from stored`.execute(tx)
    last = rows[0]?.last ?? last
  }
  return last
}

function batchesOf<T>(rows: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(rows.length / size)
  return Array.from({ length: count }, (_, at) => rows.slice(at * size, (at + 1) * size))
}
