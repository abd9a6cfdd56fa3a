/** Cut at every boundary of a comparison, as kill -9 would: the next leader compares anew, and ends with the same. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openDatabase } from '../../src/db/open.ts'
import type { Boundary } from '../../src/reconcile/boundary.ts'
import { startChangeLoop } from '../../src/reconcile/change-loop.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { createByHand, deleteByHand, grantOf, instanceOf, settled, tenantOf } from './audit-world.ts'
import { cutAt, killLeader } from './cut-world.ts'
import { inAws, lake, quiet, until } from './reconcile-world.ts'

const boundaries: readonly Boundary[] = [
  'before scan',
  'after scan',
  'before page',
  'after page',
  'before repair',
  'after repair',
  'before remove',
  'after remove',
  'before scan end',
  'after scan end',
]

for (const name of boundaries) {
  test(`cut ${name}: one grant made again, one orphan removed, a foreign one left`, { timeout: 120_000 }, async t => {
    const here = await lake(t)
    const first = await here.start({ callTimeoutMs: 50 })
    await settled(here, 'ann', 'bob')
    await first.stop()
    await deleteByHand(here, grantOf(here, 'ann').id)
    const tags = { 'headgate:tenant': await tenantOf(here), 'headgate:intent': randomUUID() }
    const orphan = await createByHand(here, 'ann', { prefix: 'lost/*', tags })
    const foreign = await createByHand(here, 'bob', { prefix: 'theirs/*' })
    const made = instanceOf(here).sequence

    const cut = cutAt(name, 1)
    const db = openDatabase(here.server.databaseUrl, { maxConnections: 4 })
    const old = await startChangeLoop({ ...here.server.world, db }, { atBoundary: cut.atBoundary })
    const params = { id: here.integration }
    await here.server.admin.drift.resync({ params })
    await until('the cut', () => cut.isCut())
    await killLeader(here)

    await here.start({ callTimeoutMs: 50 })
    if (name === 'after scan end') await here.server.admin.drift.resync({ params })
    await until('as it should be', () =>
      inAws(here).some(one => one.startsWith('READ ann s3://research-data/finance/')),
    )
    await until('the orphan gone', () => !instanceOf(here).grants.has(orphan))
    await until('a report', async () => (await here.server.admin.drift.read({ params })).latest !== undefined)
    cut.release()
    await old.stop()
    await db.close()
    await quiet(here)
    assert.equal(instanceOf(here).sequence, made + 1, 'made again once')
    assert.ok(instanceOf(here).grants.delete(foreign))
    await assertAsEntitled(here)
  })
}
