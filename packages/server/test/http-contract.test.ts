import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { api, type Endpoint, errors, type Permission, permissions, permissionsNeeded } from '@headgate/core/api'
import fc from 'fast-check'
import { sql } from 'kysely'
import { ensureSigningKey } from '../src/audit/checkpoint.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer()
  admin = server.admin
  await ensureSigningKey(server.world)
})
after(() => server.close())

const endpoints = Object.entries(api).flatMap(([resource, ofResource]) =>
  Object.entries<Endpoint>(ofResource).map(([name, endpoint]) => ({ id: `${resource}.${name}`, endpoint })),
)

/** A call of the right form that names nothing that is there. */
function requestOf(endpoint: Endpoint): [path: string, init: RequestInit] {
  // Data products have ids that are words.
  const id = endpoint.path.startsWith('/data-products') ? 'none' : '999999'
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (/id$/i.test(name) ? id : 'x'))
  return [path, { method: endpoint.method }]
}

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { code: string }).code
}

test('every route of the contract is served', () => {
  for (const { id, endpoint } of endpoints) {
    const url = endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1')
    assert.ok(server.app.hasRoute({ method: endpoint.method, url }), id)
  }
})

test('no route but those that let people in and the health checks answers without a key', async () => {
  const open = endpoints.filter(({ endpoint }) => endpoint.needs === 'nobody').map(({ endpoint }) => endpoint.path)
  const known =
    /^\/(health\/(live|ready)|session|session\/ways|device-sign-ins|device-sign-ins\/poll|set-up|set-up\/look|sign-in\/(providers|\{id\}|\{id\}\/callback))$/
  assert.deepEqual(
    open.filter(path => !known.test(path)),
    [],
  )
  for (const { id, endpoint } of endpoints) {
    const [path, init] = requestOf(endpoint)
    const answer = await fetch(server.url + path, init)
    if (endpoint.needs === 'nobody') assert.notEqual(answer.status, 401, id)
    else assert.equal(`${answer.status} ${await codeOf(answer)}`, '401 key-missing', id)
    const wrong = await fetch(server.url + path, { ...init, headers: { authorization: 'Bearer hg_wrong' } })
    assert.equal(wrong.status === 401, endpoint.needs !== 'nobody', id)
  }
})

test('every route is closed to whoever holds every permission but those it needs', async () => {
  const people = new Map<string, TestPerson>()
  for (const { id, endpoint } of endpoints) {
    const needed = permissionsNeeded(endpoint.needs)
    if (!needed) continue
    const rest = permissions.filter(permission => !needed.includes(permission))
    const person = people.get(rest.join()) ?? (await server.as(rest))
    people.set(rest.join(), person)
    const [path, init] = requestOf(endpoint)
    const answer = await person.send(path, init)
    assert.equal(`${answer.status} ${await codeOf(answer)}`, '403 permission-missing', id)
  }
})

test('every route is open to whoever holds one of the permissions it needs', async () => {
  const holders = new Map<Permission, TestPerson>()
  for (const permission of permissions) holders.set(permission, await server.as([permission]))
  for (const { id, endpoint } of endpoints) {
    for (const permission of permissionsNeeded(endpoint.needs) ?? []) {
      const [path, init] = requestOf(endpoint)
      const answer = await holders.get(permission)?.send(path, init)
      assert.ok(answer && ![401, 403].includes(answer.status) && answer.status < 500, `${id} ${permission}`)
    }
  }
})

test('a key narrowed to nothing opens none of the routes that need a permission', async () => {
  const { key } = await admin.apiKeys.create({ body: { name: 'nothing', permissions: [] } })
  for (const { id, endpoint } of endpoints) {
    if (!permissionsNeeded(endpoint.needs)) continue
    const [path, init] = requestOf(endpoint)
    const answer = await fetch(server.url + path, { ...init, headers: { authorization: key } })
    assert.equal(answer.status, 403, id)
  }
})

test('a write that needs a version says so when none is sent', async () => {
  for (const { id, endpoint } of endpoints.filter(({ endpoint }) => endpoint.ifMatch && !endpoint.body)) {
    const [path, init] = requestOf(endpoint)
    assert.equal(await codeOf(await admin.send(path, init)), 'version-missing', id)
    const odd = await admin.send(path, { ...init, headers: { 'if-match': '*' } })
    assert.equal(await codeOf(odd), 'request-invalid', id)
  }
})

test('an error has the documented fields, a code of the table and its status', async () => {
  const answer = await admin.send('/users/999999?x=1')
  const body = (await answer.json()) as Record<string, unknown>
  assert.deepEqual(Object.keys(body), ['statusCode', 'error', 'message', 'code', 'requestId', 'issues'])
  assert.deepEqual([body.statusCode, body.error, body.code], [422, 'Unprocessable Entity', 'request-invalid'])
  assert.deepEqual(body.issues, [{ path: 'query.x', message: 'is not known here: remove it' }])
  assert.equal(answer.headers.get('x-request-id'), body.requestId)
})

test('an unknown address, and one that is not UTF-8, are told apart', async () => {
  assert.equal(await codeOf(await admin.send('/nowhere')), 'route-unknown')
  assert.equal(await codeOf(await admin.send('/users/me', { method: 'DELETE' })), 'request-invalid')
  assert.equal(await codeOf(await admin.send('/tags/%ff', { method: 'DELETE' })), 'address-unparsable')
  assert.equal(await codeOf(await admin.send(`/tags/${'x'.repeat(5000)}`, { method: 'DELETE' })), 'route-unknown')
})

/** Strings that have broken other systems. */
const nasty = [
  '',
  ' ',
  '0',
  '-1',
  '1e3',
  '0x10',
  '1.5',
  '99999999999999999999',
  'null',
  '../../etc/passwd',
  '..%2f..%2f',
  "'; drop table person; --",
  '" or 1=1',
  '%',
  '_\\',
  '\u0000',
  'a\u0000b',
  '\u001b[31m',
  '\r\nset-cookie: a=b',
  '\ud800',
  '\u202egnp',
  'Ａdmin',
  '{{7*7}}',
  '$\u007bjndi:ldap://x\u007d',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'x'.repeat(5000),
  '😀'.repeat(300),
]

const nastyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...nasty, null, true, false, 0, -1, 1.5, 1e21, 999_999_999, [], {}, [[]], [null]),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** A body with the fields that the schema knows, each of them perhaps wrong, perhaps missing, perhaps with strangers. */
function bodyFor(schema: JsonSchema, depth = 0): fc.Arbitrary<unknown> {
  const { properties, items, anyOf, oneOf, enum: values } = schema
  const alternatives = anyOf ?? oneOf
  if (depth > 4) return nastyValue
  const good: fc.Arbitrary<unknown> =
    schema.const !== undefined
      ? fc.constant(schema.const)
      : values
        ? fc.constantFrom(...values)
        : alternatives
          ? fc.oneof(...alternatives.map(one => bodyFor(one, depth + 1)))
          : items
            ? fc.array(bodyFor(items, depth + 1), { maxLength: 3 })
            : properties
              ? fc
                  .record(
                    Object.fromEntries(
                      Object.entries(properties).map(([key, value]) => [key, bodyFor(value, depth + 1)]),
                    ),
                    { requiredKeys: [] },
                  )
                  .chain(body => fc.option(nastyValue, { freq: 4 }).map(odd => (odd ? { ...body, odd } : body)))
              : schema.type === 'string'
                ? fc.constantFrom('x', 'Finance', '2030-01-01T00:00:00Z', 's3://bucket/x/*')
                : fc.constantFrom<unknown>(1, 7, true)
  return fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: nastyValue })
}

function inputFor({ name, in: place }: Operation['parameters'][number], ownId: fc.Arbitrary<string>) {
  if (place === 'path') return fc.oneof(fc.constantFrom(...nasty), ownId)
  // A change that is still to come is waited for, and then is not there: that is what 503 is for.
  return fc.constantFrom(...nasty, name === 'Headgate-Sequence' ? '0' : '3')
}

interface JsonSchema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, { schema: JsonSchema }> }>>
}

async function openApi(): Promise<OpenApi> {
  return (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi
}

test('no input brings a route to answer 5xx, and what is refused leaves nothing behind', async () => {
  const { paths } = await openApi()
  const bystander = await server.as([])
  // But a sign-in that is refused leaves an event that says so.
  const rows = async () => {
    const { rows: counted } = await sql<object>`select
      (select count(*) from fact_change) as facts, (select count(*) from audit_event
        where event::jsonb ->> 'actionStatus' = 'SUCCESS') as events,
      (select count(*) from person) as people, (select count(*) from people_group) as groups,
      (select count(*) from tag) as tags, (select count(*) from policy) as policies,
      (select count(*) from data_source) as sources, (select count(*) from integration) as integrations,
      (select count(*) from member) as members, (select count(*) from api_key) as keys`.execute(server.db.kysely)
    return counted[0]
  }
  const calls = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  for (const { path, method, operation } of calls) {
    const schema = operation.requestBody?.content['application/json']?.schema
    const ownId = fc.constantFrom(String(bystander.id), '999999')
    const parameters = fc.tuple(
      ...operation.parameters.map(parameter =>
        fc.record({
          parameter: fc.constant(parameter),
          // Real ids are those of a bystander only, or the run would end by revoking its own key.
          value: inputFor(parameter, ownId),
          sent: fc.boolean(),
        }),
      ),
    )
    const input = fc.record({ parameters, body: schema ? bodyFor(schema) : fc.constant(undefined) })
    const property = fc.asyncProperty(input, async ({ parameters: chosen, body }) => {
      let address = path
      const search = new URLSearchParams()
      const headers: Record<string, string> = schema ? { 'content-type': 'application/json' } : {}
      for (const { parameter, value, sent } of chosen) {
        const text = value.toWellFormed()
        if (parameter.in === 'path') address = address.replace(`{${parameter.name}}`, () => encodeURIComponent(text))
        else if (parameter.in === 'header') headers[parameter.name] = encodeURIComponent(text)
        else if (sent) search.set(parameter.name, text)
      }
      if (operation.operationId === 'apiKeys.revoke' && address.endsWith(`/${bystander.id}`)) return
      const before = await rows()
      const answer = await admin.send(`${address}?${search}`, {
        method,
        headers,
        ...(schema ? { body: JSON.stringify(body) ?? '' } : {}),
      })
      // A stream of events has no end to be read to, and keeps no connection that a closing server would wait for.
      if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
        assert.equal(answer.headers.get('connection'), 'close')
        return answer.body?.cancel()
      }
      const text = await answer.text()
      if (answer.status < 400) return
      const { code } = JSON.parse(text) as { code: keyof typeof errors }
      assert.equal(errors[code]?.status, answer.status, text)
      assert.ok(answer.status < 500 || code.startsWith('aws-'), `${operation.operationId}: ${text}`)
      assert.deepEqual(await rows(), before, `${operation.operationId} stored something: ${text}`)
    })
    await fc.assert(property, { numRuns: process.env.HEADGATE_TEST_LONG ? 100 : 10 })
  }
})

test('the OpenAPI document has every route with its bodies, errors and key', async () => {
  const { paths } = await openApi()
  const operations = Object.values(paths).flatMap(ofPath => Object.values(ofPath))
  assert.deepEqual(operations.map(({ operationId }) => operationId).sort(), endpoints.map(({ id }) => id).sort())
  for (const { id, endpoint } of endpoints) {
    const operation = paths[endpoint.path]?.[endpoint.method.toLowerCase()]
    assert.ok(operation, id)
    const named = operation.parameters.filter(parameter => parameter.in === 'path').map(({ name }) => `{${name}}`)
    assert.deepEqual(endpoint.path.match(/\{\w+\}/g) ?? [], named, id)
    const types = Object.keys(operation.requestBody?.content ?? {})
    const isPlain = types.includes('application/json') && types.includes('application/yaml')
    assert.equal(isPlain || types.includes('text/csv'), endpoint.body !== undefined)
    assert.ok(operation.responses[endpoint.status], id)
    for (const code of endpoint.errors) {
      const answer = JSON.stringify(operation.responses[errors[code].status]?.content)
      assert.ok(answer?.includes(`"${code}"`), `${id} ${code}`)
    }
    if (endpoint.needs !== 'nobody') assert.ok(operation.responses['401'] && operation.responses['403'], id)
  }
})

test('the OpenAPI document refers only to what it holds', async () => {
  const document = await openApi()
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map(match => match[1] ?? '')
  assert.ok(references.length > 0)
  for (const reference of new Set(references)) {
    let at: unknown = document
    for (const step of reference.split('/').slice(1)) at = (at as Record<string, unknown> | undefined)?.[step]
    assert.ok(at, reference)
  }
})
