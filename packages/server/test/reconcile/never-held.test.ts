/** What page 05 says is never held goes, whatever else happens in the same round, before it or between leaders. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { act, system } from '../../src/db/act.ts'
import { inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

/** Ann and Ben are members of two data sources, and whatever counts is held. */
async function braked(t: TestContext, isStarted = true) {
  const here = await lake(t)
  if (isStarted) await here.start()
  const [one, two] = [
    await register(here, 's3://research-data/one/*'),
    await register(here, 's3://research-data/two/*'),
  ]
  const [ann, ben] = [await person(here, 'ann'), await person(here, 'ben')]
  await setBrake(here, 0)
  return { ...here, one, two, ann, ben }
}

const setBrake = ({ server, integration: id }: Lake, revocations: number) =>
  server.admin.restraint.setBrake({ params: { id }, body: { revocations, percent: 0 } })
const heldOf = async ({ server, integration: id }: Lake) => (await server.admin.restraint.get({ params: { id } })).held
const addMember = ({ server }: Lake, id: number, userId: number, until?: number) =>
  server.admin.dataSources.setMember({
    params: { id, userId },
    body: { level: 'READ', reason: 'a project', ...(until ? { until: new Date(until).toISOString() } : {}) },
  })
/** Takes the principal away: the revocation counts. */
const unmap = ({ server }: Lake, id: number) => server.admin.users.setPrincipals({ params: { id }, body: [] })

/** A flood of changes by an identity provider, of people who have nothing to do with anything. */
async function flood({ server }: Lake): Promise<void> {
  await act(server.db, system, async ({ changed }) => {
    for (let n = 0; n < 2500; n += 1) changed('attribute', `user/${900_000 + n}/team/x`, null, 'identity-provider')
  })
}

// Held for good once: nobody planned those who were entitled to nothing any more, and the change was passed by.
test('what is held goes with its data source, with its person, with its membership, though it moves no entitlement', async t => {
  const here = await braked(t)
  const { admin } = here.server
  const cleo = await person(here, 'cleo')
  const { id: group } = await admin.groups.create({ body: { name: 'team' } })
  const people = [here.ann, here.ben, cleo]
  for (const userId of people) await admin.groups.addMember({ params: { id: group, userId } })
  const body = { level: 'READ' as const, reason: 'a project' }
  await addMember(here, here.one, here.ann)
  for (const id of [here.one, here.two])
    await admin.dataSources.setGroupMember({ params: { id, groupId: group }, body })
  await until('six grants', () => inAws(here).length === 6)
  await quiet(here)
  for (const userId of people) await admin.groups.removeMember({ params: { id: group, userId } })
  await until('all held', async () => (await heldOf(here)).byBrake === 5)
  await quiet(here)
  await admin.dataSources.remove({ params: { id: here.one } })
  await until('those of the data source', () => inAws(here).length === 3)
  await quiet(here)
  await admin.users.update({ params: { id: here.ben }, body: { disabled: true } })
  await until('the one of the person', () => inAws(here).length === 2)
  await quiet(here)
  await admin.dataSources.removeGroupMember({ params: { id: here.two, groupId: group } })
  await until('those of the membership', () => inAws(here).length === 0)
  await quiet(here)
  assert.deepEqual(await heldOf(here), { byBrake: 0, byMode: 0, runs: [] })
})

test('what is held ends with the membership that it was given for', async t => {
  const here = await braked(t)
  await addMember(here, here.one, here.ann, Date.now() + 4000)
  await until('the grant', () => inAws(here).length === 1)
  await unmap(here, here.ann)
  await until('held', async () => (await heldOf(here)).byBrake === 1)
  await until('ended', () => inAws(here).length === 0)
  const row = await here.server.db.kysely.selectFrom('ledger').select(['cause', 'counted']).executeTakeFirstOrThrow()
  assert.deepEqual(row, { cause: 'member-expired', counted: false })
})

test('what the mode kept when its data source was deleted goes with the mode, past the brake', async t => {
  const here = await braked(t)
  const { admin } = here.server
  const setMode = (mode: 'add' | 'enforce') =>
    admin.restraint.setMode({ params: { id: here.integration }, body: { mode } })
  await addMember(here, here.one, here.ann)
  await until('the grant', () => inAws(here).length === 1)
  await setMode('add')
  await unmap(here, here.ann)
  await until('kept', async () => (await heldOf(here)).byMode === 1)
  await admin.dataSources.remove({ params: { id: here.one } })
  await quiet(here)
  assert.equal(inAws(here).length, 1)
  await setMode('enforce')
  await until('gone', () => inAws(here).length === 0)
})

test('in a flood of changes, while nobody leads, no ended data source, person, member or date is held', async t => {
  const here = await braked(t, false)
  const { admin } = here.server
  const people = [here.ann, here.ben, await person(here, 'cleo'), await person(here, 'dan'), await person(here, 'eve')]
  const [ann, ben, cleo, dan, eve] = people as [number, number, number, number, number]
  const ends = Date.now() + 6000
  await addMember(here, here.one, ann)
  for (const one of [ben, cleo, eve]) await addMember(here, here.two, one)
  await addMember(here, here.two, dan, ends)
  const loop = await here.start()
  await until('five grants', () => inAws(here).length === 5)
  await quiet(here)
  await loop.stop()
  await flood(here)
  await admin.dataSources.remove({ params: { id: here.one } })
  await admin.users.update({ params: { id: ben }, body: { disabled: true } })
  await admin.dataSources.removeMember({ params: { id: here.two, userId: cleo } })
  await unmap(here, eve)
  await until('the end of a membership', () => Date.now() > ends)
  await here.start()
  await until('eve alone', () => inAws(here).join() === 'READ eve s3://research-data/two/*')
  await until('eve held', async () => (await heldOf(here)).byBrake === 1)
})

test('an end that a person meant is not held because an identity provider says something of the same person', async t => {
  const here = await braked(t, false)
  const { admin } = here.server
  for (const one of [here.ann, here.ben]) await addMember(here, here.one, one)
  const loop = await here.start()
  await until('both', () => inAws(here).length === 2)
  await quiet(here)
  await loop.stop()
  await unmap(here, here.ann)
  await unmap(here, here.ben)
  await admin.users.update({ params: { id: here.ann }, body: { disabled: true } })
  await admin.dataSources.removeMember({ params: { id: here.one, userId: here.ben } })
  await here.start()
  await until('none', () => inAws(here).length === 0)
})

test('the loop sleeps while all that is left is held', async t => {
  const here = await lake(t)
  let plans = 0
  await here.start({
    atBoundary: name => {
      if (name === 'before plan') plans += 1
    },
  })
  const source = await register(here, 's3://research-data/one/*')
  const ann = await person(here, 'ann')
  await setBrake(here, 0)
  await addMember(here, source, ann)
  await until('the grant', () => inAws(here).length === 1)
  await unmap(here, ann)
  await until('held', async () => (await heldOf(here)).byBrake === 1)
  await quiet(here)
  const before = plans
  await new Promise(resolve => setTimeout(resolve, 700))
  assert.ok(plans - before <= 2, `${plans - before} plans in 0.7 s`)
  const { rows } = await sql<{ runs: number }>`select count(*)::int as runs from run where held > 0`.execute(
    here.server.db.kysely,
  )
  assert.equal(rows[0]?.runs, 1)
})
