/** Runs as people see them: lists, rows, and events while they go on. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { RunEvent } from '@headgate/core/api'
import { crowd, inAws, type Lake, lake, quiet, register, until } from './reconcile-world.ts'

const crowdPolicy = {
  name: 'crowd',
  kind: 'grant' as const,
  level: 'READ' as const,
  who: { when: "@hasAttribute('crowd', 'yes')" },
  appliesTo: { everything: true as const },
  state: 'active' as const,
}

async function crowded(t: TestContext, people: number): Promise<Lake> {
  const here = await lake(t)
  await register(here, 's3://research-data/finance/*')
  await crowd(here, people)
  return here
}

test('a run is told while it goes on, from its plan to its end; whoever comes later gets the state first', async t => {
  const here = await crowded(t, 30)
  const { admin } = here.server
  const stream = await admin.runs.events({ query: { integrationId: here.integration } })
  const told: RunEvent[] = []
  const reading = (async () => {
    for await (const event of stream) told.push(event)
  })()
  await until('the state', () => told.length > 0)
  assert.deepEqual(told[0], { event: 'state', runs: [] })
  here.server.sandbox.faults.set({ rules: [{ kind: 'throttle', perSecond: 30, burst: 5 }] })
  await here.start()
  await admin.policies.create({ body: crowdPolicy })
  const runs = () => told.flatMap(event => (event.event === 'run' ? [event.run] : []))
  // What a busy machine times out is made by a run after it.
  const newest = () => [...new Map(runs().map(run => [run.id, run])).values()]
  const made = () => newest().reduce((sum, { created }) => sum + created, 0)
  await until('the end', () => made() === 30 && newest().every(({ state }) => state === 'finished'))
  assert.ok(runs().some(({ state, created }) => state === 'running' && created < 30))
  assert.ok(runs().every(({ planned, integrationId }) => planned.create <= 30 && integrationId === here.integration))

  const later = await admin.runs.events()
  const { value: first }: { value?: RunEvent } = await later[Symbol.asyncIterator]().next()
  assert.ok(first?.event === 'state')
  assert.equal(
    first.runs.reduce((sum, { created }) => sum + created, 0),
    30,
  )

  // The server's end ends the streams, or it would never end.
  await here.server.app.close()
  await reading
})

test('runs are listed with their counts, and with the rows that they were about, page by page', async t => {
  const here = await crowded(t, 3)
  const { admin } = here.server
  await here.start()
  const policy = await admin.policies.create({ body: crowdPolicy })
  await until('every grant', () => inAws(here).length === 3)
  await quiet(here)
  const newest = async () => (await admin.runs.list({ query: { integrationId: here.integration } })).items[0]
  // The last row is settled a moment before its run is told to be over.
  await until('the run finished', async () => (await newest())?.state === 'finished')
  const made = await newest()
  assert.deepEqual([made?.state, made?.planned, made?.created], ['finished', { create: 3, revoke: 0 }, 3])
  const page = await admin.runs.grants({ params: { id: made!.id }, query: { limit: 2 } })
  assert.deepEqual([page.items.map(({ what }) => what), page.total], [['create', 'create'], 3])
  const rest = await admin.runs.grants({ params: { id: made!.id }, query: { limit: 2, cursor: page.next! } })
  assert.deepEqual([rest.items.length, rest.next], [1, undefined])

  await admin.policies.remove({ params: { id: policy.id }, ifMatch: '"1"' })
  await until('no grant', () => inAws(here).length === 0)
  await quiet(here)
  await until('the next run finished', async () => {
    const last = await newest()
    return last !== undefined && last.id > made!.id && last.state === 'finished'
  })
  const { items, total } = await admin.runs.list()
  assert.ok(total >= 2 && items[0]!.id > made!.id)
  assert.deepEqual([items[0]?.revoked, items[0]?.planned.revoke], [3, 3])
  const gone = await admin.runs.grants({ params: { id: items[0]!.id } })
  assert.deepEqual(new Set(gone.items.map(({ what, state }) => `${what} ${state}`)), new Set(['revoke revoked']))
  assert.ok(gone.items.every(row => Date.parse(row.credentialsEndBy!) >= Date.parse(row.revokedAt!) + 3_630_000))
  // The run that made them still knows them.
  assert.equal((await admin.runs.grants({ params: { id: made!.id } })).total, 3)
  const lingering = await admin.grants.list({ query: { lingering: 'true' } })
  assert.equal(lingering.total, 3)
  assert.equal((await admin.runs.list({ query: { held: 'true' } })).total, 0)
  await assert.rejects(admin.runs.get({ params: { id: 999_999 } }), /no run found with id 999999/)
})
