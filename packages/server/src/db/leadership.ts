/**
 * Who works on an integration: the node that holds its advisory lock, under an epoch that rises with every new leader.
 *
 * The lock keeps others away while its connection lives; the epoch makes what an old leader still writes after that
 * worthless: every ledger write is conditional on it. A node that is stopped but not dead would keep its connection,
 * and its locks with it, for as long as TCP is patient: so each says every second that it is there, and whoever has
 * not done so for the length of a lease has its connection ended by the others.
 */
import type { Instant, IntegrationId } from '@headgate/core'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Db } from './open.ts'
import type { Session } from './session.ts'

export interface Leadership {
  readonly integration: IntegrationId
  readonly epoch: number
}

/** Somebody else leads by now: nothing was written, and nothing more must be done. */
export class LeadershipLost extends Error {
  constructor({ integration, epoch }: Leadership) {
    super(`epoch ${epoch} of integration ${integration} is over`)
    this.name = 'LeadershipLost'
  }
}

const lockClass = 0x4865_6164 // "Head"; with a second key, so apart from the locks of one key
const nodeClass = 0x4e6f_6465 // "Node"; held by each node for itself, so that its connection is known

export async function tryLock(session: Session, integration: IntegrationId): Promise<boolean> {
  return (await session.value('select pg_try_advisory_lock($1, $2)', [lockClass, integration])) === true
}

export async function unlock(session: Session, integration: IntegrationId): Promise<void> {
  await session.value('select pg_advisory_unlock($1, $2)', [lockClass, integration])
}

/** Joins in, on the connection that will hold the locks; answers this life's number. */
export async function joinNodes(session: Session, name: string): Promise<number> {
  const node = Number(await session.value('insert into node (name) values ($1) returning id', [name]))
  await session.value('select pg_advisory_lock($1, $2)', [nodeClass, node])
  return node
}

/** Says that the node is there; false: the others gave it up, and have taken or will take its locks. */
export async function renewLease(session: Session, node: number): Promise<boolean> {
  const renewed = await session.value('update node set seen_at = clock_timestamp() where id = $1 returning id', [node])
  return renewed !== undefined
}

/** To be called once no call is in flight. */
export async function leaveNodes(session: Session, node: number): Promise<void> {
  await session.value('delete from node where id = $1', [node])
}

/**
 * Ends the connections of the nodes that have not been heard of for so long, and with them their locks; answers their
 * names. One that is only late learns of it with its next renewal, and begins anew.
 */
export async function endSilentNodes(db: Db, leaseMs: number): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    with silent as (
      delete from node where seen_at < clock_timestamp() - ${leaseMs}::float8 * interval '1 ms' returning id, name
    )
    select silent.name, pg_terminate_backend(held.pid) from silent
    left join ${heldLocks} held on held.class = ${nodeClass} and held.key = silent.id`.execute(db.kysely)
  return rows.map(({ name }) => name)
}

export interface Sharing {
  /** The nodes that are there, by number. */
  readonly nodes: readonly number[]
  /** Integrations that somebody leads; 0: a node that does not say which it is. */
  readonly holders: ReadonlyMap<IntegrationId, number>
}

/** Who is there and who leads what, as the locks say. */
export async function readSharing(db: Db): Promise<Sharing> {
  const { rows } = await sql<{ class: number; key: number; node: number | null }>`
    with held as (select * from ${heldLocks} h)
    select held.class, held.key, owner.key as node from held
    left join held owner on owner.class = ${nodeClass} and owner.pid = held.pid
    where held.class = ${lockClass} or exists (select 1 from node where id = held.key)`.execute(db.kysely)
  const led = rows.filter(row => row.class === lockClass)
  return {
    nodes: rows.filter(row => row.class === nodeClass).map(({ key }) => key),
    holders: new Map(led.map(({ key, node }) => [key as IntegrationId, node ?? 0])),
  }
}

/** Advisory locks of two keys in this database. PostgreSQL shows them without their sign: it comes back with the bits. */
const heldLocks = sql`(
  select classid::int8::bit(32)::int as class, objid::int8::bit(32)::int as key, pid from pg_locks
  where locktype = 'advisory' and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database()))`

export interface Begun extends Leadership {
  /**
   * Whether no call of an earlier leader can be under way: it left in order, or was not heard of for a lease, in which
   * every call of its own has timed out.
   */
  readonly isOrderly: boolean
}

/** To be called by whoever holds the lock. */
export async function beginEpoch(db: Db, integration: IntegrationId, node: number): Promise<Begun> {
  return db.transaction(async tx => {
    await tx
      .insertInto('leadership')
      .values({ integration_id: integration })
      .onConflict(conflict => conflict.doNothing())
      .execute()
    const before = await tx
      .selectFrom('leadership')
      .select(['epoch', 'released'])
      // A node that is gone from the list ended in order, or was ended after its lease.
      .select(sql<boolean>`node_id is not null and not exists (select 1 from node where id = node_id)`.as('is_over'))
      .where('integration_id', '=', integration)
      .forUpdate()
      .executeTakeFirstOrThrow()
    const epoch = before.epoch + 1
    await tx
      .updateTable('leadership')
      .set({ epoch, released: false, node_id: node })
      .where('integration_id', '=', integration)
      .execute()
    return { integration, epoch, isOrderly: before.released || before.is_over }
  })
}

/** Says that no call is in flight: the successor need not wait. Changes nothing when there is one already. */
export async function endEpoch(db: Db, { integration, epoch }: Leadership): Promise<void> {
  await db.kysely
    .updateTable('leadership')
    .set({ released: true })
    .where('integration_id', '=', integration)
    .where('epoch', '=', epoch)
    .execute()
}

/** Nobody else begins an epoch until the transaction ends. Throws LeadershipLost. */
export async function assertLeading(tx: Tx, lead: Leadership): Promise<void> {
  const row = await tx
    .selectFrom('leadership')
    .select('epoch')
    .where('integration_id', '=', lead.integration)
    .where('epoch', '=', lead.epoch)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new LeadershipLost(lead)
}

/** The last change whose whole effect is in the ledger; `isSettled`: and AWS holds it. */
export async function recordCheckpoint(
  tx: Tx,
  { integration }: Leadership,
  { checkpoint, isSettled }: { readonly checkpoint?: number; readonly isSettled: boolean },
): Promise<void> {
  if (checkpoint === undefined && !isSettled) return
  await tx
    .updateTable('leadership')
    .set({
      ...(checkpoint === undefined ? {} : { checkpoint: sql<number>`greatest(checkpoint, ${checkpoint}::bigint)` }),
      ...(isSettled ? { settled_at: sql<Date>`now()` } : {}),
    })
    .where('integration_id', '=', integration)
    .execute()
}

export async function readCheckpoint(tx: Tx, integration: IntegrationId): Promise<number> {
  const row = await tx
    .selectFrom('leadership')
    .select('checkpoint')
    .where('integration_id', '=', integration)
    .executeTakeFirst()
  return row?.checkpoint ?? 0
}

/** When AWS was last seen to hold just what is wanted. */
export async function settledAt(tx: Tx, integration: IntegrationId): Promise<Instant | null> {
  const row = await tx
    .selectFrom('leadership')
    .select('settled_at')
    .where('integration_id', '=', integration)
    .executeTakeFirst()
  return row?.settled_at ?? null
}
