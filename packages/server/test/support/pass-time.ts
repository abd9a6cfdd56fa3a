/**
 * As if time had gone by: whatever requests, memberships and members by request have dated is put into the past, and
 * told like any change of facts. Nobody has to wait for a clock.
 */
import type { Instant, Level } from '@headgate/core'
import { sql } from 'kysely'
import { act, system } from '../../src/db/act.ts'
import type { Db } from '../../src/db/open.ts'

export async function passTime(db: Db, ms: number): Promise<void> {
  const by = sql`make_interval(secs => ${ms / 1000}::double precision)`
  await act(db, system, async ({ tx, changed }) => {
    await sql`update request set created_at = created_at - ${by}, expires_at = expires_at - ${by},
      decided_at = decided_at - ${by}, until = until - ${by}, reminded_at = reminded_at - ${by}`.execute(tx)
    const { rows: memberships } = await sql<Dated & { readonly product: string }>`
      update membership set since = since - ${by}, until = until - ${by} where ended_at is null
      returning id, person_id as user, product_id as product, level, until`.execute(tx)
    for (const { until, ...row } of memberships) {
      changed('membership', row.id, { ...row, ...ending(until) }, 'membership-expired')
    }
    const { rows: members } = await sql<Dated & { readonly dataSource: number }>`
      update member set until = until - ${by} where request_id is not null
      returning id, person_id as user, data_source_id as "dataSource", level, until`.execute(tx)
    for (const { id, user, dataSource, level, until } of members) {
      changed('member', id, { id, dataSource, subject: { user }, level, ...ending(until) }, 'member-expired')
    }
  })
}

interface Dated {
  readonly id: number
  readonly user: number
  readonly level: Level
  readonly until: Instant | null
}

function ending(until: Instant | null) {
  return until === null ? {} : { until }
}
