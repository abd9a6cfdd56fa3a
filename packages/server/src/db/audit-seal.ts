/**
 * Seals what happened: takes events from the queue, gives them their places in the chain and links the next batch.
 *
 * Whoever holds the lock seals; others wait or turn away, so that there is one chain whatever number of nodes. What
 * commits late is in the queue once it has, and comes after what was sealed before it: no gap of a sequence matters.
 * Never changes a row of the chain.
 */
import { sql } from 'kysely'
import { hashOfBatch, hashOfEvent, hashOfEvents, nothingBefore } from '../audit/chain.ts'
import { type Entry, entryOf } from '../audit/entry.ts'
import type { Tx } from './act.ts'
import type { Db } from './open.ts'

/** Events in one batch at most: what one transaction holds in memory. */
const mostAtOnce = 2000

const sealLock = 0x5365_616c // "Seal"

/**
 * Links one batch.
 * @param options.wait: whether to wait for another node that is sealing
 * @returns whether more may wait
 */
export async function sealBatch(db: Db, options: { readonly wait: boolean }): Promise<boolean> {
  return db.transaction(async tx => {
    if (!(await takeLock(tx, options.wait))) return false
    const { rows } = await sql<{ sequence: number; event: string }>`
      select sequence, event from audit_unsealed join audit_event using (sequence)
      order by sequence limit ${mostAtOnce}`.execute(tx)
    if (rows.length === 0) return false
    await link(tx, rows)
    return rows.length === mostAtOnce
  })
}

/** Seals all that has happened by now. */
export async function sealAll(db: Db): Promise<void> {
  if (!(await isWaiting(db))) return
  while (await sealBatch(db, { wait: true })) {
    // Another batch.
  }
}

/** Whether anything is to be sealed. */
export async function isWaiting(db: Db): Promise<boolean> {
  const { rows } = await sql`select from audit_unsealed limit 1`.execute(db.kysely)
  return rows.length > 0
}

async function takeLock(tx: Tx, wait: boolean): Promise<boolean> {
  if (wait) {
    await sql`select pg_advisory_xact_lock(${sealLock})`.execute(tx)
    return true
  }
  const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${sealLock}) as mine`.execute(tx)
  return rows[0]?.mine === true
}

async function link(tx: Tx, rows: readonly { readonly sequence: number; readonly event: string }[]): Promise<void> {
  const before = await lastBatch(tx)
  const hashes = rows.map(({ event }) => hashOfEvent(event))
  const entries = rows.map(({ event }) => entryOf(JSON.parse(event)))
  const batch = {
    number: (before?.number ?? 0) + 1,
    sealedAt: before?.now ?? (await nowOf(tx)),
    firstPosition: (before?.last_position ?? 0) + 1,
    lastPosition: (before?.last_position ?? 0) + rows.length,
    previousHash: before?.hash ?? nothingBefore,
    eventsHash: hashOfEvents(hashes),
  }
  const positions = rows.map((_, at) => batch.firstPosition + at)
  const sequences = rows.map(({ sequence }) => sequence)
  await sql`
    with batch as (
      insert into audit_batch (number, sealed_at, first_position, last_position, previous_hash, events_hash, hash)
      values (${batch.number}, ${new Date(batch.sealedAt)}, ${batch.firstPosition}, ${batch.lastPosition},
        ${batch.previousHash}, ${batch.eventsHash}, ${hashOfBatch(batch)})
    ), seal as (
      insert into audit_seal (position, sequence, hash)
      select * from unnest(${positions}::bigint[], ${sequences}::bigint[], ${hashes}::bytea[])
    ), entry as (${insertEntries(positions, entries)})
    delete from audit_unsealed where sequence = any(${sequences}::bigint[])`.execute(tx)
}

function insertEntries(positions: readonly number[], entries: readonly Entry[]) {
  const column = <T>(of: (entry: Entry) => T) => entries.map(of)
  return sql`
    insert into audit_entry (position, at, action, status, type, target_type, actor_id, actor, request_id, about)
    select position, at, action, status, type, target_type, actor_id, actor, request_id,
      array(select jsonb_array_elements_text(about))
    from unnest(${positions}::bigint[], ${column(one => new Date(one.at))}::timestamptz[],
      ${column(one => one.action)}::text[], ${column(one => one.status)}::text[], ${column(one => one.type)}::text[],
      ${column(one => one.targetType)}::text[], ${column(one => one.actorId)}::bigint[],
      ${column(one => one.actor)}::text[], ${column(one => one.requestId)}::text[],
      ${column(one => JSON.stringify(one.about))}::jsonb[])
    as given (position, at, action, status, type, target_type, actor_id, actor, request_id, about)`
}

async function lastBatch(tx: Tx) {
  return tx
    .selectFrom('audit_batch')
    .select(['number', 'last_position', 'hash'])
    .select(sql<number>`date_trunc('milliseconds', clock_timestamp())`.as('now'))
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
}

async function nowOf(tx: Tx): Promise<number> {
  const { rows } = await sql<{ now: number }>`select date_trunc('milliseconds', clock_timestamp()) as now`.execute(tx)
  return rows[0]?.now ?? 0
}
