/**
 * Memberships of data products that end within one minute: from each one's end to AWS having answered that its grant is
 * gone, as the ledger tells it. The grants were made by the real provisioning; database and sandbox are processes of
 * their own; the sandbox answers after 20 ms and throttles at 400 a second, with a burst of 40.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { act, system } from '../packages/server/src/db/act.ts'
import { startNoticingEnds } from '../packages/server/src/market/expiry.ts'
import { setTaggedSources } from '../packages/server/src/market/tagged-sources.ts'
import { startChangeLoop } from '../packages/server/src/reconcile/change-loop.ts'
import { storeProduct } from '../packages/server/test/support/products.ts'
import { type BenchLake, connectedLake, fill } from './lib/lake.ts'
import { type Bench, spreadOf } from './lib/report.ts'

const limit = { perSecond: 400, burst: 40, latencyMs: 20 }

export async function measure(smoke: boolean): Promise<Bench> {
  const [memberships, products, withinMs] = smoke ? [40, 4, 1000] : [10_000, 100, 60_000]
  const lake = await connectedLake(memberships)
  const { server } = lake
  try {
    await fill(lake, memberships, products)
    await letIn(lake, products)
    await server.world.index.start()
    const loop = await startChangeLoop(server.world)
    const noticing = startNoticingEnds(server.world)
    try {
      while ((await counted(lake, 'active')) < memberships) await sleep(200)
      await lake.setFaults({
        rules: [
          { kind: 'latency', ms: limit.latencyMs, service: 's3control' },
          { kind: 'throttle', perSecond: limit.perSecond, burst: limit.burst, service: 's3control' },
        ],
      })
      await setEnds(lake, smoke ? 500 : 10_000, withinMs)
      const cpuBefore = process.cpuUsage()
      while ((await counted(lake, 'revoked')) < memberships) await sleep(200)
      const { user, system: ofSystem } = process.cpuUsage(cpuBefore)
      const { median, p99, min, max } = spreadOf(await waits(lake))
      const calls = await lake.calls('DeleteAccessGrant')
      const figure = (what: string, value: number) => {
        return { name: `end to DeleteAccessGrant answered: ${what}`, value, unit: 'ms', better: 'lower' as const }
      }
      return {
        settings: { memberships, products, withinMs, ...limit },
        figures: [
          { ...figure('p99', p99), reach: 60_000 },
          ...[figure('median', median), figure('fastest', min), figure('slowest', max)],
          { name: 'throttled calls', value: calls - memberships, unit: 'calls', better: 'lower' },
          {
            name: 'CPU of this process for a membership',
            value: (user + ofSystem) / 1000 / memberships,
            unit: 'ms',
            better: 'lower',
          },
        ],
      }
    } finally {
      await noticing.stop()
      await loop.stop()
    }
  } finally {
    await lake.close()
  }
}

/** Everybody into one product of a data source of its own, without an end for now. */
async function letIn({ server: { db } }: BenchLake, products: number): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select id from data_source order by split_part(name, ' ', 2)::int`.execute(db.kysely)
  for (const [n, { id }] of rows.entries()) {
    await storeProduct(db, { id: `product${n}` })
    const tagged = { dataSources: [id], levels: ['READ' as const] }
    await act(db, system, doing => setTaggedSources(doing, `product${n}`, tagged, 'product-published'))
  }
  await sql`insert into membership (product_id, person_id, level)
    select 'product' || split_part(userid, '-', 2)::int % ${products}::int, id, 'READ' from person
    where userid like 'person-%'`.execute(db.kysely)
}

/** Spread evenly, from `afterMs` from now on. */
async function setEnds({ server: { db } }: BenchLake, afterMs: number, withinMs: number): Promise<void> {
  await act(db, system, async ({ tx, now, changed }) => {
    const { rows } = await sql<{ id: number; user: number; product: string; until: number }>`
      update membership set until = ${new Date(now + afterMs)}::timestamptz
        + interval '1 ms' * (${withinMs}::float8 * n / total)
      from (select id as numbered, row_number() over (order by id) as n, count(*) over () as total from membership) all_of
      where id = numbered returning id, person_id as user, product_id as product, until`.execute(tx)
    for (const row of rows) changed('membership', row.id, { ...row, level: 'READ' }, 'membership-added')
  })
}

async function counted({ server: { db } }: BenchLake, state: 'active' | 'revoked'): Promise<number> {
  const { n } = await db.kysely
    .selectFrom('ledger')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('state', '=', state)
    .executeTakeFirstOrThrow()
  return n
}

/** In milliseconds; of each person's one membership and one grant. */
async function waits({ server: { db } }: BenchLake): Promise<number[]> {
  const { rows } = await sql<{ ms: number; held: boolean }>`
    select extract(epoch from ledger.revoked_at - membership.until)::float8 * 1000 as ms, held is not null as held
    from ledger join membership using (person_id)`.execute(db.kysely)
  assert.ok(
    rows.every(({ held, ms }) => !held && ms >= 0),
    'nothing goes before its end, and the brake holds nothing',
  )
  return rows.map(({ ms }) => ms)
}
