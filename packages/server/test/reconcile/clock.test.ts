/** Clocks that are wrong: the machine's decides nothing, and AWS's is gone by. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { assertAsEntitled } from './as-entitled.ts'
import { inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

const day = 86_400_000

/** The machine's clock, from now to the end of the test. */
function moveClock(t: TestContext, byMs: number): void {
  const { now } = Date
  t.mock.method(Date, 'now', () => now() + byMs)
}

async function setMember({ server }: Lake, id: number, userId: number, untilMs?: number): Promise<void> {
  const { rows } = await sql<{ now: number }>`select clock_timestamp() as now`.execute(server.db.kysely)
  const end = untilMs === undefined ? {} : { until: new Date((rows[0]?.now ?? 0) + untilMs).toISOString() }
  const body = { level: 'READ' as const, reason: 'needed', ...end }
  await server.admin.dataSources.setMember({ params: { id, userId }, body })
}

for (const [name, byMs] of [
  ['a day ahead', day],
  ['a day behind', -day],
] as const) {
  test(`the machine's clock is put ${name}: memberships end when the database says so, and work goes on`, async t => {
    const here = await lake(t)
    await here.start()
    const id = await register(here, 's3://research-data/finance/*')
    const [ann, bob, cy] = [await person(here, 'ann'), await person(here, 'bob'), await person(here, 'cy')]
    await setMember(here, id, ann, day / 2)
    await setMember(here, id, bob, 3000)
    await until('both', () => inAws(here).length === 2)
    moveClock(t, byMs)
    await setMember(here, id, cy)
    await until('the third', () => inAws(here).some(one => one.includes('cy')))
    await until('the end of the one that ends', () => inAws(here).every(one => !one.includes('bob')))
    await quiet(here)
    assert.ok(inAws(here).some(one => one.includes('ann')))
    await assertAsEntitled(here)
    await here.server.admin.dataSources.removeMember({ params: { id, userId: ann } })
    await until('revoked', () => inAws(here).length === 1)
    await quiet(here)
    await assertAsEntitled(here)
  })
}

for (const [name, clockSkewMs] of [
  ['ahead', 3_600_000],
  ['behind', -3_600_000],
] as const) {
  test(`AWS's clock is an hour ${name}: what it refuses for that is asked again by its time`, async t => {
    const here = await lake(t)
    await here.start()
    const id = await register(here, 's3://research-data/finance/*')
    const [ann, bob] = [await person(here, 'ann'), await person(here, 'bob')]
    await setMember(here, id, ann)
    await until('one', () => inAws(here).length === 1)
    await quiet(here)
    here.server.sandbox.faults.set({ clockSkewMs })
    await setMember(here, id, bob)
    await until('the other', () => inAws(here).length === 2)
    await here.server.admin.dataSources.removeMember({ params: { id, userId: ann } })
    await until('revoked', () => inAws(here).length === 1)
    await quiet(here)
    await assertAsEntitled(here)
  })
}
