/** Local policies, picks, subscriptions and finding over HTTP; accesses that people gave themselves. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { PolicyInput } from '@headgate/core/api'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

const open = {
  kind: 'grant',
  level: 'READ',
  appliesTo: { everything: true },
  who: { everyone: true },
  state: 'active',
} as const satisfies Omit<PolicyInput, 'name'>
const guardrail = { ...open, kind: 'guardrail', who: { when: "@hasAttribute('trained')" } } as const
const { appliesTo: _, ...local } = open

async function start(t: TestContext) {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  const owner = await server.as(['CREATE_S3_DATASOURCE'], 'owner')
  const ann = await server.as([], 'ann')
  await server.admin.tags.create({ body: { name: 'Finance' } })
  const at = (name: string, tags: string[] = []) =>
    storeDataSource(server, integrationId, { name, scope: `s3://research-data/${name}/*`, owner, tags })
  return { server, admin: server.admin, owner, ann, at, id: await at('A', ['Finance']) }
}

/** User names, after holding the index against the tables. */
async function reaching({ admin }: TestServer, id: number): Promise<string[]> {
  const { isRight, differences } = await admin.deployment.verifyIndex()
  assert.ok(isRight, String(differences))
  return (await admin.dataSources.access({ params: { id } })).items.map(({ user }) => user.userid)
}

// ── Policies of one data source ──

test('an owner writes policies of their data source, which reach it alone and go with it', async t => {
  const { server, admin, owner, ann, at, id } = await start(t)
  const other = await at('B')
  const made = await owner.policies.create({ body: { ...local, name: 'ours', dataSource: id } })
  assert.deepEqual(made.dataSource, { id, name: 'A' })
  assert.deepEqual(made.appliesTo, { everything: true })
  assert.deepEqual(await reaching(server, id), ['admin', 'ann', 'owner'])
  assert.deepEqual(await reaching(server, other), [])
  const params = { id: made.id }
  await owner.policies.edit({
    params,
    ifMatch: '1',
    body: { ...local, state: undefined, name: 'ours', who: { when: "@isUser('ann')" } } as never,
  })
  assert.deepEqual(await reaching(server, id), ['ann'])
  assert.deepEqual(
    (await owner.policies.list({ query: { dataSource: id } })).items.map(({ name }) => name),
    ['ours'],
  )
  await refuses(ann.policies.get({ params }), 'policy-not-found', 404)
  await refuses(ann.policies.create({ body: { ...local, name: 'x', dataSource: id } }), 'permission-missing', 403)
  // Who may no longer register may no longer write policies either.
  await admin.users.setPermissions({ params: { id: owner.id }, body: { permissions: [] } })
  await refuses(owner.policies.archive({ params, ifMatch: '2' }), 'permission-missing', 403)
  await admin.dataSources.remove({ params: { id }, query: { hard: 'true' } })
  await refuses(admin.policies.get({ params }), 'policy-not-found', 404)
  assert.equal((await admin.policies.versions({ params })).items[0]?.change, 'deleted')
  assert.deepEqual((await admin.policies.versions({ params })).items[0]?.dataSource, { id, name: 'A' })
})

test('a policy that does not fit its reach is refused', async t => {
  const { admin, owner, id } = await start(t)
  await admin.domains.create({ body: { name: 'emea' } })
  const refused = (body: object) =>
    refuses(admin.policies.create({ body: { name: 'x', ...body } as PolicyInput }), 'request-invalid', 422)
  await refused(local)
  await refused({ ...open, appliesTo: { any: [{ tag: 'Finance' }] }, dataSource: id })
  await refused({ ...local, dataSource: id, domain: 'emea' })
  await refused({ ...open, domain: 'emea', appliesTo: { selected: true } })
  await refused({ ...open, appliesTo: { any: [{ domain: 'nowhere' }] } })
  await refused({ ...guardrail, subscribe: 'manual' })
  await refused({ ...guardrail, discoverable: true })
  await refuses(admin.policies.create({ body: { ...open, name: 'x', domain: 'nowhere' } }), 'domain-not-found', 404)
  await refuses(admin.policies.create({ body: { ...local, name: 'x', dataSource: 999 } }), 'data-source-not-found', 404)
  await refuses(owner.policies.create({ body: { ...open, name: 'x' } }), 'permission-missing', 403)
  const { id: policy } = await admin.policies.create({ body: { ...open, name: 'p', domain: 'emea' } })
  const headers = { 'content-type': 'application/json', 'if-match': '1' }
  const body = JSON.stringify({ ...open, state: undefined, name: 'p', domain: 'other' })
  assert.equal((await admin.send(`/policies/${policy}`, { method: 'PUT', headers, body })).status, 422)
  const check = await admin.policies.check({
    body: {
      who: { everyone: true },
      domain: 'emea',
      appliesTo: { any: [{ domain: 'nowhere' }] },
      kind: 'guardrail',
      subscribe: 'manual',
    },
  })
  assert.deepEqual(check.issues.map(({ path }) => path).sort(), ['appliesTo.any.0', 'subscribe', 'who'])
})

test('subscribe and discoverable are part of a policy, its versions and their difference', async t => {
  const { admin } = await start(t)
  const { id } = await admin.policies.create({ body: { ...open, name: 'p' } })
  const { state: _, ...content } = open
  await admin.policies.edit({
    params: { id },
    ifMatch: '1',
    body: { ...content, name: 'p', subscribe: 'manual', discoverable: true },
  })
  const { changes } = await admin.policies.diff({ params: { id }, query: { from: 1, to: 2 } })
  assert.deepEqual(changes, [
    { field: 'subscribe', before: 'automatic', after: 'manual' },
    { field: 'discoverable', before: false, after: true },
  ])
  const [newest, oldest] = (await admin.policies.versions({ params: { id } })).items
  assert.deepEqual([newest?.subscribe, oldest?.subscribe, newest?.discoverable], ['manual', 'automatic', true])
})

// ── Picks ──

test('owners pick the policies made for picking', async t => {
  const { server, admin, owner, ann, at, id } = await start(t)
  const other = await at('B')
  const made = await admin.policies.create({ body: { ...open, name: 'picked', appliesTo: { selected: true } } })
  const plain = await admin.policies.create({ body: { ...open, name: 'plain', state: 'staged' } })
  const pick = { id, policyId: made.id }
  assert.deepEqual(
    (await owner.policies.list({ query: { selectable: 'true' } })).items.map(({ name }) => name),
    ['picked'],
  )
  assert.deepEqual(await reaching(server, id), [])
  await owner.subscriptions.select({ params: pick })
  await owner.subscriptions.select({ params: pick })
  assert.deepEqual(await reaching(server, id), ['admin', 'ann', 'owner'])
  assert.deepEqual(await reaching(server, other), [])
  assert.match((await owner.dataSources.get({ params: { id } })).policies[0]?.why ?? '', /owner picked it/)
  await refuses(ann.subscriptions.select({ params: { id, policyId: made.id } }), 'permission-missing', 403)
  await refuses(ann.subscriptions.select({ params: { id: other, policyId: made.id } }), 'data-source-not-found', 404)
  await refuses(owner.subscriptions.select({ params: { id, policyId: plain.id } }), 'policy-not-selectable', 409)
  await refuses(owner.subscriptions.select({ params: { id, policyId: 999 } }), 'policy-not-found', 404)
  await refuses(owner.subscriptions.deselect({ params: { id, policyId: 999 } }), 'policy-not-found', 404)
  await owner.subscriptions.deselect({ params: pick })
  assert.deepEqual(await reaching(server, id), [])
  await admin.policies.archive({ params: { id: made.id }, ifMatch: '1' })
  await refuses(owner.subscriptions.select({ params: pick }), 'policy-not-selectable', 409)
})

test('a picked policy may be staged, and takes effect when it is activated; deleted, it takes its picks along', async t => {
  const { server, admin, owner, id } = await start(t)
  const body = { ...open, name: 'picked', appliesTo: { selected: true as const }, state: 'staged' as const }
  const { id: policyId } = await admin.policies.create({ body })
  await owner.subscriptions.select({ params: { id, policyId } })
  assert.deepEqual(await reaching(server, id), [])
  await admin.policies.activate({ params: { id: policyId }, ifMatch: '1', body: {} })
  assert.deepEqual(await reaching(server, id), ['admin', 'ann', 'owner'])
  await admin.policies.remove({ params: { id: policyId }, ifMatch: '2' })
  assert.deepEqual(await reaching(server, id), [])
})

test('only governors take a data source out of the reach of a guardrail, by pick, tag or domain', async t => {
  const { server, admin, owner, id } = await start(t)
  const { state: _, ...content } = guardrail
  const rail = { ...content, state: 'active' as const }
  const picked = await admin.policies.create({ body: { ...rail, name: 'picked', appliesTo: { selected: true } } })
  const pick = { id, policyId: picked.id }
  await owner.subscriptions.select({ params: pick })
  await refuses(owner.subscriptions.deselect({ params: pick }), 'guardrail-would-drop', 409)
  await admin.subscriptions.deselect({ params: pick })
  const untag = { params: { id }, body: { tags: ['Finance'] } }
  await admin.domains.create({ body: { name: 'emea', tags: ['Finance'] } })
  // Both ways in which a guardrail goes by a domain: its reach, and a condition.
  const first = await admin.policies.create({ body: { ...rail, name: 'of emea', domain: 'emea' } })
  await refuses(owner.dataSources.removeTags(untag), 'guardrail-would-drop', 409)
  await admin.policies.remove({ params: { id: first.id }, ifMatch: '1' })
  await admin.policies.create({ body: { ...rail, name: 'on emea', appliesTo: { any: [{ domain: 'emea' }] } } })
  await refuses(owner.dataSources.removeTags(untag), 'guardrail-would-drop', 409)
  // In the domain by hand as well, it stays bound.
  await admin.domains.addDataSource({ params: { name: 'emea', id } })
  await owner.dataSources.removeTags(untag)
  assert.equal((await server.admin.deployment.verifyIndex()).isRight, true)
})

// ── Subscriptions ──

test('a manual policy lets in who qualifies and has subscribed, and nobody after they unsubscribed', async t => {
  const { server, admin, ann, id } = await start(t)
  const who = { when: "@hasAttribute('team', 'a')" }
  const manual = await admin.policies.create({ body: { ...open, name: 'manual', who, subscribe: 'manual' } })
  const params = { id }
  await refuses(ann.subscriptions.subscribe({ params, body: { level: 'READ' } }), 'data-source-not-found', 404)
  await admin.users.addAttribute({ params: { id: ann.id, key: 'team', value: 'a' } })
  const policies = [{ id: manual.id, name: 'manual' }]
  const offered = (await ann.subscriptions.discover({ query: { offered: 'true' } })).items
  assert.deepEqual(
    offered.map(({ name, offers }) => [name, offers]),
    [['A', [{ level: 'READ', policies }]]],
  )
  assert.deepEqual(await reaching(server, id), [])
  await refuses(ann.subscriptions.subscribe({ params, body: { level: 'WRITE' } }), 'subscription-not-offered', 409)
  const made = await ann.subscriptions.subscribe({ params, body: { level: 'READ' } })
  assert.deepEqual([made.level, made.dataSource, made.policies], ['READ', { id, name: 'A' }, policies])
  assert.deepEqual(await ann.subscriptions.subscribe({ params, body: { level: 'READ' } }), made)
  assert.deepEqual(await reaching(server, id), ['ann'])
  assert.equal((await ann.dataSources.get({ params })).policies[0]?.subscribe, 'manual')
  assert.equal((await ann.subscriptions.discover({ query: { offered: 'true' } })).total, 0)
  assert.deepEqual((await ann.subscriptions.ofUser({ params: { id: ann.id } })).items, [made])
  assert.deepEqual((await ann.subscriptions.find({ params })).subscriptions, [made])

  // Who no longer qualifies is out, and in again without doing anything.
  await admin.users.removeAttribute({ params: { id: ann.id, key: 'team', value: 'a' } })
  assert.deepEqual(await reaching(server, id), [])
  assert.deepEqual((await admin.subscriptions.ofUser({ params: { id: ann.id } })).items[0]?.policies, [])
  await admin.users.addAttribute({ params: { id: ann.id, key: 'team', value: 'a' } })
  assert.deepEqual(await reaching(server, id), ['ann'])
  await ann.subscriptions.unsubscribe({ params })
  await ann.subscriptions.unsubscribe({ params })
  assert.deepEqual(await reaching(server, id), [])
  const last = await server.db.kysely
    .selectFrom('fact_change')
    .orderBy('id', 'desc')
    .select(['cause', 'entity'])
    .executeTakeFirst()
  assert.deepEqual(last, { entity: 'subscription', cause: 'unsubscribed' })
})

test('a guardrail stands before an offer; disabled data sources offer nothing; others see no subscriptions', async t => {
  const { admin, owner, ann, id } = await start(t)
  await admin.policies.create({ body: { ...open, name: 'manual', level: 'WRITE', subscribe: 'manual' } })
  await admin.policies.create({ body: { ...guardrail, name: 'trained', level: 'WRITE' } })
  const params = { id }
  // Nothing is offered to her, so for her there is nothing.
  await refuses(ann.subscriptions.subscribe({ params, body: { level: 'WRITE' } }), 'data-source-not-found', 404)
  await refuses(owner.subscriptions.subscribe({ params, body: { level: 'WRITE' } }), 'subscription-not-offered', 409)
  await admin.users.addAttribute({ params: { id: ann.id, key: 'trained', value: 'yes' } })
  await ann.subscriptions.subscribe({ params, body: { level: 'WRITE' } })
  await refuses(owner.subscriptions.ofUser({ params: { id: ann.id } }), 'user-not-found', 404)
  await admin.dataSources.remove({ params })
  await refuses(owner.subscriptions.subscribe({ params, body: { level: 'WRITE' } }), 'data-source-disabled', 409)
  await refuses(ann.subscriptions.find({ params }), 'data-source-not-found', 404)
  // Taking it back needs nobody's leave.
  await ann.subscriptions.unsubscribe({ params, query: { level: 'WRITE' } })
  await refuses(ann.subscriptions.unsubscribe({ params }), 'data-source-not-found', 404)
  await refuses(ann.subscriptions.unsubscribe({ params: { id: 999 } }), 'data-source-not-found', 404)
})

test('subscriptions go with the person and with the data source', async t => {
  const { server, admin, ann, at, id } = await start(t)
  const other = await at('B')
  await admin.policies.create({ body: { ...open, name: 'manual', subscribe: 'manual' } })
  for (const one of [id, other]) await ann.subscriptions.subscribe({ params: { id: one }, body: { level: 'READ' } })
  assert.equal((await ann.subscriptions.ofUser({ params: { id: ann.id }, query: { search: 'b' } })).total, 1)
  const first = await ann.subscriptions.ofUser({ params: { id: ann.id }, query: { limit: 1 } })
  const next = await ann.subscriptions.ofUser({ params: { id: ann.id }, query: { limit: 1, cursor: first.next ?? '' } })
  assert.deepEqual(
    [...first.items, ...next.items].map(({ dataSource }) => dataSource.name),
    ['A', 'B'],
  )
  await admin.dataSources.remove({ params: { id }, query: { hard: 'true' } })
  assert.deepEqual(await reaching(server, other), ['ann'])
  await admin.users.remove({ params: { id: ann.id } })
  assert.deepEqual(await reaching(server, other), [])
  const { count } = await server.db.kysely
    .selectFrom('subscription')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(count, 0)
})

// ── Finding ──

test('who does not qualify finds what is discoverable, by name, description and tags only', async t => {
  const { admin, ann, at, id } = await start(t)
  await at('B')
  const who = { when: "@hasAttribute('team', 'a')" }
  const appliesTo = { any: [{ tag: 'Finance' }] }
  const made = await admin.policies.create({ body: { ...open, name: 'p', who, appliesTo, discoverable: true } })
  const found = { id, name: 'A', description: '', tags: ['Finance'], offers: [] }
  assert.deepEqual((await ann.subscriptions.discover()).items, [found])
  assert.deepEqual(await ann.subscriptions.find({ params: { id } }), { ...found, subscriptions: [] })
  assert.equal((await ann.subscriptions.discover({ query: { search: 'research-data' } })).total, 0)
  assert.equal((await ann.subscriptions.discover({ query: { tag: 'Finance', search: 'a' } })).total, 1)
  assert.equal((await ann.dataSources.list()).total, 0)
  await refuses(ann.dataSources.get({ params: { id } }), 'data-source-not-found', 404)
  await refuses(ann.dataSources.access({ params: { id } }), 'data-source-not-found', 404)

  // She may ask why, for herself; not where it lies, and not about others.
  const { dataSources } = await ann.access.explain({ query: { user: ann.id, dataSource: id } })
  assert.deepEqual(dataSources[0]?.dataSource, { id, name: 'A' })
  assert.deepEqual([dataSources[0]?.verdict, dataSources[0]?.grants[0]?.holds], ['none', false])
  assert.ok(dataSources[0]?.fixes.some(({ fix }) => fix === 'giveAttribute'))
  await refuses(ann.access.explain({ query: { user: admin.id, dataSource: id } }), 'data-source-not-found', 404)
  const path = 's3://research-data/A/x'
  assert.deepEqual((await ann.access.explain({ query: { user: ann.id, path } })).dataSources, [])

  // Once she reaches it there is nothing left to find.
  await admin.users.addAttribute({ params: { id: ann.id, key: 'team', value: 'a' } })
  assert.equal((await ann.subscriptions.discover()).total, 0)
  await admin.users.removeAttribute({ params: { id: ann.id, key: 'team', value: 'a' } })
  await admin.dataSources.remove({ params: { id } })
  assert.equal((await ann.subscriptions.discover()).total, 0)
  await admin.dataSources.restore({ params: { id } })
  await admin.policies.stage({ params: { id: made.id }, ifMatch: '1' })
  await refuses(ann.subscriptions.find({ params: { id } }), 'data-source-not-found', 404)
})

test('previews of picks and subscriptions say what the writes then do', async t => {
  const { admin, owner, ann, id } = await start(t)
  const picked = await admin.policies.create({ body: { ...open, name: 'picked', appliesTo: { selected: true } } })
  await admin.policies.create({ body: { ...open, name: 'manual', level: 'WRITE', subscribe: 'manual' } })
  const select = { change: 'selectPolicy' as const, dataSource: id, policy: picked.id }
  assert.equal((await owner.previews.make({ body: { changes: [select] } })).movements.gained, 3)
  const subscribe = { change: 'subscribe' as const, dataSource: id, level: 'WRITE' as const }
  const mine = await ann.previews.make({ body: { changes: [subscribe] } })
  assert.equal(mine.movements.gained, 1)
})

// ── Self-given ──

test('an access is self-given when every reason was made by whom it benefits, wherever it is shown', async t => {
  const { admin, owner, id } = await start(t)
  const marks = async () => {
    const list = await admin.dataSources.access({ params: { id }, query: { search: 'owner' } })
    const own = await admin.users.access({ params: { id: owner.id } })
    const explained = await admin.access.explain({ query: { user: owner.id, dataSource: id } })
    const what = await admin.access.what({ query: { user: owner.id } })
    const all = [list.items[0], own.items[0], what.items[0], explained.dataSources[0]]
    return all.map(one => one?.selfGiven)
  }
  assert.deepEqual(await marks(), [undefined, undefined, undefined, undefined])
  const body = { ...local, name: 'mine', dataSource: id, who: { when: "@isUser('owner')" } }
  const made = await owner.policies.create({ body })
  assert.deepEqual(await marks(), [true, true, true, true])
  await owner.dataSources.setMember({ params: { id, userId: owner.id }, body: { level: 'WRITE', reason: 'I may' } })
  assert.deepEqual(await marks(), [true, true, true, true])
  // Once another hand has had a part in every one of the reasons' policy versions, it is not.
  const { state: _, dataSource: __, ...content } = body
  await admin.policies.edit({ params: { id: made.id }, ifMatch: '1', body: content })
  assert.deepEqual(await marks(), [false, false, false, false])
  // A subscription to somebody else's policy is that policy's gift.
  await owner.policies.remove({ params: { id: made.id }, ifMatch: '2' })
  await owner.dataSources.removeMember({ params: { id, userId: owner.id } })
  await admin.policies.create({ body: { ...open, name: 'manual', subscribe: 'manual' } })
  await owner.subscriptions.subscribe({ params: { id }, body: { level: 'READ' } })
  assert.deepEqual(await marks(), [false, false, false, false])
})
