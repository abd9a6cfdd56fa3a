/** What no schema sees: bytes, depth, size and addresses that break parsers, sent to every route of the contract. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, type Endpoint, errors } from '@headgate/core/api'
import { sql } from 'kysely'
import { MAX_BODY_BYTES } from '../src/http/fastify-serve.ts'
import { type TestServer, testServer } from './support/server.ts'

let server: TestServer
before(async () => {
  server = await testServer()
})
after(() => server.close())

const endpoints = Object.entries(api).flatMap(([resource, ofResource]) =>
  Object.entries<Endpoint>(ofResource).map(([name, endpoint]) => ({ route: `${resource}.${name}`, endpoint })),
)

interface Bad {
  readonly name: string
  readonly type?: string
  readonly body: Buffer
}

const deep = 20_000
const bodies: readonly Bad[] = [
  { name: 'invalid UTF-8', body: Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xc0, 0x22, 0x7d]) },
  { name: 'a lone surrogate in UTF-8', body: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]) },
  { name: 'NUL', body: Buffer.from([0x22, 0, 0x22]) },
  { name: 'escaped NUL', body: Buffer.from('{"name":"a\\u0000b","\\u0000":1}') },
  { name: 'depth', body: Buffer.from('['.repeat(deep) + ']'.repeat(deep)) },
  { name: 'depth of objects', body: Buffer.from(`${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`) },
  { name: 'a polluted prototype', body: Buffer.from('{"__proto__":{"permissions":["GOVERNANCE"]}}') },
  { name: 'a polluted constructor', body: Buffer.from('{"constructor":{"prototype":{"isAdmin":true}}}') },
  { name: 'a repeated key', body: Buffer.from('{"name":"a","name":"b"}') },
  { name: 'a number beyond all', body: Buffer.from('1e400') },
  { name: 'half of it', body: Buffer.from('{"name":') },
  { name: 'YAML aliases', type: 'application/yaml', body: Buffer.from(bomb()) },
  { name: 'YAML tags', type: 'application/yaml', body: Buffer.from('!!js/function "x"') },
]

function bomb(): string {
  const lines = ['a: &a ["x","x","x","x","x","x","x","x","x"]']
  for (let name = 'b'; name <= 'i'; name = String.fromCharCode(name.charCodeAt(0) + 1)) {
    const before = String.fromCharCode(name.charCodeAt(0) - 1)
    lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`)
  }
  return lines.join('\n')
}

async function counts(): Promise<unknown> {
  const { rows } = await sql`select
    (select count(*) from audit_event where event::jsonb #>> '{auditPayload,type}' <> 'SignInRefused') as events,
    (select count(*) from fact_change) as facts,
    (select count(*) from person) as people,
    (select count(*) from api_key) as keys`.execute(server.db.kysely)
  return rows[0]
}

function addressOf({ path }: Endpoint, of = (name: string): string => (/id$/i.test(name) ? '999999' : 'x')): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => of(name))
}

async function refused(told: string, endpoint: Endpoint, url: string, bad?: Bad): Promise<void> {
  const headers = {
    authorization: server.admin.key,
    ...(endpoint.ifMatch ? { 'if-match': '1' } : {}),
    ...(bad ? { 'content-type': bad.type ?? 'application/json' } : {}),
  }
  const answer = await server.app.inject({
    method: endpoint.method,
    url,
    headers,
    ...(bad ? { payload: bad.body } : {}),
  })
  assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, `${told}: ${answer.statusCode} ${answer.body}`)
  const { code, message } = answer.json() as { code: keyof typeof errors; message: string }
  assert.equal(errors[code]?.status, answer.statusCode, told)
  assert.ok(message.length > 0, told)
}

test('no bytes that are no value bring a route to answer anything but what is wrong', async () => {
  const before = await counts()
  for (const { route, endpoint } of endpoints) {
    if (!endpoint.body || endpoint.takes) continue
    for (const bad of bodies) await refused(`${route}: ${bad.name}`, endpoint, addressOf(endpoint), bad)
  }
  assert.deepEqual(await counts(), before)
})

test("a body beyond each route's limit is refused by its size", async () => {
  for (const { route, endpoint } of endpoints) {
    const limit = endpoint.bodyLimit ?? MAX_BODY_BYTES
    // The large ones cost more than they tell: their limit is the same mechanism.
    if (!endpoint.body || limit > MAX_BODY_BYTES) continue
    const body = Buffer.alloc(limit + 1, ' ')
    const answer = await server.app.inject({
      method: endpoint.method,
      url: addressOf(endpoint),
      headers: { authorization: server.admin.key, 'content-type': endpoint.takes ?? 'application/json' },
      payload: body,
    })
    assert.equal(answer.statusCode, 413, route)
  }
})

test('no address brings a route to answer anything but what is wrong', async () => {
  const before = await counts()
  const segments = [
    '%ff',
    '%00',
    '%ED%A0%80',
    '..%2f..%2fetc',
    '%27%3Bdrop%20table%20person%3B--',
    'x'.repeat(6000),
    '%0d%0aa:b',
  ]
  for (const { route, endpoint } of endpoints) {
    const { method, params, body } = endpoint
    // Of a name, a text that looks odd may be as good as any: only its bytes can be wrong.
    if (params && !body) {
      for (const odd of segments.slice(0, 3)) {
        await refused(
          `${route}: ${odd}`,
          endpoint,
          addressOf(endpoint, () => odd),
        )
      }
      for (const odd of segments.slice(3)) {
        const url = addressOf(endpoint, () => odd)
        const answer = await server.app.inject({ method, url, headers: { authorization: server.admin.key } })
        assert.ok(answer.statusCode < 500, `${route} ${odd}: ${answer.body}`)
      }
    }
    const query = `${addressOf(endpoint)}?%00=%ff&__proto__=1`
    if (endpoint.needs !== 'nobody') await refused(`${route}: query`, endpoint, query)
  }
  assert.deepEqual(await counts(), before)
})
