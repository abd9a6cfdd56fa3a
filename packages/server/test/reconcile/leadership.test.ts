/** Epochs: whatever an old leader still writes changes nothing, and a new one knows whether it has to wait. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IntegrationId } from '@headgate/core'
import {
  assertLeading,
  beginEpoch,
  endEpoch,
  joinNodes,
  LeadershipLost,
  tryLock,
  unlock,
} from '../../src/db/leadership.ts'
import { loadLedger, markCreating, writeOutcomes } from '../../src/db/ledger.ts'
import { inAws, lake, person, quiet, register, until } from './reconcile-world.ts'

test('an old leader writes nothing, and learns that it is one', async t => {
  const here = await lake(t)
  const { db } = here.server
  const loop = await here.start()
  const dataSource = await register(here, 's3://research-data/finance/*')
  const ann = await person(here, 'ann')
  const body = { level: 'READ' as const, reason: 'needed' }
  await here.server.admin.dataSources.setMember({ params: { id: dataSource, userId: ann }, body })
  await until('the grant', () => inAws(here).length === 1)
  await quiet(here)
  await loop.stop()

  const id = Number(here.integration) as IntegrationId
  const session = await db.session('leader')
  t.after(() => session.end())
  const node = await joinNodes(session, 'a test')
  const old = await beginEpoch(db, id, node)
  assert.equal(old.isOrderly, true)
  const rows = await db.transaction(tx => loadLedger(tx, id))
  await markCreating(db, old, rows)
  const fresh = await beginEpoch(db, id, node)
  assert.deepEqual([fresh.epoch, fresh.isOrderly], [old.epoch + 1, false])

  const before = await db.kysely.selectFrom('ledger').selectAll().execute()
  const outcome = { id: rows[0]!.id, state: 'revoked' as const }
  await assert.rejects(writeOutcomes(db, old, [outcome]), LeadershipLost)
  await assert.rejects(markCreating(db, old, rows), LeadershipLost)
  await assert.rejects(
    db.transaction(tx => assertLeading(tx, old)),
    LeadershipLost,
  )
  await endEpoch(db, old)
  assert.deepEqual(await db.kysely.selectFrom('ledger').selectAll().execute(), before)

  await writeOutcomes(db, fresh, [outcome])
  await endEpoch(db, fresh)
  const told = await here.server.admin.audit.list({ query: { type: 'GrantsChanged', target: `USER/${ann}` } })
  assert.deepEqual(
    told.items.map(({ auditPayload }) =>
      [auditPayload.created, auditPayload.revoked].map(list => (list as object[]).length),
    ),
    [
      [0, 1],
      [1, 0],
    ],
    'each change of AWS is told once, with the outcome that was stored',
  )
  assert.equal((await beginEpoch(db, id, node)).isOrderly, true)
})

test('one session at a time has the lock, and its end frees it', async t => {
  const here = await lake(t)
  const id = Number(here.integration) as IntegrationId
  const one = await here.server.db.session('one')
  const two = await here.server.db.session('two')
  t.after(() => two.end())
  assert.equal(await tryLock(one, id), true)
  assert.equal(await tryLock(two, id), false)
  await one.end()
  await one.lost
  await until('freed', () => tryLock(two, id))
  await unlock(two, id)
})
