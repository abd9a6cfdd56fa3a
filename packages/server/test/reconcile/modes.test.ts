/** A mode means what it says also for what was begun before it was set. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { crowd, grants, inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

const path = 's3://research-data/one/*'
const setMode = ({ server, integration: id }: Lake, mode: 'observe' | 'add' | 'enforce') =>
  server.admin.restraint.setMode({ params: { id }, body: { mode } })
const addMember = ({ server }: Lake, id: number, userId: number) =>
  server.admin.dataSources.setMember({ params: { id, userId }, body: { level: 'READ', reason: 'a project' } })
const planned = ({ server }: Lake) =>
  until('planned', async () => {
    const { rows } = await sql<{ done: boolean }>`
      select (select max(id) from fact_change) <= min(checkpoint) as done from leadership`.execute(server.db.kysely)
    return rows[0]?.done
  })

test('observe calls nothing, not even for what was cut off before it; enforce takes that up', async t => {
  const here = await lake(t)
  const { admin, db, sandbox } = here.server
  const source = await register(here, path)
  const [ann, ben, cleo] = [await person(here, 'ann'), await person(here, 'ben'), await person(here, 'cleo')]
  for (const one of [ann, ben, cleo]) await addMember(here, source, one)
  const loop = await here.start()
  await until('all', () => inAws(here).length === 3)
  await quiet(here)
  await loop.stop()
  await setMode(here, 'observe')
  for (const userId of [ann, cleo]) await admin.dataSources.removeMember({ params: { id: source, userId } })
  await sql`update ledger set state = 'revoking', revoking_at = now() where person_id = ${ann}`.execute(db.kysely)
  await sql`update ledger set state = 'creating', active_at = null, aws_grant_id = null, unanswered = true
    where person_id in (${ben}, ${cleo})`.execute(db.kysely)
  const before = sandbox.calls()
  await here.start()
  await planned(here)
  await sleep(500)
  assert.deepEqual(sandbox.calls(), before)
  await setMode(here, 'enforce')
  await until('ben alone', () => inAws(here).join() === `READ ben ${path}`)
  await quiet(here)
})

test('add deletes nothing that AWS refused to delete before, and gives nobody a second grant beside it', async t => {
  const here = await lake(t)
  const { admin, db, sandbox } = here.server
  const source = await register(here, path)
  const ann = await person(here, 'ann')
  await addMember(here, source, ann)
  const loop = await here.start()
  await until('ann', () => inAws(here).length === 1)
  await quiet(here)
  await loop.stop()
  await setMode(here, 'add')
  await admin.dataSources.removeMember({ params: { id: source, userId: ann } })
  await sql`update ledger set state = 'revokeFailed', revoking_at = now(), attempts = 1, next_try_at = now()`.execute(
    db.kysely,
  )
  const before = sandbox.calls()
  await here.start()
  await planned(here)
  await addMember(here, source, ann)
  await planned(here)
  await sleep(300)
  assert.deepEqual(sandbox.calls(), before)
  assert.deepEqual(inAws(here), [`READ ann ${path}`])
  await admin.dataSources.removeMember({ params: { id: source, userId: ann } })
  await setMode(here, 'enforce')
  await until('nothing', () => inAws(here).length === 0)
})

test('whoever sets the mode to add in the middle of a run stops its revocations', async t => {
  const here = await lake(t)
  const { admin, sandbox } = here.server
  await here.start()
  await register(here, path)
  await crowd(here, 40)
  const { id } = await admin.policies.create({
    body: {
      name: 'crowd',
      kind: 'grant',
      level: 'READ',
      who: { when: "@hasAttribute('crowd', 'yes')" },
      appliesTo: { everything: true },
      state: 'active',
    },
  })
  await until('every grant', () => inAws(here).length === 40)
  await quiet(here)
  sandbox.faults.set({ rules: [{ kind: 'throttle', perSecond: 8, burst: 2 }] })
  await admin.policies.remove({ params: { id }, ifMatch: '"1"' })
  await until('the first', () => inAws(here).length < 38)
  await setMode(here, 'add')
  const held = () => admin.restraint.get({ params: { id: here.integration } })
  await until('the rest held', async () => (await held()).held.byMode > 0)
  await quiet(here)
  const left = inAws(here).length
  assert.ok(left > 5, `${left} left`)
  assert.equal((await held()).held.byMode, left)
  const states = new Set((await grants(here, { live: 'true' })).map(({ state }) => state))
  assert.deepEqual(states, new Set(['active']))
  // Each keeps its cause, and none is of the hour: the brake lets through as many as ever.
  const kept = await grants(here, { held: 'true' })
  assert.deepEqual(new Set(kept.map(({ cause }) => cause)), new Set(['policy-deleted']))
  assert.equal((await held()).brake.countedWithinHour, 40 - left)
  sandbox.faults.set({ rules: [] })
  await setMode(here, 'enforce')
  await until('none', () => inAws(here).length === 0)
})
