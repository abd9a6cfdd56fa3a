/** Mode and brake over HTTP: what is held is seen, stays held, and goes when somebody lets it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ApiError } from '@headgate/core/api'
import { crowd, grants, inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

const finance = 's3://research-data/finance/*'
const everything = { everything: true as const }

const active = { appliesTo: everything, state: 'active' as const, kind: 'grant' as const }
const crowdPolicy = { ...active, name: 'crowd', level: 'READ' as const, who: { when: "@hasAttribute('crowd', 'yes')" } }

/** Eight people with a grant each, and a brake that lets three revocations an hour through. */
async function braked(t: TestContext): Promise<Lake & { readonly source: number; readonly policy: number }> {
  const here = await lake(t)
  await here.start()
  const source = await register(here, finance)
  await crowd(here, 8)
  const { id: policy } = await here.server.admin.policies.create({ body: crowdPolicy })
  await until('every grant', () => inAws(here).length === 8)
  await setBrake(here, 3)
  await quiet(here)
  return { ...here, source, policy }
}

const setBrake = ({ server, integration: id }: Lake, revocations: number) =>
  server.admin.restraint.setBrake({ params: { id }, body: { revocations, percent: 0 } })
const setMode = ({ server, integration: id }: Lake, mode: 'observe' | 'add' | 'enforce') =>
  server.admin.restraint.setMode({ params: { id }, body: { mode } })
const restraintOf = ({ server, integration: id }: Lake) => server.admin.restraint.get({ params: { id } })

async function removePolicy({ server }: Lake, id: number): Promise<void> {
  const { version } = await server.admin.policies.get({ params: { id } })
  await server.admin.policies.remove({ params: { id }, ifMatch: `"${version}"` })
}

test('a flood of revocations is held beyond the bound, also by the next leader, until a governor releases the run', async t => {
  const here = await lake(t)
  const loop = await here.start()
  const source = await register(here, finance)
  await crowd(here, 8)
  const { id: policy } = await here.server.admin.policies.create({ body: crowdPolicy })
  await until('every grant', () => inAws(here).length === 8)
  await setBrake(here, 3)
  await quiet(here)
  await removePolicy(here, policy)
  await until('the bound', () => inAws(here).length === 5)
  await quiet(here)
  const { brake, held, mode } = await restraintOf(here)
  assert.deepEqual([mode, brake.countedWithinHour, brake.room], ['enforce', 3, 0])
  assert.deepEqual([held.byBrake, held.byMode, held.runs.length], [5, 0, 1])
  const run = held.runs[0]!

  const { admin } = here.server
  const held5 = await grants(here, { held: 'true' })
  assert.equal(held5.length, 5)
  assert.deepEqual([held5[0]?.state, held5[0]?.cause, held5[0]?.held?.by], ['active', 'policy-deleted', 'brake'])
  assert.equal(held5[0]?.held?.run, run.id)
  const access = await admin.dataSources.access({ params: { id: source } })
  assert.deepEqual([access.total, access.items.length, access.recentlyRevoked.length], [5, 5, 3])
  assert.ok(access.items.every(({ provisioning }) => provisioning.status === 'held'))
  const holder = held5[0]!.user.id
  const [own] = (await admin.users.access({ params: { id: holder } })).items
  assert.match(own?.provisioning.message ?? '', new RegExp(`held by the brake: .* releases run ${run.id}`))
  const who = await admin.access.who({ query: { dataSource: source } })
  assert.deepEqual([who.total, who.items.length], [5, 5])
  const what = await admin.access.what({ query: { user: holder } })
  assert.deepEqual(what.items, [own])
  const told = await here.server.db.kysely.selectFrom('audit_event').where('action', '=', 'HOLD').selectAll().execute()
  assert.equal(told.length, 1)
  assert.match(told[0]!.event, /"RevocationsHeld","held":5,"causes":\{"policy-deleted":5\}/)
  const notices = (await admin.notifications.list()).items.filter(({ kind }) => kind === 'brake.held')
  assert.deepEqual(
    notices.map(({ title, path }) => [title, path]),
    [['The brake holds back 5 revocations in S3 integration', `/runs/${run.id}`]],
  )

  await loop.stop()
  await here.start()
  await person(here, 'ann')
  await admin.policies.create({ body: { ...crowdPolicy, name: 'ann', who: { when: "@isUser('ann')" } } })
  await until('creations go on', () => inAws(here).includes(`READ ann ${finance}`))
  await quiet(here)
  assert.equal((await restraintOf(here)).held.byBrake, 5)

  const operator = await here.server.as(['APPLICATION_ADMIN', 'AUDIT'])
  await assert.rejects(
    operator.runs.release({ params: { id: run.id } }),
    (error: unknown) => error instanceof ApiError && error.status === 403,
  )
  assert.deepEqual(await admin.runs.release({ params: { id: run.id } }), { released: 5 })
  await until('all but ann', () => inAws(here).length === 1)
  await quiet(here)
  assert.deepEqual(await admin.runs.release({ params: { id: run.id } }), { released: 0 })
  const released = await admin.runs.get({ params: { id: run.id } })
  assert.deepEqual([released.held, released.released, released.waiting], [5, 5, 0])
  // Released ones count for nobody's hour.
  assert.equal((await restraintOf(here)).brake.countedWithinHour, 3)
  const rows = await admin.runs.grants({ params: { id: run.id } })
  assert.deepEqual([rows.total, new Set(rows.items.map(({ state }) => state))], [8, new Set(['revoked'])])
})

test('what a person meant is never held, whatever the hour has seen', async t => {
  const here = await braked(t)
  const { admin } = here.server
  await setBrake(here, 0)
  await quiet(here)
  const [one, two] = (await grants(here)).map(({ user }) => user.id)
  const ann = await person(here, 'ann')
  const member = { id: here.source, userId: ann }
  await admin.dataSources.setMember({ params: member, body: { level: 'READ', reason: 'a project' } })
  await until('the member', () => inAws(here).length === 9)
  await quiet(here)
  await admin.users.update({ params: { id: one! }, body: { disabled: true } })
  await until('disabled by hand', () => inAws(here).length === 8)
  await admin.dataSources.removeMember({ params: member })
  await until('the membership revoked', () => inAws(here).length === 7)
  await quiet(here)
  await admin.users.removeAttribute({ params: { id: two!, key: 'crowd', value: 'yes' } })
  await until('held', async () => (await restraintOf(here)).held.byBrake === 1)
  assert.equal(inAws(here).length, 7)
  // The data source goes, and with it what was held.
  await admin.dataSources.remove({ params: { id: here.source } })
  await until('nothing', () => inAws(here).length === 0)
  await quiet(here)
  assert.deepEqual((await restraintOf(here)).held, { byBrake: 0, byMode: 0, runs: [] })
})

test('a write whose effect is held is accepted, and says how much of it waits', async t => {
  const here = await braked(t)
  const { admin } = here.server
  const { version } = await admin.policies.get({ params: { id: here.policy } })
  const answer = await admin.send(`/policies/${here.policy}`, {
    method: 'DELETE',
    headers: { 'if-match': `"${version}"` },
  })
  assert.deepEqual([answer.status, answer.headers.get('headgate-held')], [202, '5'])
  assert.equal(((await answer.json()) as { held: number }).held, 5)
  // What takes nothing is done as ever.
  const again = await admin.send('/policies', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...crowdPolicy, name: 'again' }),
  })
  assert.deepEqual([again.status, again.headers.get('headgate-held')], [201, null])
})

test('what is wanted again is held no more, and a release takes it from nobody', async t => {
  const here = await braked(t)
  const { admin } = here.server
  await removePolicy(here, here.policy)
  await until('held', async () => (await restraintOf(here)).held.byBrake === 5)
  const [run] = (await restraintOf(here)).held.runs
  await admin.policies.create({ body: { ...crowdPolicy, name: 'again' } })
  await until('all again', () => inAws(here).length === 8)
  await quiet(here)
  assert.equal((await restraintOf(here)).held.byBrake, 0)
  assert.deepEqual(await admin.runs.release({ params: { id: run!.id } }), { released: 0 })
  await quiet(here)
  assert.equal(inAws(here).length, 8)
})

test('a held lowering keeps the one READWRITE grant; released, it becomes READ', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  const ann = await person(here, 'ann')
  const { admin } = here.server
  const who = { when: "@isUser('ann')" }
  await admin.policies.create({ body: { ...crowdPolicy, name: 'read', who } })
  const write = await admin.policies.create({ body: { ...crowdPolicy, name: 'write', level: 'WRITE', who } })
  await until('READWRITE', () => inAws(here).join() === `READWRITE ann ${finance}`)
  await quiet(here)
  await setBrake(here, 0)
  await removePolicy(here, write.id)
  await until('held', async () => (await restraintOf(here)).held.byBrake === 1)
  await quiet(here)
  assert.deepEqual(inAws(here), [`READWRITE ann ${finance}`])
  const [row] = (await admin.users.access({ params: { id: ann } })).items
  assert.deepEqual([row?.level, row?.provisioning.status], ['WRITE', 'held'])
  const [run] = (await restraintOf(here)).held.runs
  await admin.runs.release({ params: { id: run!.id } })
  await until('READ alone', () => inAws(here).join() === `READ ann ${finance}`)
  await quiet(here)
})

test('add gives and takes nothing, observe does neither and says what it would; enforce does both', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  const { admin } = here.server
  const [ann, ben] = [await person(here, 'ann'), await person(here, 'ben')]
  const forTeam = { ...crowdPolicy, name: 'team', who: { when: "@hasAttribute('team', 'finance')" } }
  await admin.policies.create({ body: forTeam })
  const give = (id: number) => admin.users.addAttribute({ params: { id, key: 'team', value: 'finance' } })
  const take = (id: number) => admin.users.removeAttribute({ params: { id, key: 'team', value: 'finance' } })
  await give(ann)
  await until('ann', () => inAws(here).length === 1)
  await quiet(here)

  await setMode(here, 'add')
  await take(ann)
  await give(ben)
  await until('ben too', () => inAws(here).length === 2)
  await quiet(here)
  assert.equal((await restraintOf(here)).held.byMode, 1)
  const [kept] = await grants(here, { held: 'true' })
  assert.deepEqual([kept?.user.id, kept?.held?.by, kept?.cause], [ann, 'mode', 'attribute-removed'])

  await setMode(here, 'observe')
  const [cleo] = [await person(here, 'cleo')]
  const before = here.server.sandbox.calls()
  await give(cleo)
  await take(ben)
  await until('both held', async () => (await restraintOf(here)).held.byMode === 2)
  assert.deepEqual(here.server.sandbox.calls(), before)
  assert.equal((await grants(here)).length, 2, 'no intent is stored')
  const [waiting] = (await admin.users.access({ params: { id: cleo } })).items
  assert.equal(waiting?.provisioning.status, 'waiting')
  const plan = await admin.restraint.plan({ params: { id: here.integration } })
  assert.deepEqual([plan.counts.create, plan.counts.revoke, plan.counts.keep, plan.total], [1, 2, 0, 3])
  assert.deepEqual(plan.items.map(({ action, user }) => `${action} ${user.userid}`).sort(), [
    'create cleo',
    'revoke ann',
    'revoke ben',
  ])

  await setMode(here, 'enforce')
  await until('equality', () => inAws(here).join() === `READ cleo ${finance}`)
  await quiet(here)
  assert.deepEqual((await restraintOf(here)).held, { byBrake: 0, byMode: 0, runs: [] })
  const modes = await here.server.db.kysely
    .selectFrom('audit_event')
    .where('event', 'like', '%IntegrationModeChanged%')
    .selectAll()
    .execute()
  assert.equal(modes.length, 3)
})

test('a raised permission leaves no pair in mode add', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  await person(here, 'ann')
  await setMode(here, 'add')
  const who = { when: "@isUser('ann')" }
  await here.server.admin.policies.create({ body: { ...crowdPolicy, name: 'read', who } })
  await until('READ', () => inAws(here).join() === `READ ann ${finance}`)
  await here.server.admin.policies.create({ body: { ...crowdPolicy, name: 'write', level: 'WRITE', who } })
  await until('READWRITE alone', () => inAws(here).join() === `READWRITE ann ${finance}`)
  await quiet(here)
})
