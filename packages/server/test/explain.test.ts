/** Questions about access over HTTP: why, why not, who, what; and who may ask. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { act, system } from '../src/db/act.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

const lake = 's3://research-data'

async function start(t: TestContext) {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  const owner = await server.as(['CREATE_S3_DATASOURCE'], 'owner')
  const outer = await storeDataSource(server, integrationId, { name: 'outer', scope: `${lake}/a/*`, owner })
  const inner = await storeDataSource(server, integrationId, { name: 'inner', scope: `${lake}/a/b/*` })
  const ann = await server.as([], 'ann')
  return { server, admin: server.admin, integrationId, owner, outer, inner, ann }
}

async function policy(admin: TestPerson, name: string, when: string, kind: 'grant' | 'guardrail' = 'grant') {
  const appliesTo = { any: [{ scope: `${lake}/a/b/*` }] }
  const body = { name, kind, level: 'READ' as const, appliesTo, who: { when }, state: 'active' as const }
  return admin.policies.create({ body })
}

async function map(server: TestServer, person: TestPerson): Promise<string> {
  const identifier = `arn:aws:iam::111122223333:user/${person.userid}`
  await act(server.db, system, async ({ tx, changed }) => {
    const values = { person_id: person.id, kind: 'iamUser' as const, identifier }
    const { id } = await tx.insertInto('principal').values(values).returning('id').executeTakeFirstOrThrow()
    changed('principal', id, { user: person.id }, 'principal-added')
  })
  return identifier
}

/** Instants are as long ago as the test began. */
function timeless(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, item) => (key === 'since' ? 'then' : item))
}
const local = [{ source: 'local', since: 'then' }]

test('a no names the rule that fails, the facts it looked at and the one thing that would help', async t => {
  const { admin, inner, ann } = await start(t)
  const { id } = await policy(admin, 'French analysts', "@isInGroups('Analysts') AND @hasAttribute('country', 'FR')")
  const group = await admin.groups.create({ body: { name: 'Analysts' } })
  await admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
  const answer = await admin.access.explain({ query: { user: ann.id, dataSource: inner } })
  const [why] = answer.dataSources
  assert.equal(answer.user.userid, 'ann')
  assert.deepEqual([why?.verdict, why?.because, why?.provisioning], ['none', [], undefined])
  assert.deepEqual(timeless(why?.grants), [
    {
      id,
      version: 1,
      name: 'French analysts',
      level: 'READ',
      holds: false,
      rule: {
        kind: 'and',
        holds: false,
        terms: [
          {
            kind: 'call',
            holds: true,
            name: 'isInGroups',
            args: ['Analysts'],
            facts: [{ group: 'Analysts', said: local }],
          },
          { kind: 'call', holds: false, name: 'hasAttribute', args: ['country', 'FR'], facts: [] },
        ],
      },
    },
  ])
  assert.deepEqual(
    why?.fixes.filter(one => one.fix === 'giveAttribute'),
    [{ fix: 'giveAttribute', key: 'country', value: 'FR', gives: 'READ' }],
  )
  await admin.users.addAttribute({ params: { id: ann.id, key: 'country', value: 'FR' } })
  const [now] = (await admin.access.explain({ query: { user: ann.id, dataSource: inner } })).dataSources
  assert.deepEqual([now?.verdict, now?.provisioning?.status], ['READ', 'unmapped'])
  const rule = now?.grants[0]?.rule
  const leaf = rule?.kind === 'and' ? rule.terms[1] : undefined
  const found = leaf?.kind === 'call' ? leaf.facts : []
  assert.deepEqual(timeless(found), [{ attribute: 'country', value: 'FR', said: local }])
})

test('a guardrail of an inner data source is shown in the way of the outer one, by name', async t => {
  const { admin, outer, ann } = await start(t)
  await policy(admin, 'minimum', "@hasAttribute('trained')", 'guardrail')
  const body = { level: 'READ' as const, reason: 'x' }
  await admin.dataSources.setMember({ params: { id: outer, userId: ann.id }, body })
  const [why] = (await admin.access.explain({ query: { user: ann.id, dataSource: outer } })).dataSources
  assert.equal(why?.verdict, 'none')
  assert.deepEqual(
    why?.guardrails.map(({ name, holds, via }) => [name, holds, via?.name]),
    [['minimum', false, 'inner']],
  )
  assert.equal(why?.members[0]?.holds, true)
})

test('a path is answered with what covers it and the layer at which AWS would refuse', async t => {
  const { server, admin, integrationId, outer, ann } = await start(t)
  const path = `${lake}/a/b/report.csv`
  const ask = async (at = path) => admin.access.explain({ query: { user: ann.id, path: at } })
  const layer = async (at?: string) => (await ask(at)).aws?.layer
  assert.deepEqual(
    (await ask()).dataSources.map(one => one.dataSource.name),
    ['outer', 'inner'],
  )
  assert.equal(await layer(), 'noGrant')
  assert.equal(await layer('s3://elsewhere/x'), 'outsideLocations')
  assert.equal(await layer(`${lake}/unregistered`), 'noDataSource')
  // Who may not know of data sources is not told whether there is one.
  for (const at of [path, `${lake}/unregistered`]) {
    assert.equal((await ann.access.explain({ query: { user: ann.id, path: at } })).aws?.layer, 'noGrant')
  }
  const body = { level: 'WRITE' as const, reason: 'x' }
  await admin.dataSources.setMember({ params: { id: outer, userId: ann.id }, body })
  assert.equal(await layer(), 'unmapped')
  const principal = await map(server, ann)
  assert.equal(await layer(), 'notYetProvisioned')
  const row = {
    integration_id: integrationId,
    data_source_id: outer,
    person_id: ann.id,
    grantee_type: 'IAM' as const,
    grantee_id: principal,
    bucket: 'research-data',
    key: 'a/',
    kind: 'prefix' as const,
    permission: 'READWRITE' as const,
    because: '[]',
    cause: 'test',
    epoch: 1,
    state: 'active' as const,
    aws_grant_id: 'grant-1',
  }
  await server.db.kysely.insertInto('ledger').values(row).execute()
  const { aws } = await admin.access.explain({ query: { principal, path } })
  assert.deepEqual([aws?.layer, aws?.grant?.scope, aws?.grant?.awsGrantId], ['granted', `${lake}/a/*`, 'grant-1'])
  assert.equal(aws?.writing?.permission, 'READWRITE')
})

test('a manual policy is one subscription away for who qualifies', async t => {
  const { admin, inner, ann } = await start(t)
  const appliesTo = { any: [{ scope: `${lake}/a/b/*` }] }
  const who = { when: "@isUser('ann')" }
  const shape = { kind: 'grant', level: 'READ', subscribe: 'manual', state: 'active' } as const
  await admin.policies.create({ body: { name: 'on offer', ...shape, appliesTo, who } })
  const ask = async () => (await admin.access.explain({ query: { user: ann.id, dataSource: inner } })).dataSources[0]
  const before = await ask()
  const [rule] = before?.grants ?? []
  assert.deepEqual([before?.verdict, rule?.holds, rule?.rule?.holds, rule?.subscribed], ['none', false, true, false])
  const fix = before?.fixes.find(one => one.fix === 'subscribe')
  assert.deepEqual(fix, { fix: 'subscribe', level: 'READ', gives: 'READ' })
  await ann.subscriptions.subscribe({ params: { id: inner }, body: { level: 'READ' } })
  const after = await ask()
  assert.deepEqual([after?.verdict, after?.grants[0]?.holds, after?.grants[0]?.subscribed], ['READ', true, true])
})

test('the session of a mapped role is answered like the role', async t => {
  const { server, admin, outer, ann } = await start(t)
  await act(server.db, system, async ({ tx, changed }) => {
    const values = { person_id: ann.id, kind: 'iamRole' as const, identifier: 'arn:aws:iam::111122223333:role/x/Ann' }
    const { id } = await tx.insertInto('principal').values(values).returning('id').executeTakeFirstOrThrow()
    changed('principal', id, { user: ann.id }, 'principal-added')
  })
  const asked = (principal: string) => admin.access.explain({ query: { principal, dataSource: outer } })
  assert.equal((await asked('arn:aws:sts::111122223333:assumed-role/Ann/botocore-1')).user.id, ann.id)
  await refuses(asked('arn:aws:sts::444455556666:assumed-role/Ann/botocore-1'), 'principal-not-found', 404)
})

test('who and what are complete, page by page, overlap included', async t => {
  const { server, admin, outer, inner, ann } = await start(t)
  const people = [ann, ...(await Promise.all(['b', 'c', 'd', 'e'].map(name => server.as([], name))))]
  const body = { level: 'READ' as const, reason: 'x' }
  for (const { id } of people) await admin.dataSources.setMember({ params: { id: outer, userId: id }, body })
  const found: number[] = []
  for (let cursor: string | undefined; ; ) {
    const query = { path: `${lake}/a/b/k`, limit: 2, ...(cursor ? { cursor } : {}) }
    const { items, next, total } = await admin.access.who({ query })
    assert.equal(total, people.length)
    for (const row of items) {
      found.push(row.user.id)
      assert.deepEqual([row.dataSource.id, row.provisioning.status], [inner, 'via'])
    }
    if (next === undefined) break
    cursor = next
  }
  assert.deepEqual(
    found,
    people.map(({ id }) => id).sort((a, b) => a - b),
  )
  const first = await ann.access.what({ query: { user: ann.id, limit: 1 } })
  assert.deepEqual([first.items[0]?.dataSource.id, first.total], [outer, 2])
  const second = await ann.access.what({ query: { user: ann.id, limit: 1, cursor: first.next ?? '' } })
  assert.deepEqual([second.items[0]?.dataSource.id, second.next], [inner, undefined])
})

test('one asks about oneself and one’s own sources; whoever may not ask learns nothing', async t => {
  const { server, admin, owner, outer, inner, ann } = await start(t)
  await refuses(ann.access.explain({ query: { user: ann.id, dataSource: outer } }), 'data-source-not-found', 404)
  await refuses(ann.access.who({ query: { dataSource: outer } }), 'data-source-not-found', 404)
  await refuses(ann.access.who({ query: { path: `${lake}/nothing` } }), 'data-source-not-found', 404)
  await refuses(ann.access.what({ query: { user: owner.id } }), 'user-not-found', 404)
  await refuses(ann.access.what({ query: { principal: await map(server, owner) } }), 'principal-not-found', 404)
  const body = { level: 'READ' as const, reason: 'x' }
  await admin.dataSources.setMember({ params: { id: outer, userId: ann.id }, body })
  assert.equal(
    (await ann.access.explain({ query: { user: ann.id, dataSource: outer } })).dataSources[0]?.verdict,
    'READ',
  )
  assert.equal((await ann.access.explain({ query: { user: ann.id, path: `${lake}/a/k` } })).aws?.layer, 'unmapped')

  assert.equal((await owner.access.explain({ query: { user: ann.id, dataSource: outer } })).dataSources.length, 1)
  assert.equal((await owner.access.who({ query: { dataSource: outer } })).total, 1)
  await refuses(owner.access.explain({ query: { user: ann.id, dataSource: inner } }), 'data-source-not-found', 404)
  await refuses(owner.access.who({ query: { path: `${lake}/a/b/k` } }), 'data-source-not-found', 404)
  const auditor = await server.as(['AUDIT'])
  assert.equal((await auditor.access.what({ query: { user: ann.id } })).total, 2)
  assert.equal((await auditor.access.who({ query: { path: `${lake}/nothing` } })).total, 0)
})

test('a question needs one person and one place', async t => {
  const { admin, outer, ann } = await start(t)
  await refuses(admin.access.explain({ query: { user: ann.id } }), 'request-invalid', 422)
  await refuses(admin.access.explain({ query: { dataSource: outer } }), 'request-invalid', 422)
  await refuses(admin.access.who({ query: { dataSource: outer, path: lake } }), 'request-invalid', 422)
  await refuses(admin.access.explain({ query: { user: ann.id, path: 'a?b' } }), 'request-invalid', 422)
  await refuses(admin.access.what({ query: { user: 4711 } }), 'user-not-found', 404)
})

test('every fact says where it comes from and since when', async t => {
  const { server, admin, inner, ann } = await start(t)
  const group = await admin.groups.create({ body: { name: 'Analysts' } })
  await admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
  await admin.groups.addAttribute({ params: { id: group.id, key: 'country', value: 'FR' } })
  await admin.users.addAttribute({ params: { id: ann.id, key: 'country', value: 'FR' } })
  const identifier = await map(server, ann)
  const body = { level: 'READ' as const, reason: 'project' }
  const { id: member } = await admin.dataSources.setGroupMember({ params: { id: inner, groupId: group.id }, body })
  const since = (day: number) => new Date(Date.UTC(2026, 0, day))
  const { kysely } = server.db
  await kysely
    .insertInto('person_attribute')
    .values({ person_id: ann.id, key: 'country', value: 'FR', source: 'okta', since: since(1) })
    .execute()
  await kysely
    .updateTable('person_attribute')
    .set({ since: since(2) })
    .where('source', '=', 'local')
    .execute()
  await kysely
    .updateTable('group_attribute')
    .set({ since: since(3) })
    .execute()
  await kysely
    .updateTable('group_member')
    .set({ since: since(4) })
    .execute()
  await kysely
    .updateTable('principal')
    .set({ since: since(5) })
    .execute()
  await kysely
    .updateTable('member')
    .set({ added_at: since(6) })
    .execute()
  await policy(admin, 'all', "@hasAttribute('country', 'FR') AND @isInGroups('Analysts') AND @hasPrincipal('iamUser')")

  const answer = await admin.access.explain({ query: { principal: identifier, dataSource: inner } })
  const rule = answer.dataSources[0]?.grants[0]?.rule
  const facts = rule?.kind === 'and' ? rule.terms.map(term => (term.kind === 'call' ? term.facts : [])) : []
  const on = (day: number) => since(day).toISOString()
  assert.deepEqual(facts, [
    [
      {
        attribute: 'country',
        value: 'FR',
        said: [
          { source: 'local', since: on(2) },
          { source: 'okta', since: on(1) },
        ],
      },
      {
        attribute: 'country',
        value: 'FR',
        from: { id: group.id, name: 'Analysts', said: [{ source: 'local', since: on(4) }] },
        said: [{ source: 'local', since: on(3) }],
      },
    ],
    [{ group: 'Analysts', said: [{ source: 'local', since: on(4) }] }],
    [{ principal: 'iamUser', identifier, since: on(5) }],
  ])
  assert.deepEqual(answer.dataSources[0]?.members, [
    { id: member, level: 'READ', group: { id: group.id, name: 'Analysts' }, since: on(6), holds: true },
  ])
})
