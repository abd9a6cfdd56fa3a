/**
 * Who may call what: every route of the contract, called by everybody there is, held against what the contract says.
 *
 * New routes are in it by themselves; their call stands in `authorisation/requests.ts`.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Endpoint, isRule, permissionsNeeded, type Rule, rules, scim } from '@headgate/core/api'
import { sql } from 'kysely'
import { callsIn, type Kind, lacks, neverDone, type Planned, unaudited } from './authorisation/requests.ts'
import { type Actor, prepareWorld, type World } from './authorisation/world.ts'
import { type TestServer, testServer } from './support/server.ts'
import { type Answered, type AuditEvent, type Sent, type TakenBack, takenBack } from './support/taken-back.ts'

let server: TestServer
let world: World
let out: TakenBack | undefined
before(async () => {
  server = await testServer({ sandbox: true })
  world = await prepareWorld(server)
  out = await takenBack(server)
})
after(async () => {
  await out?.close()
  await server.close()
})

type Outcome = 'through' | `${401 | 403 | 404} ${string}`

/** What an actor is to the thing that a call is about. */
function isAnyOf({ permissions, is, rights }: Actor, { about, anyOf, or }: Rule, kind: Kind | undefined): boolean {
  if (anyOf.some(permission => permissions.includes(permission))) return true
  const lacking = kind && lacks[kind]
  return or.some(relation => {
    if (typeof relation === 'string') {
      const told = `${about}:${relation}`
      return is.includes(told) && !lacking?.relations.includes(told)
    }
    if (about === 'anyDomain') return relation.inDomain.some(right => is.includes(`anyDomain:${right}`))
    return !lacking?.rights && relation.inDomain.some(right => rights.includes(right))
  })
}

const missing: { readonly [S in Rule['about']]?: string } = {
  dataSource: 'data-source-not-found',
  policy: 'policy-not-found',
  domain: 'domain-not-found',
  dataProduct: 'data-product-not-found',
  request: 'request-not-found',
  user: 'user-not-found',
  apiKey: 'api-key-not-found',
  session: 'session-not-found',
  auditEvent: 'audit-event-not-found',
  access: 'data-source-not-found',
  change: 'data-source-not-found',
}

/** Who may not read a thing is told by a refused change that it is not there. */
function isKnown(actor: Actor, about: Rule['about'], { endpoint, kind }: Planned): boolean {
  if (about === 'dataSource' || about === 'change') return isAnyOf(actor, rules.readDataSource, kind)
  if (about === 'request') return isAnyOf(actor, rules.readRequest, kind)
  if (about === 'dataProduct' && endpoint.path.includes('{id}')) return isAnyOf(actor, rules.readDataProduct, kind)
  // A new policy is no secret.
  if (about === 'policy' && endpoint.path.includes('{id}')) return isAnyOf(actor, rules.readPolicy, kind)
  return true
}

/** What the contract says. */
function expected(actor: Actor, planned: Planned): Outcome {
  const { needs, method } = planned.endpoint
  if (method !== 'GET' && actor.headers['sec-fetch-site'] === 'cross-site') return '403 csrf-refused'
  if (needs === 'nobody') return 'through'
  if (actor.refused && (!actor.refused.writesOnly || method !== 'GET')) {
    return actor.refused.status === 403 ? '403 csrf-refused' : '401 '
  }
  const needed = permissionsNeeded(needs)
  if (needed) return needed.some(one => actor.permissions.includes(one)) ? 'through' : '403 permission-missing'
  if (!isRule(needs) || needs.others === 'leftOut' || isAnyOf(actor, needs, planned.kind)) return 'through'
  if (needs.others === 'refused' && isKnown(actor, needs.about, planned)) return '403 permission-missing'
  return `404 ${missing[needs.about] ?? ''}`
}

function outcomeOf({ status, code }: Answered, { needs }: Endpoint): Outcome {
  // One who is not let in is told no more than that, whichever way they came.
  if (status === 401 && needs !== 'nobody' && code !== 'password-wrong') return '401 '
  if (code === 'permission-missing' || code === 'csrf-refused') return `403 ${code}`
  return isRule(needs) && status === 404 && code === missing[needs.about] ? `404 ${code}` : 'through'
}

/** Those who tell something about a route: what one is to a thing matters to rules alone. */
function askedBy({ needs }: Endpoint): readonly Actor[] {
  if (isRule(needs)) return world.actors.filter(({ isRare }) => !isRare)
  const plain = world.actors.filter(({ is, rights }) => is.length === 0 && rights.length === 0)
  return typeof needs === 'string' ? plain : plain.filter(({ isRare, name }) => !isRare && !name.includes('another'))
}

async function counts(): Promise<unknown> {
  const { rows } = await sql`select
    (select count(*) from audit_event where event::jsonb #>> '{auditPayload,type}' <> 'SignInRefused') as events,
    (select count(*) from fact_change) as facts,
    (select count(*) from api_key) as keys,
    (select count(*) from sign_in_session) as sessions`.execute(server.db.kysely)
  return rows[0]
}

function as(actor: Actor, call: Sent): Sent {
  return { ...call, headers: { ...call.headers, ...actor.headers } }
}

test('every route of the contract has its call in the table', () => {
  const without = callsIn(world).flatMap(({ route, call }) => (call ? [] : [route]))
  assert.deepEqual(without, [], 'add them to test/authorisation/requests.ts')
})

test('every route lets through whom the contract says, nobody else, and tells of every write', async () => {
  const calls = out as TakenBack
  const wrong: string[] = []
  const done = new Set<string>()
  const tells = new Set<string>()
  const before = await counts()
  for (const planned of callsIn(world)) {
    const { route, endpoint, kind, call } = planned
    if (!call) continue
    for (const actor of askedBy(endpoint)) {
      const should = expected(actor, planned)
      const tried = should === 'through' ? await calls.tryOut(as(actor, call)) : undefined
      const answer = tried ?? (await calls.send(as(actor, call)))
      const was = outcomeOf(answer, endpoint)
      const told = `${route} ${kind ?? ''} by ${actor.name}: ${answer.status} ${answer.code ?? ''}`
      if (was !== should) wrong.push(`${told} instead of ${should}`)
      else if (answer.status >= 500 && !answer.code?.startsWith('aws-')) wrong.push(told)
      if (answer.status >= 400) {
        // Wrong passwords are counted and told of.
        if (tried && tried.stored.facts > 0) wrong.push(`${told} stored something`)
        continue
      }
      done.add(route)
      const names = (event: AuditEvent) =>
        // Who signs in becomes somebody by it.
        (event.actor.id === actor.id || endpoint.needs === 'nobody') &&
        event.requestId === tried?.requestId &&
        event.targets.length > 0
      if (tried?.stored.events.some(names) || endpoint.method === 'GET') tells.add(route)
    }
  }
  assert.deepEqual(wrong, [])
  assert.deepEqual(await counts(), before, 'what is refused stores nothing')
  const never = new Set(callsIn(world).flatMap(({ route }) => (done.has(route) ? [] : [route])))
  assert.deepEqual([...never].sort(), Object.keys(neverDone).sort(), 'a call that nobody succeeds with shows little')
  const silent = [...done].filter(route => !tells.has(route))
  assert.deepEqual(silent.sort(), Object.keys(unaudited).sort(), 'every write tells who did what to what')
})

test('a list shows exactly what each caller may read one by one', async () => {
  const calls = out as TakenBack
  const { here, there, off, policies } = world
  const standing = await server.db.kysely.selectFrom('policy').where('protected', '=', true).select('id').execute()
  const lists = [
    { path: '/data-sources', key: 'id', all: [here, there, off] },
    { path: '/policies', key: 'id', all: [...Object.values(policies), ...standing].map(({ id }) => id) },
    { path: '/domains', key: 'name', all: ['Home', 'Away', 'Empty'] },
  ] as const
  for (const actor of world.actors.filter(({ refused }) => !refused)) {
    const get = (url: string) => calls.send(as(actor, { method: 'GET', url, headers: {} }))
    for (const { path, key, all } of lists) {
      const { items } = JSON.parse((await get(path)).text) as { items: Readonly<Record<string, unknown>>[] }
      const readable: unknown[] = []
      for (const one of all) if ((await get(`${path}/${one}`)).status === 200) readable.push(one)
      const listed = items.map(item => item[key])
      assert.deepEqual(listed.toSorted(), readable.toSorted(), `${path} for ${actor.name}`)
    }
  }
})

test('SCIM is open to tokens of identity providers alone', async () => {
  const admin = world.actors.filter(({ name }) => name === 'the admin' || name === 'a session' || name === 'nobody')
  for (const { method, path } of Object.values(scim)) {
    for (const actor of admin) {
      const url = path.replaceAll(/\{\w+\}/g, '1')
      const { statusCode } = await (out as TakenBack).app.inject({ method, url, headers: { ...actor.headers } })
      assert.equal(statusCode, 401, `${method} ${path} by ${actor.name}`)
    }
  }
})
