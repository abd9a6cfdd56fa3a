/** What a preview says is what then happens: random writes, each previewed, done with its token, and looked at again. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { HypotheticalChange } from '@headgate/core/api'
import { writeOf } from '../src/previews/writes.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

async function start(t: TestContext) {
  const server = await testServer()
  t.after(server.close)
  const { admin } = server
  const integration = await storedIntegration(server)
  const sources: number[] = []
  for (const key of ['a', 'b', 'c']) {
    sources.push(await storeDataSource(server, integration, { name: key, scope: `s3://research-data/${key}/*` }))
  }
  const people = [await server.as([], 'ann'), await server.as([], 'ben'), await server.as([], 'cleo')]
  const group = await admin.groups.create({ body: { name: 'Analysts' } })
  for (const name of ['Finance', 'Finance.Payroll']) await admin.tags.create({ body: { name } })
  await admin.domains.create({ body: { name: 'EMEA' } })
  const policies: number[] = []
  for (const policy of [finance, analysts, known, picked, offered]) {
    policies.push((await admin.policies.create({ body: { ...policy, state: 'active' } })).id)
  }
  return { server, sources, people: people.map(({ id }) => id), group: group.id, policies }
}

const finance = {
  name: 'finance',
  kind: 'grant' as const,
  level: 'READ' as const,
  appliesTo: { any: [{ tag: 'Finance' }] },
  who: { when: "@hasAttribute('team', 'risk') OR (@hasAttribute('team') AND @hasPrincipal('iamUser'))" },
}
const analysts = {
  ...finance,
  name: 'analysts',
  level: 'WRITE' as const,
  appliesTo: { everything: true as const },
  who: { when: "@isInGroups('Analysts')" },
}
const known = {
  ...finance,
  name: 'known',
  kind: 'guardrail' as const,
  appliesTo: { any: [{ tag: 'Finance.Payroll' }] },
  who: { when: "@hasAttribute('team')" },
}

const picked = { ...analysts, name: 'picked', appliesTo: { selected: true as const }, who: { everyone: true as const } }
/** The caller qualifies, and has to subscribe. */
const offered = {
  ...finance,
  name: 'offered',
  appliesTo: { any: [{ domain: 'EMEA' }] },
  who: { when: "@isUser('admin')" },
  subscribe: 'manual' as const,
}

/** By `user source`. */
async function accesses({ admin }: TestServer, sources: readonly number[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const id of sources) {
    const answer = await admin.dataSources.access({ params: { id } }).catch(() => ({ items: [] }))
    for (const row of answer.items) found.set(`${row.user.userid} ${row.dataSource.name}`, row.level)
  }
  return found
}

/** Does it, as its own client would: with the version of the policy, and the token. */
async function write(admin: TestPerson, change: HypotheticalChange, token: string): Promise<void> {
  const { endpoint, params = {}, query = {}, body } = writeOf(change)
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const version = endpoint.ifMatch
    ? (await admin.policies.get({ params: { id: Number(params.id) } })).version
    : undefined
  const search = new URLSearchParams(query as Record<string, string>)
  const answer = await admin.send(`${path}?${search}`, {
    method: endpoint.method,
    headers: {
      'if-preview': token,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(version === undefined ? {} : { 'if-match': String(version) }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  assert.ok(answer.ok, `${JSON.stringify(change)}: ${await answer.text()}`)
}

type World = Awaited<ReturnType<typeof start>>

/** Every kind of change that needs no AWS, several times, in an order of its own each time. */
function* changesIn({ sources, people, group, policies }: World, random: () => number): Generator<HypotheticalChange> {
  const one = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
  const value = () => ({ key: 'team', value: one(['risk', 'sales']) })
  const holder = () => (random() < 0.3 ? { group } : { user: one(people) })
  const kinds: (() => HypotheticalChange)[] = [
    () => ({
      change: one(['addTags', 'removeTags']),
      dataSource: one(sources),
      tags: [one(['Finance', 'Finance.Payroll'])],
    }),
    () => ({ change: one(['addTags', 'removeTags']), dataSource: one(sources), tags: ['Finance'] }),
    () => {
      const [add, remove] = random() < 0.5 ? [['Finance'], []] : [[], ['Finance']]
      return { change: 'changeTags', dataSourceIds: [...new Set([one(sources), one(sources)])], add, remove }
    },
    () => ({ change: one(['giveAttribute', 'takeAttribute']), ...holder(), ...value() }),
    () => ({ change: one(['addToGroup', 'removeFromGroup']), group, user: one(people) }),
    () => ({ change: 'setMember', dataSource: one(sources), ...holder(), level: one(['READ', 'WRITE']) }),
    () => ({ change: 'removeMember', dataSource: one(sources), ...holder() }),
    () => ({ change: one(['disableUser', 'enableUser']), user: one(people) }),
    () => ({ change: one(['activatePolicy', 'stagePolicy']), id: one(policies) }),
    () => ({ change: one(['archivePolicy', 'stagePolicy']), id: one(policies) }),
    () => ({ change: one(['putIntoDomain', 'takeOutOfDomain']), domain: 'EMEA', dataSource: one(sources) }),
    () => ({ change: 'editDomain', domain: 'EMEA', tags: random() < 0.5 ? [] : ['Finance'] }),
    () => ({ change: one(['selectPolicy', 'deselectPolicy']), dataSource: one(sources), policy: policies[3] ?? 0 }),
    () => ({ change: 'subscribe', dataSource: one(sources), level: 'READ' }),
    () => ({ change: 'unsubscribe', dataSource: one(sources) }),
    () => ({ change: 'restorePolicy', id: one(policies), version: 1 }),
    () => ({ change: one(['disableDataSource', 'restoreDataSource']), dataSource: one(sources) }),
    () => ({
      change: 'setPrincipals',
      user: one(people),
      principals: random() < 0.5 ? [] : [principalOf(one(people))],
    }),
    () => ({
      change: 'editPolicy',
      id: one(policies),
      policy: { ...one([analysts, finance, known]), name: `p ${random()}` } as never,
    }),
    () => ({ change: 'createPolicy', policy: { ...finance, name: `new ${random()}` } as never }),
  ]
  const [dataSource = 0] = sources
  yield { change: 'putIntoDomain', domain: 'EMEA', dataSource }
  yield { change: 'subscribe', dataSource, level: 'READ' }
  yield { change: 'selectPolicy', dataSource, policy: policies[3] ?? 0 }
  for (let times = 0; times < 3; times++) for (const kind of kinds) yield kind()
  yield { change: 'deleteUser', user: one(people) }
  yield { change: 'deletePolicy', id: policies[0] ?? 0 }
  yield { change: 'deleteGroup', group }
  yield { change: 'deleteDataSource', dataSource: one(sources) }
}

function principalOf(person: number) {
  return { kind: 'iamUser' as const, identifier: `arn:aws:iam::111122223333:user/person-${person}` }
}

test('random writes move exactly what their previews said', async t => {
  const world = await start(t)
  const { server, sources } = world
  const { admin } = server
  const seed = Number(process.env.HEADGATE_SEED ?? Date.now() % 100_000)
  const random = randomFrom(seed)
  let before = await accesses(server, sources)
  const done = new Map<string, number>()
  for (const change of changesIn(world, random)) {
    const where = `seed ${seed}: ${JSON.stringify(change)}`
    // What cannot be done cannot be previewed either: that is another test.
    const preview = await admin.previews
      .make({ body: { changes: [change] }, query: { limit: 1000 } })
      .catch(() => undefined)
    if (!preview) continue
    await write(admin, change, preview.token ?? '')
    const after = await accesses(server, sources)
    const said = preview.items.map(one => `${one.user.userid} ${one.dataSource.name} ${one.before} ${one.after}`)
    const moved = [...new Set([...before.keys(), ...after.keys()])]
      .filter(key => before.get(key) !== after.get(key))
      .map(key => `${key} ${before.get(key)} ${after.get(key)}`)
    assert.deepEqual(said.sort(), moved.sort(), where)
    assert.deepEqual([preview.entitlements.before, preview.entitlements.after], [before.size, after.size], where)
    before = after
    done.set(change.change, (done.get(change.change) ?? 0) + 1)
  }
  assert.ok(
    done.has('subscribe') && done.has('selectPolicy') && done.size >= 12,
    `seed ${seed}: only ${[...done.keys()].join(', ')}`,
  )
  assert.equal((await admin.deployment.verifyIndex()).isRight, true)
})

/** A linear congruential generator: 32 bits, the constants of Numerical Recipes. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
