import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { fastify } from 'fastify'
import { sql } from 'kysely'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { openDatabase } from '../src/db/open.ts'
import { answerErrors } from '../src/http/errors.ts'
import { findRepeatedKey } from '../src/http/repeated-key.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer()
  admin = server.admin
})
after(() => server.close())

interface Told {
  readonly code: string
  readonly message: string
}

async function post(path: string, body: string | Uint8Array, type = 'application/json'): Promise<[number, Told]> {
  const sent = typeof body === 'string' ? body : new Uint8Array(body)
  const answer = await admin.send(path, { method: 'POST', headers: { 'content-type': type }, body: sent })
  return [answer.status, (await answer.json()) as Told]
}

test('YAML and JSON of the same value do the same', async () => {
  const types = ['application/yaml', 'application/x-yaml', 'text/yaml', 'application/yaml; charset=utf-8']
  for (const [index, type] of types.entries()) {
    const [status] = await post('/groups', `name: yaml ${index}\ndescription: |\n  two\n  lines\n`, type)
    assert.equal(status, 201)
  }
  const { items } = await admin.groups.list({ query: { search: 'yaml ' } })
  assert.deepEqual(
    items.map(item => item.description),
    Array(4).fill('two\nlines\n'),
  )
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  const body = fc.record({ name: text, description: text, odd: fc.jsonValue() }, { requiredKeys: [] })
  const property = fc.asyncProperty(body, async value => {
    const answers = [await post('/groups', stringify(value), 'text/yaml'), await post('/groups', JSON.stringify(value))]
    const [yaml, json] = answers.map(([status, told]) => [status, told.code])
    // What the first one made, the second one finds.
    assert.deepEqual(yaml?.[0] === 201 ? [409, 'group-exists'] : yaml, json)
  })
  await fc.assert(property, { numRuns: 40 })
})

test('bodies that cannot be parsed are told so, without being quoted', async () => {
  const secret = 'wJalrXUtnFEMI'
  const bombs = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  for (const [one, other] of ['ab', 'bc', 'cd', 'de'].map(pair => [...pair])) {
    bombs.push(`${other}: &${other} [${Array(10).fill(`*${one}`).join()}]`)
  }
  const bad: [body: string | Uint8Array, type: string][] = [
    [`{"name": ${secret}}`, 'application/json'],
    [`{"name": "${secret}"`, 'application/json'],
    ['{"name": "a", "name": "b"}', 'application/json'],
    ['{"name": "a", "n\\u0061me": "b"}', 'application/json'],
    ['{"name": "a", "__proto__": {"admin": true}}', 'application/json'],
    ['['.repeat(100_000) + ']'.repeat(100_000), 'application/json'],
    [Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 'application/json'],
    [Uint8Array.of(0x61, 0x3a, 0x20, 0xc3, 0x28), 'text/yaml'],
    ['name: a\nname: b', 'text/yaml'],
    ['__proto__: {admin: true}', 'text/yaml'],
    ['name: !!js/function "x"', 'text/yaml'],
    ['a: 1\n---\nb: 2', 'text/yaml'],
    ['&a [*a]', 'text/yaml'],
    ['['.repeat(10_000), 'text/yaml'],
    [bombs.join('\n'), 'text/yaml'],
  ]
  for (const [body, type] of bad) {
    const [status, told] = await post('/groups', body, type)
    assert.equal(`${status} ${told.code}`, '400 body-unparsable', String(body).slice(0, 100))
    assert.equal(told.message.includes(secret), false)
  }
})

test('no body, a body where none belongs, and other media types', async () => {
  const [missing, told] = await post('/groups', '')
  assert.equal(`${missing} ${told.code}`, '422 request-invalid')
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data']) {
    const [status, { code }] = await post('/groups', 'name=x', type)
    assert.equal(`${status} ${code}`, '415 media-type-unknown')
  }
  const [status] = await post('/policies/999999/activate', '{"force": true}')
  assert.equal(status, 422)
})

test("a body beyond its route's limit is 413, and the limit is named", async () => {
  const description = 'x'.repeat(1024 * 1024)
  const [status, told] = await post('/groups', JSON.stringify({ name: 'big', description }))
  assert.equal(`${status} ${told.code}`, '413 body-too-large')
  assert.match(told.message, /1048576 bytes/)
  const [registration] = await post('/native-s3/handler', JSON.stringify({ description }))
  assert.equal(registration, 422)
  const [yaml, toldOfYaml] = await post(
    '/native-s3/handler',
    stringify({ description: `${description}x` }),
    'text/yaml',
  )
  assert.equal(`${yaml} ${toldOfYaml.code}`, '413 body-too-large')
})

test('a repeated key is found exactly where there is one', () => {
  const key = fc.constantFrom('a', 'b', 'a"', '\\', '{', ',')
  const tree = fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 4 }, fc.jsonValue({ maxDepth: 0 }), fc.constantFrom('"', '\\"', '{"a":', ',')),
    object: fc.dictionary(key, fc.oneof({ maxDepth: 4 }, tie('value'), tie('object'), tie('array'))),
    array: fc.array(fc.oneof({ maxDepth: 4 }, tie('value'), tie('object')), { maxLength: 4 }),
  })).object
  fc.assert(
    fc.property(tree, value => {
      const json = JSON.stringify(value)
      assert.equal(findRepeatedKey(json), undefined)
      const twice = `[1, ${json}, {"x\\"": [], "y": ${json}, "x\\u0022": 0}]`
      assert.equal(findRepeatedKey(twice), 'x"')
    }),
  )
})

test('pages hold everyone once, in byte order, whatever the size; the total is of all', async () => {
  const people = [
    'zed',
    'Zoe',
    'änn',
    'after:x',
    'a b',
    '10',
    '9',
    'per%cent',
    'under_score',
    'back\\slash',
    'émil',
    '😀',
  ]
  for (const userid of people) await server.as([], `paging ${userid}`)
  const expected = people
    .map(userid => `paging ${userid}`)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  for (const limit of [1, 3, people.length - 1, people.length, 1000]) {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await admin.users.list({ query: { search: 'paging ', limit, ...(cursor ? { cursor } : {}) } })
      assert.equal(page.total, people.length)
      assert.ok(page.items.length <= limit)
      seen.push(...page.items.map(user => user.userid))
      cursor = page.next
    } while (cursor)
    assert.deepEqual(seen, expected)
  }
})

test('somebody who comes or goes between two pages moves nobody else', async () => {
  for (const userid of ['b', 'd', 'f', 'h']) await server.as([], `moving ${userid}`)
  const first = await admin.users.list({ query: { search: 'moving', limit: 2 } })
  await server.as([], 'moving a')
  await server.as([], 'moving e')
  const [gone] = first.items
  await admin.users.remove({ params: { id: gone?.id ?? 0 } })
  const second = await admin.users.list({ query: { search: 'moving', limit: 10, cursor: first.next ?? '' } })
  assert.deepEqual(
    second.items.map(user => user.userid),
    ['moving e', 'moving f', 'moving h'],
  )
})

test('a search takes its words as they stand', async () => {
  for (const [search, expected] of [
    ['per%c', 1],
    ['under_s', 1],
    ['unders', 0],
    ['k\\s', 1],
    ['%', 1],
    ['PAGING Z', 2],
  ] as const) {
    assert.equal((await admin.users.list({ query: { search } })).items.filter(inPaging).length, expected, search)
  }
})

function inPaging(user: { readonly userid: string }): boolean {
  return user.userid.startsWith('paging ')
}

test('a cursor that was never given out is refused', async () => {
  for (const cursor of ['', 'x', 'YWZ0ZXI', 'YWZ0ZXI6eA==', Buffer.from('after:a\0').toString('base64url')]) {
    const answer = await admin.send(`/users?cursor=${encodeURIComponent(cursor)}`)
    assert.equal(answer.status, 422, cursor)
  }
})

test('calls beyond the limit are 429, per key and per address', async t => {
  const limited = await testServer({ environment: { HEADGATE_RATE_LIMIT: '5' } })
  t.after(limited.close)
  const other = await limited.as([])
  const statuses = async (send: () => Promise<Response>) => {
    const all: Response[] = []
    for (let call = 0; call < 6; call += 1) all.push(await send())
    return all
  }
  const mine = await statuses(() => limited.admin.send('/users/me'))
  assert.deepEqual(
    mine.map(answer => answer.status),
    [200, 200, 200, 200, 200, 429],
  )
  assert.match(mine[5]?.headers.get('retry-after') ?? '', /^\d+$/)
  const told = (await mine[5]?.json()) as Told | undefined
  assert.equal(told?.code, 'rate-limited')
  assert.equal((await other.send('/users/me')).status, 200)
  let guess = 0
  const guesses = await statuses(() => {
    guess += 1
    return fetch(`${limited.url}/users/me`, { headers: { authorization: `hg_${guess}` } })
  })
  assert.deepEqual(
    guesses.map(answer => answer.status),
    [401, 401, 401, 401, 401, 429],
  )
  assert.equal((await other.send('/users/me')).status, 200)
})

test('what went wrong here is logged with its cause and answered without it', async t => {
  const logged: string[] = []
  const broken = await testServer({ log: pino({ level: 'info' }, { write: line => void logged.push(line) }) })
  t.after(broken.close)
  await sql`alter table tag rename to tag_hidden`.execute(broken.db.kysely)
  const answer = await broken.admin.send('/tags')
  assert.equal(answer.status, 500)
  const text = await answer.text()
  assert.doesNotMatch(text, /relation|tag_hidden|select|\.ts/)
  const { requestId, code } = JSON.parse(text) as { requestId: string; code: string }
  assert.equal(code, 'unexpected')
  const line = logged.find(entry => entry.includes('does not exist'))
  assert.ok(line?.includes(requestId))
  assert.equal(
    logged.some(entry => entry.includes(broken.admin.key)),
    false,
  )
})

test('a server that is not ready says why, and lives', async t => {
  let reason: string | undefined = 'the change loop has not started'
  const waiting = await testServer({ readiness: () => reason })
  t.after(waiting.close)
  const ready = () => fetch(`${waiting.url}/health/ready`)
  const told = (await (await ready()).json()) as Told
  assert.deepEqual([told.code, told.message], ['not-ready', 'not ready: the change loop has not started'])
  reason = undefined
  assert.equal((await ready()).status, 200)
  await waiting.db.close()
  assert.equal((await ready()).status, 503)
  assert.equal((await fetch(`${waiting.url}/health/live`)).status, 200)
})

test('a connection to the database that is cut during a call is 503, and the next call works', async () => {
  const { db } = server
  const status = await db.transaction(async tx => {
    await sql`lock table tag in access exclusive mode`.execute(tx)
    const answer = admin.send('/tags')
    for (let cut = 0; cut === 0; ) {
      const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%"tag"%'`.execute(db.kysely)
      cut = rows.length
    }
    return [(await answer).status, (await answer).headers.get('retry-after')]
  })
  assert.deepEqual(status, [503, '1'])
  assert.equal((await admin.send('/tags')).status, 200)
})

// The driver tells of these in words only, and they were answered as our own mistake (500).
test('however a connection to the database is lost, it is 503', async t => {
  const lines = new Set<Socket>()
  const { hostname, port } = new URL(server.databaseUrl)
  const between = createServer(near => {
    const far = connect(Number(port), hostname)
    for (const line of [near, far]) lines.add(line.on('error', () => {}))
    near.pipe(far).pipe(near)
  })
  await new Promise<void>(resolve => between.listen(0, '127.0.0.1', resolve))
  const url = new URL(server.databaseUrl)
  Object.assign(url, { hostname: '127.0.0.1', port: String((between.address() as AddressInfo).port) })
  const db = openDatabase(url.href)
  const cut = () => {
    for (const line of lines) line.destroy()
  }
  const app = fastify()
  answerErrors(app)
  app.get('/while-it-asks', () =>
    db.transaction(async tx => {
      const asked = sql`select pg_sleep(60)`.execute(tx)
      setImmediate(cut)
      await asked
    }),
  )
  app.get('/between-two-questions', () =>
    db.transaction(async tx => {
      await sql`select 1`.execute(tx)
      cut()
      await new Promise(resolve => setTimeout(resolve, 50)) // idle while the news arrives
      await sql`select 1`.execute(tx)
    }),
  )
  t.after(async () => {
    await app.close()
    await db.close()
    between.close()
  })
  for (const path of ['/while-it-asks', '/between-two-questions']) {
    const answer = await app.inject(path)
    assert.deepEqual([answer.statusCode, answer.json().code], [503, 'not-ready'], path)
  }
})

test('answers of the API let a browser do nothing; every answer forbids sniffing and framing', async () => {
  for (const path of ['/users/me', '/health/live', '/openapi.json', '/nowhere', '/docs/']) {
    const { headers } = await admin.send(path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/, path)
    assert.equal(headers.get('access-control-allow-origin'), null, path)
    assert.equal(headers.get('server') ?? headers.get('x-powered-by'), null)
  }
  const { headers } = await admin.send('/users/me')
  assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/)
  assert.equal(headers.get('cache-control'), 'no-store')
})

// A cache may keep a 404 that does not forbid it: what one may not see would not be there for others either.
test('no refusal is kept by anybody', async () => {
  const nobody = await fetch(`${server.url}/users/me`)
  const answers = [await admin.send('/users/999999'), await admin.send('/nowhere'), nobody]
  answers.push(await fetch(`${server.url}/scim/v2/Users`), await fetch(`${server.url}/scim/v2/Nothing`))
  for (const { headers, status, url } of answers) {
    assert.ok(status >= 400)
    assert.equal(headers.get('cache-control'), 'no-store', url)
  }
})

test('what cannot be read as a call is refused in the shape of every other refusal', async () => {
  const long = await admin.send(`/tags?search=${'x'.repeat(20_000)}`)
  assert.deepEqual([long.status, ((await long.json()) as Told).code], [431, 'headers-too-large'])
  const { port } = new URL(server.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.end('no call at all\r\n\r\n')
  const said = (await socket.setEncoding('utf8').toArray()).join('')
  assert.match(said, /^HTTP\/1\.1 400 [\s\S]*"code":"request-unreadable"/)
})

test('the reference is served from here alone', async () => {
  const page = await fetch(`${server.url}/docs/`)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/)
  const html = await page.text()
  assert.doesNotMatch(html, /https?:\/\//)
  const scripts = /script-src ([^;]+)/.exec(page.headers.get('content-security-policy') ?? '')?.[1] ?? ''
  assert.match(scripts, /^'self' 'sha256-[\w+/=]{44}'$/, 'no script runs by standing in the page')
  const script = /<script src="([^"]+)"/.exec(html)?.[1] ?? ''
  const code = await fetch(new URL(script, `${server.url}/docs/`))
  assert.equal(code.status, 200)
  assert.match(code.headers.get('content-type') ?? '', /javascript/)
  assert.ok((await code.text()).length > 100_000)
})

test('the web app is served with its page for every address inside it', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-web-'))
  t.after(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Headgate</title>')
  await writeFile(join(folder, 'assets', 'app-1a2b3c.js'), 'export {}')
  const web = await testServer({ webFolder: folder })
  t.after(web.close)
  const get = (path: string) => fetch(web.url + path, { redirect: 'manual' })
  for (const path of ['/', '/app']) assert.equal((await get(path)).headers.get('location'), '/app/')
  for (const path of ['/app/', '/app/policies/5', '/app/users?search=ann']) {
    const page = await get(path)
    assert.equal(page.status, 200, path)
    assert.match(await page.text(), /<title>Headgate/)
    assert.match(page.headers.get('content-security-policy') ?? '', /script-src 'self';/)
    assert.equal(page.headers.get('cache-control'), 'no-cache')
  }
  const script = await get('/app/assets/app-1a2b3c.js')
  assert.match(script.headers.get('cache-control') ?? '', /immutable/)
  for (const path of ['/app/assets/gone.js', '/app/..%2f..%2fetc%2fpasswd.txt', '/app/%2e%2e/%2e%2e/etc/hosts.txt']) {
    assert.equal((await get(path)).status, 404, path)
  }
  // Another build takes the place of this one while the server runs.
  await rename(folder, `${folder}-old`)
  await mkdir(join(folder, 'assets'), { recursive: true })
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Headgate, newer</title>')
  await writeFile(join(folder, 'assets', 'app-4d5e6f.js'), 'export {}')
  t.after(() => rm(`${folder}-old`, { recursive: true }))
  assert.match(await (await get('/app/policies/5')).text(), /newer/)
  assert.equal((await get('/app/assets/app-4d5e6f.js')).status, 200)
  const gone = await get('/app/assets/app-1a2b3c.js')
  assert.equal(gone.status, 404)
  assert.equal(((await gone.json()) as { code: string }).code, 'route-unknown')
})
