/** A directory that loses a group's members by mistake: the brake keeps most of their grants until it is mended or meant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { act, system } from '../../src/db/act.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { crowd, inAws, type Lake, lake, quiet, register, until } from './reconcile-world.ts'

const size = 30

/** As a directory would say it: all of them, in one go. */
async function sayMembers({ server }: Lake, holds: boolean): Promise<void> {
  await act(server.db, system, async ({ tx, changed }) => {
    const { rows: groups } = await sql<{ id: number }>`select id from people_group where name = 'staff'`.execute(tx)
    const group = groups[0]?.id ?? assert.fail('no group')
    const { rows } = await sql<{ id: number }>`select id from person where userid like 'crowd-%'`.execute(tx)
    for (const { id } of rows) {
      if (holds) await sql`insert into group_member (group_id, person_id) values (${group}, ${id})`.execute(tx)
      else await sql`delete from group_member where group_id = ${group} and person_id = ${id}`.execute(tx)
      changed('groupMember', `${group}/${id}`, holds ? { group, user: id } : null, 'identity-provider')
    }
  })
}

test('a group emptied by its directory: the brake holds what is beyond it, through a change of leader; refilled, all is as before', async t => {
  const here = await lake(t)
  const loop = await here.start()
  const { admin, db } = here.server
  const params = { id: here.integration }
  await register(here, 's3://research-data/finance/*')
  await sql`insert into people_group (name) values ('staff')`.execute(db.kysely)
  await crowd(here, size)
  await admin.restraint.setBrake({ params, body: { revocations: 3, percent: 20 } })
  const [who, appliesTo] = [{ when: "@isInGroups('staff')" }, { everything: true as const }]
  await admin.policies.create({
    body: { name: 'staff', kind: 'grant', level: 'READ', who, appliesTo, state: 'active' },
  })
  await sayMembers(here, true)
  await until('every grant', () => inAws(here).length === size)
  await quiet(here)
  await assertAsEntitled(here)

  await sayMembers(here, false)
  const held = async () => (await admin.restraint.get({ params })).held.byBrake
  await until('the brake', async () => (await held()) > 0)
  await quiet(here)
  // A fifth goes, the rest stays.
  assert.deepEqual([inAws(here).length, await held()], [24, 24])
  await assertAsEntitled(here)
  await loop.stop()
  await here.start()
  await sql`select pg_notify('fact_change', '')`.execute(db.kysely)
  await quiet(here)
  assert.deepEqual([inAws(here).length, await held()], [24, 24])

  await sayMembers(here, true)
  await until('all again', () => inAws(here).length === size)
  await quiet(here)
  assert.equal(await held(), 0)
  await assertAsEntitled(here)

  await sayMembers(here, false)
  await until('the brake again', async () => (await held()) > 0)
  await quiet(here)
  for (const { id } of (await admin.restraint.get({ params })).held.runs) await admin.runs.release({ params: { id } })
  await until('meant after all', () => inAws(here).length === 0)
  await quiet(here)
  await assertAsEntitled(here)
})
