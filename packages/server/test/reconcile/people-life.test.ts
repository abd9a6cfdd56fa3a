/** What becomes of a person's grants in AWS: disabled, enabled, deleted, and through a file that takes many away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { assertAsEntitled } from './as-entitled.ts'
import { crowd, inAws, lake, person, quiet, register, until } from './reconcile-world.ts'

test('disabled, everything is revoked at once; enabled, it is back; deleted, it is gone, the history stays and the name is free', async t => {
  const here = await lake(t)
  await here.start()
  const { admin, db } = here.server
  await register(here, 's3://research-data/finance/*')
  const policy = {
    name: 'team',
    kind: 'grant' as const,
    level: 'READ' as const,
    who: { when: "@hasAttribute('team', 'Re\u0301d')" },
    appliesTo: { everything: true as const },
    state: 'active' as const,
  }
  await admin.policies.create({ body: policy })
  const ann = await person(here, 'ann')
  // The other way of writing the accent.
  await admin.users.addAttribute({ params: { id: ann, key: 'team', value: 'R\u00e9d' } })
  await until('the grant', () => inAws(here).length === 1)

  await admin.users.update({ params: { id: ann }, body: { disabled: true } })
  await until('no grant', () => inAws(here).length === 0)
  await quiet(here)
  await admin.users.update({ params: { id: ann }, body: { disabled: false } })
  await until('the grant again', () => inAws(here).length === 1)
  await quiet(here)
  await assertAsEntitled(here)

  await admin.users.remove({ params: { id: ann } })
  await until('no grant', () => inAws(here).length === 0)
  await quiet(here)
  await assertAsEntitled(here)
  const { rows: ledger } = await sql<{ state: string }>`select state from ledger where person_id = ${ann}`.execute(
    db.kysely,
  )
  assert.deepEqual(
    ledger.map(({ state }) => state),
    ['revoked', 'revoked'],
  )
  const { rows: events } = await sql`select action from audit_event where event like '%"UserDeleted"%'`.execute(
    db.kysely,
  )
  assert.equal(events.length, 1)
  const again = await admin.users.create({ body: { userid: 'ANN', name: 'Another' } })
  assert.notEqual(again.id, ann)
})

test('a file that takes a value from many says how many grants go, and the brake counts them', async t => {
  const here = await lake(t)
  await here.start()
  const { admin } = here.server
  const params = { id: here.integration }
  await register(here, 's3://research-data/finance/*')
  const who = { when: "@hasAttribute('team', 'red')" }
  const appliesTo = { everything: true as const }
  await admin.policies.create({
    body: { name: 'team', kind: 'grant', level: 'READ', who, appliesTo, state: 'active' },
  })
  await crowd(here, 20)
  await admin.restraint.setBrake({ params, body: { revocations: 3, percent: 20 } })
  const { items } = await admin.users.list({ query: { search: 'crowd-' } })
  const file = `user,key,value\n${items.map(({ userid }) => `${userid},team,red`).join('\n')}`
  const attributes = { kind: 'attributes' as const }
  await admin.bulk.import({ params: attributes, body: file })
  await until('every grant', () => inAws(here).length === 20)
  await quiet(here)

  const some = file.split('\n').slice(0, 9).join('\n')
  const query = { mode: 'replace' as const }
  const told = await admin.bulk.import({ params: attributes, query: { ...query, dryRun: 'true' }, body: some })
  // Each of the crowd holds another value, which gives nothing and is in no line either.
  assert.deepEqual([told.removed, told.unchanged, told.revocations], [12 + 20, 8, 12])
  await admin.bulk.import({ params: attributes, query, body: some })
  const held = async () => (await admin.restraint.get({ params })).held.byBrake
  await until('the brake', async () => (await held()) > 0)
  await quiet(here)
  assert.deepEqual([inAws(here).length, await held()], [16, 8])
})
