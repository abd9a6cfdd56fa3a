import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ensureSigningKey, makeCheckpoint } from '../src/audit/checkpoint.ts'
import { readTrail } from '../src/audit/trail-file.ts'
import { verifyChain } from '../src/audit/verify.ts'
import { act, system } from '../src/db/act.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let people: Readonly<Record<'ann' | 'zoe' | 'tess' | 'nora' | 'vera', TestPerson>>
let mine: number
let other: number
before(async () => {
  server = await testServer()
  const { admin } = server
  people = {
    ann: await server.as([], 'ann'),
    zoe: await server.as([], 'zoe'),
    tess: await server.as([], 'tess'),
    nora: await server.as([], 'nora'),
    vera: await server.as(['AUDIT'], 'vera'),
  }
  const integration = await storedIntegration(server)
  mine = await storeDataSource(server, integration, { name: 'mine', scope: 's3://lake/mine/*', owner: people.ann })
  other = await storeDataSource(server, integration, { name: 'other', scope: 's3://lake/other/*', owner: people.zoe })
  await admin.domains.create({ body: { name: 'Home' } })
  await admin.domains.addDataSource({ params: { name: 'Home', id: other } })
  const body = { rights: ['AUDIT_ACTIVITY' as const] }
  await admin.domains.setUserRights({ params: { name: 'Home', userId: people.tess.id }, body })
  await admin.tags.create({ body: { name: 'Secretive' } })
  await admin.dataSources.changeTags({ body: { dataSourceIds: [mine, other], add: ['Secretive'] } })
  const member = { level: 'READ' as const, reason: 'works there' }
  for (const id of [mine, other]) {
    await admin.dataSources.setMember({ params: { id, userId: people.nora.id }, body: member })
  }
  await ensureSigningKey(server.world)
})
after(() => server.close())

const typesOf = (page: { readonly items: readonly { readonly auditPayload: { readonly type: string } }[] }) =>
  page.items.map(({ auditPayload }) => auditPayload.type)

test('whoever holds AUDIT reads everything, newest first, and what was done a moment ago', async () => {
  await server.admin.tags.create({ body: { name: 'JustNow' } })
  const { items } = await people.vera.audit.list({ query: { limit: 3 } })
  assert.deepEqual(items[0]?.targets, [{ type: 'TAG', id: 'JustNow', name: 'JustNow' }])
  assert.ok(items[0].actorIp)
  assert.deepEqual(
    items.map(({ position }) => position),
    [0, 1, 2].map(less => (items[0]?.position ?? 0) - less),
  )
})

test('what an event names by id alone is said with what it is called today, the event itself as it was told', async () => {
  const { nora, vera } = people
  await act(server.db, system, async ({ audit }) => {
    const targets = [
      { type: 'USER', id: String(nora.id) },
      { type: 'DATASOURCE', id: String(mine) },
      { type: 'DATASOURCE', id: String(other), name: 'as it was' },
      { type: 'POLICY', id: 'gone' },
      { type: 'DATA_PRODUCT', id: 'unknown' },
    ]
    audit({ action: 'UPDATE', targetType: 'USER', targets, payload: { type: 'Named' } })
  })
  const { items, names } = await vera.audit.list({ query: { limit: 1 } })
  assert.deepEqual(names, { [`USER/${nora.id}`]: 'nora', [`DATASOURCE/${mine}`]: 'mine' })
  assert.deepEqual(items[0]?.targets[0], { type: 'USER', id: String(nora.id) })
})

test('pages follow each other without a gap or a double, whatever is added meanwhile', async () => {
  const all = (await server.admin.audit.list({ query: { limit: 1000 } })).items.map(({ position }) => position)
  const paged: number[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await server.admin.audit.list({ query: { limit: 7, ...(cursor && { cursor }) } })
    paged.push(...page.items.map(({ position }) => position))
    if (paged.length === 7) await server.admin.tags.create({ body: { name: 'Meanwhile' } })
    if (page.next === undefined) break
    cursor = page.next
  }
  assert.deepEqual(paged, all)
})

test('each filter narrows to what it says', async () => {
  const { audit } = server.admin
  const [tagged] = (await audit.list({ query: { type: 'DataSourceTagsChanged' } })).items
  assert.ok(tagged)
  const filters = {
    actor: 'admin',
    actorId: server.admin.id,
    action: tagged.action,
    targetType: 'DATASOURCE',
    target: `DATASOURCE/${other}`,
    status: 'SUCCESS',
    requestId: tagged.requestId ?? '',
    from: tagged.eventTimestamp,
    to: new Date(Date.parse(tagged.eventTimestamp) + 1).toISOString(),
    text: 'secretive',
  } as const
  for (const [name, value] of Object.entries(filters)) {
    const { items } = await audit.list({ query: { [name]: value, limit: 1000 } })
    assert.ok(
      items.some(({ id }) => id === tagged.id),
      name,
    )
  }
  assert.deepEqual(typesOf(await audit.list({ query: filters })), ['DataSourceTagsChanged'])
  const none = {
    actor: 'nobody',
    actorId: 999,
    action: 'X',
    status: 'FAILURE',
    to: '2020-01-01T00:00:00Z',
    text: 'x%y',
  } as const
  for (const [name, value] of Object.entries(none)) {
    assert.deepEqual((await audit.list({ query: { [name]: value } })).items, [], name)
  }
  await assert.rejects(audit.list({ query: { target: 'nothing' } }), { status: 422 })
})

test('an owner reads what is about their data source, and of others not even a name', async () => {
  const page = await people.ann.audit.list({ query: { limit: 1000 } })
  assert.ok(typesOf(page).includes('MemberAdded') || typesOf(page).includes('MemberSet'), typesOf(page).join())
  for (const { targets, relatedResources, actorIp } of page.items) {
    assert.equal(actorIp, null)
    assert.ok([...targets, ...relatedResources].some(({ type, id }) => type === 'DATASOURCE' && Number(id) === mine))
  }
  assert.ok(!JSON.stringify(page).includes('"other"'))
  const both = page.items.find(({ auditPayload }) => auditPayload.type === 'DataSourceTagsChanged')
  assert.deepEqual([both?.isReduced, Object.keys(both?.auditPayload ?? {})], [true, ['type', 'version']])
  const found = await people.ann.audit.list({ query: { text: 'Secretive' } })
  assert.deepEqual(found.items, [], 'what is left out is not found either')
  assert.deepEqual((await people.ann.audit.list({ query: { target: `DATASOURCE/${other}` } })).items, [])
})

test('who else came and went in one event with theirs is not told to owners', async () => {
  const { ann, nora, zoe } = people
  const named = (type: string, id: number) => ({ type, id: String(id) })
  const grants = (about: readonly { type: string; id: string }[]) =>
    act(server.db, system, async ({ audit }) =>
      audit({
        ...{ action: 'PROVISION', targetType: 'INTEGRATION', targets: [named('INTEGRATION', 1)] },
        relatedResources: [named('RUN', 1), ...about],
        payload: { type: 'GrantsChanged' },
      }),
    )
  await grants([named('DATASOURCE', mine), named('USER', nora.id)])
  await grants([named('DATASOURCE', mine), named('DATASOURCE', other), named('USER', nora.id), named('USER', zoe.id)])
  const { items } = await ann.audit.list({ query: { type: 'GrantsChanged' } })
  assert.deepEqual(
    items.map(({ relatedResources, isReduced }) => [relatedResources, isReduced]),
    [
      [[named('DATASOURCE', mine)], true],
      [[named('DATASOURCE', mine), named('USER', nora.id)], true],
    ],
  )
  const about = async (user: number) =>
    (await ann.audit.list({ query: { target: `USER/${user}`, type: 'GrantsChanged', limit: 1 } })).items.length
  assert.deepEqual([await about(nora.id), await about(zoe.id)], [1, 0])
})

test('where a page ends tells no more of what is left out than its events do', async () => {
  const { audit } = people.ann
  for (const [hidden, absent] of [
    [{ text: 'Secretive' }, { text: 'Secretively' }],
    [{ target: `DATASOURCE/${other}` }, { target: 'DATASOURCE/999999' }],
    [{ target: `USER/${people.zoe.id}` }, { target: 'USER/999999' }],
  ]) {
    const found = await audit.list({ query: { ...hidden, limit: 1 } })
    assert.deepEqual(found, await audit.list({ query: { ...absent, limit: 1 } }))
    assert.equal(await (await people.ann.send(`/audit/stream?${new URLSearchParams(hidden)}`)).text(), '')
  }
  const mineOnly = await audit.list({ query: { target: `DATASOURCE/${mine}`, text: 'datasource', limit: 1 } })
  assert.equal(mineOnly.items.length, 1)
  const next = await audit.list({
    query: { target: `DATASOURCE/${mine}`, text: 'datasource', limit: 1, cursor: mineOnly.next ?? '' },
  })
  assert.ok((next.items[0]?.position ?? 0) < (mineOnly.items[0]?.position ?? 0))
})

test('whoever has Audit Activity in a domain reads the domain and its data sources; all others read nothing', async () => {
  const ofDomain = await people.tess.audit.list({ query: { limit: 1000 } })
  assert.ok(typesOf(ofDomain).includes('DomainRightsChanged'))
  assert.ok(ofDomain.items.some(({ targets }) => targets.some(({ id }) => Number(id) === other)))
  assert.ok(!JSON.stringify(ofDomain).includes('"mine"'))
  assert.deepEqual((await people.nora.audit.list()).items, [])
  const [event] = (await people.tess.audit.list({ query: { target: 'DOMAIN/Home' } })).items
  assert.ok(event)
  assert.equal((await people.tess.audit.get({ params: { id: event.id } })).id, event.id)
  await assert.rejects(people.ann.audit.get({ params: { id: event.id } }), { code: 'audit-event-not-found' })
})

test('the stream holds every event that matches, a line each, and is told of itself', async () => {
  const response = await server.admin.send('/audit/stream?targetType=DATASOURCE')
  assert.match(response.headers.get('content-type') ?? '', /^application\/x-ndjson/)
  const lines = (await response.text())
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const { items } = await server.admin.audit.list({ query: { targetType: 'DATASOURCE', limit: 1000 } })
  assert.deepEqual(
    lines.map(({ id }) => id),
    items.map(({ id }) => id).reverse(),
  )
  assert.equal((await server.admin.audit.list({ query: { limit: 1 } })).items[0]?.auditPayload.type, 'AuditDownloaded')
  assert.equal(await (await people.nora.send('/audit/stream')).text(), '')
})

test('the trail as a file is verified without the database; a changed line is named', async () => {
  await act(server.db, system, async ({ audit }) =>
    audit({ action: 'X', targetType: 'X', targets: [], payload: { type: 'X', odd: 'line\nend \u2028 "batch"' } }),
  )
  await server.admin.audit.rotateKey()
  await server.admin.audit.list({ query: { limit: 1 } })
  await makeCheckpoint(server.world, 0)
  const text = await (await people.vera.send('/audit/trail')).text()
  const verify = async (changed: string) => {
    const { links, checkpoints } = readTrail(linesOf(changed))
    return verifyChain(links, { inside: checkpoints, outside: [], isPart: true })
  }
  const whole = await verify(text)
  assert.equal(whole.firstBreak, undefined)
  assert.ok(whole.to > 20)
  const edited = await verify(text.replace('"Name of ann"', '"Name of eve"'))
  assert.equal(edited.firstBreak?.kind, 'event-edited')
  const lines = text.split('\n')
  const second = lines.findIndex((line, at) => at > 0 && line.startsWith('{"batch":'))
  for (const field of ['sealedAt', 'hash', 'hashes', 'absent']) {
    const changed = text.replace(new RegExp(`"${field}":("[^"]*"|\\[[^\\]]*\\])`), `"${field}":"x"`)
    await assert.rejects(verify(changed), /line 1 cannot be read: it was changed/, field)
  }
  const inserted = await verify(lines.toSpliced(second, 0, lines[1] ?? '').join('\n'))
  assert.equal(inserted.firstBreak?.kind, 'event-inserted')
  for (const at of [1, Math.floor(second / 2), second - 1]) {
    const { firstBreak } = await verify(lines.toSpliced(at, 1).join('\n'))
    assert.deepEqual([firstBreak?.kind, firstBreak?.position], ['event-removed', at])
  }
  assert.equal((await server.admin.audit.keys()).length, 2)
  const state = await server.admin.audit.state()
  assert.ok(state.lastCheckpoint && state.lastCheckpoint.position <= state.position)
})

async function* linesOf(text: string) {
  yield* text.split('\n')
}
