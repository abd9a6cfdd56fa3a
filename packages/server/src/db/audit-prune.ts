/**
 * Takes the texts of old events away, as the owner of the tables alone can; their hashes stay, so the chain still holds,
 * and the chain itself says what was taken.
 *
 * Never more than is signed by a checkpoint and has been exported wherever it is to be. Events about the trail itself
 * stay: verification reads them.
 */
import { sql } from 'kysely'
import { act, system, type Tx } from './act.ts'
import { trail } from './audit-key.ts'
import type { Db } from './open.ts'

/** Positions that one transaction takes. */
const mostAtOnce = 20_000

const pruneLock = 0x5072_756e // "Prun"

/**
 * @param owner as whoever owns the tables
 * @returns how many events are gone now
 */
export async function pruneAudit(owner: Db, olderThanDays: number): Promise<number> {
  let pruned = 0
  for (;;) {
    const { result } = await act(owner, system, async ({ tx, audit }) => {
      // Another node that prunes takes what comes after, or the chain would say twice of one event that it went.
      await sql`select pg_advisory_xact_lock(${pruneLock})`.execute(tx)
      const range = await nextRange(tx, olderThanDays)
      if (!range) return undefined
      await sql`select set_config('headgate.audit_prune', 'on', true)`.execute(tx)
      const gone = await take(tx, range)
      audit({
        action: 'PRUNE',
        targetType: trail.type,
        targets: [trail],
        payload: { type: 'AuditPruned', from: range.from, through: range.through, events: gone, olderThanDays },
      })
      return gone
    })
    if (result === undefined) return pruned
    pruned += result
  }
}

interface Range {
  readonly from: number
  readonly through: number
}

/** From the oldest that is there to the one before the first that must stay. */
async function nextRange(tx: Tx, olderThanDays: number): Promise<Range | undefined> {
  const { rows } = await sql<{ from: number | null; through: number | null }>`
    with oldest as (
      select min(position) as position from audit_entry where target_type <> ${trail.type}
    ), bounds as (
      select oldest.position as "from", least(
        oldest.position + ${mostAtOnce - 1},
        (select coalesce(max(last_position), 0) from audit_checkpoint),
        (select min(exported_through) from audit_export where enabled)
      ) as through from oldest
    )
    select "from", least(through, (
      select min(position) - 1 from audit_entry
      where position between "from" and through and at >= now() - ${olderThanDays}::int * interval '1 day'
    )) as through from bounds`.execute(tx)
  const { from = null, through = null } = rows[0] ?? {}
  return from === null || through === null || through < from ? undefined : { from, through }
}

async function take(tx: Tx, { from, through }: Range): Promise<number> {
  const { rows } = await sql<{ gone: number }>`
    with known as (
      insert into audit_pruned_actor (actor_id)
      select distinct actor_id from audit_entry where position between ${from} and ${through} and actor_id is not null
      on conflict do nothing
    ), entries as (
      delete from audit_entry where position between ${from} and ${through} and target_type <> ${trail.type}
      returning position
    ), events as (
      delete from audit_event told using audit_seal seal, entries
      where seal.position = entries.position and told.sequence = seal.sequence returning 1
    )
    select count(*) as gone from events`.execute(tx)
  return rows[0]?.gone ?? 0
}
