/** What no provider should send, and somebody will: a clear 4xx in SCIM's own shape, and nothing stored. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { parseFilter, parsePath } from '../../src/scim/filter.ts'
import { type TestServer, testServer } from '../support/server.ts'
import { coreGroup, coreUser, patchOp, provider, type TestProvider } from './scim-world.ts'

let server: TestServer
let scim: TestProvider
let ann: string
let team: string
before(async () => {
  server = await testServer()
  scim = await provider(server, 'idp')
  ann = String((await scim.send('POST /Users', { schemas: [coreUser], userName: 'ann' })).body.id)
  team = String((await scim.send('POST /Groups', { schemas: [coreGroup], displayName: 'team' })).body.id)
})
after(() => server.close())

/** All that SCIM could have stored. */
async function stored(): Promise<string> {
  const { rows } = await sql`
    select (select json_agg(p order by id) from person p) as people, (select json_agg(s order by person_id) from scim_user s) as users,
      (select json_agg(g order by id) from people_group g) as groups, (select count(*) from group_member) as members,
      (select max(id) from fact_change) as changes, (select count(*) from audit_event) as events`.execute(
    server.db.kysely,
  )
  return JSON.stringify(rows)
}

const filter = (text: string) => `GET /Users?filter=${encodeURIComponent(text)}`
const patch = (...Operations: readonly unknown[]) => ({ schemas: [patchOp], Operations })
const deep = (depth: number) => `${'('.repeat(depth)}userName eq "x"${')'.repeat(depth)}`

test('each bad filter is refused as such', async () => {
  for (const text of [
    ...[
      'userName',
      'userName eq',
      'userName eq x',
      'userName zz "x"',
      'eq "x"',
      '(userName eq "x"',
      'userName eq "x")',
    ],
    ...['shoeSize eq "38"', 'emails[type eq "work"', 'emails[foo eq "x"]', 'userName[type eq "x"]', 'name eq "x"'],
    ...[
      'meta.created gt "yesterday"',
      'meta.created gt "-271821-04-20T00:00:00Z"',
      'userName eq "a\\u0000b"',
      'emails[value eq "\\u0000"]',
      'groups.value eq "\\u0000"',
      'userName eq "x" and',
      'not',
      deep(17),
      deep(2000),
      `userName eq "${'\\a'.repeat(4000)}`,
    ],
    Array.from({ length: 101 }, () => 'userName eq "x"').join(' or '),
  ]) {
    const { status, body } = await scim.send(filter(text))
    assert.deepEqual([status, body.scimType], [400, 'invalidFilter'], text.slice(0, 100))
  }
})

test('filters with every operator find what they say', async () => {
  await scim.send('POST /Users', {
    schemas: [coreUser],
    userName: 'b"ob) \\',
    title: 'Chief (Research)',
    externalId: 'X1',
  })
  const found = async (text: string) => {
    const { status, body } = await scim.send(filter(text))
    assert.equal(status, 200, JSON.stringify(body))
    return (body.Resources as { userName: string }[]).map(one => one.userName)
  }
  const bob = ['b"ob) \\']
  for (const [text, names] of [
    ['userName eq "B\\"OB) \\\\"', bob],
    ['(title eq "chief (research)")', bob],
    ['title co "RESEARCH" and not (userName sw "a" or userName ew "z")', bob],
    ['externalId eq "x1"', []],
    ['externalId eq "X1" or externalId eq "nobody"', bob],
    ['title pr', bob],
    ['not (title pr)', ['ann']],
    ['userName ge "ann" and userName lt "b"', ['ann']],
    ['active eq true and meta.created gt "2020-01-01T00:00:00Z" and title ne "x" and title pr', bob],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann"', ['ann']],
    ['USERNAME EQ "ann" AND ACTIVE EQ "True"', ['ann']],
    [`id eq "${ann}"`, ['ann']],
    ['groups.value eq "0"', []],
    ['emails pr', []],
  ] as const) {
    assert.deepEqual(await found(text), names, text)
  }
})

test('each bad body is refused, and nothing is stored', async () => {
  const before = await stored()
  const user = { schemas: [coreUser], userName: 'new' }
  for (const [call, body, wanted] of [
    ['POST /Users', '{', 'invalidSyntax'],
    ['POST /Users', '[]', 'invalidValue'],
    ['POST /Users', undefined, 'invalidValue'],
    ['POST /Users', {}, 'invalidValue'],
    ['POST /Users', { ...user, userName: '' }, 'invalidValue'],
    ['POST /Users', { ...user, userName: 7 }, 'invalidValue'],
    ['POST /Users', { ...user, userName: 'x'.repeat(5000) }, 'invalidValue'],
    ['POST /Users', { ...user, userName: 'a\u0000b' }, 'invalidValue'],
    ['POST /Users', { ...user, userName: 'p\u0430ypal' }, 'invalidValue'],
    ['POST /Users', { ...user, userName: '\u202egnp' }, 'invalidValue'],
    ['POST /Users', '{"userName":"half \\ud800","schemas":[]}', 'invalidValue'],
    ['POST /Users', { ...user, userName: 'Headgate Marketplace' }, 'invalidValue'],
    ['POST /Users', { ...user, active: 'perhaps' }, 'invalidValue'],
    ['POST /Users', { ...user, name: 'Ann', emails: 7 }, 'invalidValue'],
    ['POST /Users', { ...user, emails: [[{ value: 'x' }]] }, 'invalidValue'],
    ['POST /Users', { ...user, userName: 'new', USERNAME: 'other' }, 'invalidValue'],
    ['POST /Users', '{"userName":"a","userName":"b"}', 'invalidSyntax'],
    ['POST /Users', '{"__proto__":{"userName":"x"}}', 'invalidSyntax'],
    [
      'POST /Users',
      { ...user, emails: Array.from({ length: 3000 }, (_, n) => ({ value: `${n}@example.com` })) },
      'tooMany',
    ],
    ['POST /Users', { ...user, title: 'x'.repeat(2 ** 21) }, 'tooMany'],
    [`PATCH /Users/${ann}`, { Operations: [{ op: 'replace', value: {} }] }, 'invalidSyntax'],
    [`PATCH /Users/${ann}`, patch(), 'invalidValue'],
    [`PATCH /Users/${ann}`, patch(null), 'invalidSyntax'],
    [`PATCH /Users/${ann}`, patch({ op: 'destroy' }), 'invalidSyntax'],
    [`PATCH /Users/${ann}`, patch({ op: 'replace', path: 'shoeSize', value: 1 }), 'invalidPath'],
    [`PATCH /Users/${ann}`, patch({ op: 'replace', path: 'emails[', value: 1 }), 'invalidPath'],
    [`PATCH /Users/${ann}`, patch({ op: 'replace', path: 'emails[type pr].value', value: 'x' }), 'noTarget'],
    [`PATCH /Users/${ann}`, patch({ op: 'remove' }), 'noTarget'],
    [`PATCH /Users/${ann}`, patch({ op: 'replace', path: 'id', value: '7' }), 'mutability'],
    [`PATCH /Users/${ann}`, patch({ op: 'replace', path: 'groups', value: [] }), 'mutability'],
    [`PATCH /Users/${ann}`, patch({ op: 'remove', path: 'userName' }), 'invalidValue'],
    [`PATCH /Users/${ann}`, patch({ op: 'replace', value: 'x' }), 'invalidValue'],
    [
      `PATCH /Users/${ann}`,
      patch(...Array.from({ length: 1001 }, () => ({ op: 'replace', path: 'title', value: 'x' }))),
      'tooMany',
    ],
    // Half of it would be right.
    [
      `PATCH /Users/${ann}`,
      patch({ op: 'replace', path: 'title', value: 'x' }, { op: 'replace', path: 'active', value: 7 }),
      'invalidValue',
    ],
    ['POST /Groups', { schemas: [coreGroup] }, 'invalidValue'],
    ['POST /Groups', { schemas: [coreGroup], displayName: ['x'] }, 'invalidValue'],
    ['POST /Groups', { schemas: [coreGroup], displayName: 'x', members: [{ value: 7 }] }, 'invalidValue'],
    [
      'POST /Groups',
      { schemas: [coreGroup], displayName: 'x', members: [{ value: ann, type: 'Group' }] },
      'invalidValue',
    ],
    [
      'POST /Groups',
      { schemas: [coreGroup], displayName: 'x', members: [{ value: '99999999999999999999' }] },
      'invalidValue',
    ],
    [`PATCH /Groups/${team}`, patch({ op: 'add', path: 'members[value eq "1"]', value: {} }), 'noTarget'],
    [`PATCH /Groups/${team}`, patch({ op: 'remove', path: 'members[display eq "ann"]' }), 'invalidPath'],
    [`PATCH /Groups/${team}`, patch({ op: 'remove', path: 'displayName' }), 'mutability'],
  ] as const) {
    const answer = await scim.send(call, body)
    const where = `${call} ${JSON.stringify(body)?.slice(0, 120)} → ${JSON.stringify(answer.body)}`
    assert.equal(answer.body.scimType, wanted, where)
    assert.equal(answer.status, wanted === 'tooMany' ? 413 : 400, where)
    assert.equal(answer.body.status, String(answer.status))
  }
  const other = await fetch(`${server.url}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${scim.token}`, 'content-type': 'application/scim+json' },
    body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
  })
  assert.equal(other.status, 400)
  assert.equal(await stored(), before)
})

test('a hundred thousand members in one call are too many by one, or strangers all', async () => {
  const before = await stored()
  const members = (count: number) => Array.from({ length: count }, (_, n) => ({ value: String(1_000_000 + n) }))
  const call = `PATCH /Groups/${team}`
  const tooMany = await scim.send(call, patch({ op: 'add', path: 'members', value: members(100_001) }))
  assert.deepEqual([tooMany.status, tooMany.body.scimType], [413, 'tooMany'])
  const strangers = await scim.send(call, patch({ op: 'add', path: 'members', value: members(100_000) }))
  assert.deepEqual([strangers.status, strangers.body.scimType], [400, 'invalidValue'])
  assert.equal((await scim.send(call, patch({ op: 'remove', path: 'members', value: members(100_000) }))).status, 204)
  assert.equal(await stored(), before)
})

test('whatever is sent as a resource or a patch, the answer is never that something went wrong here', async () => {
  const names = fc.constantFrom(
    'userName',
    'active',
    'emails',
    'name',
    'members',
    'displayName',
    'externalId',
    'roles',
    'schemas',
    'meta',
  )
  const body = fc.dictionary(names, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 })
  const path = fc.oneof(
    fc.constantFrom('emails[type eq "work"].value', 'name', 'members', 'members[value eq "1"]', 'roles'),
    fc.string(),
  )
  const operation = fc.record({
    op: fc.constantFrom('add', 'Replace', 'remove'),
    path,
    value: fc.jsonValue({ maxDepth: 2 }),
  })
  const calls = fc.oneof(
    fc.tuple(fc.constantFrom('POST /Users', 'POST /Groups', `PUT /Users/${ann}`, `PUT /Groups/${team}`), body),
    fc.tuple(
      fc.constantFrom(`PATCH /Users/${ann}`, `PATCH /Groups/${team}`),
      fc.array(operation, { maxLength: 3 }).map(all => patch(...all)),
    ),
  )
  await fc.assert(
    fc.asyncProperty(calls, async ([call, sent]) => {
      const { status } = await scim.send(call, sent)
      assert.ok(status < 500, `${call} ${JSON.stringify(sent)}`)
    }),
    { numRuns: 150 },
  )
})

test('reading a filter or a path ends at once, by a tree or by a refusal', () => {
  const words = fc.constantFrom(
    'userName',
    'eq',
    '"x"',
    'and',
    'or',
    'not',
    '(',
    ')',
    '[',
    ']',
    '.',
    ' ',
    'pr',
    '\\',
    '"',
    'emails',
    '1',
    'true',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 60 }).map(all => all.join(' ')),
      ),
      text => {
        for (const [parse, code] of [
          [parseFilter, 'scim-filter-invalid'],
          [parsePath, 'scim-path-invalid'],
        ] as const) {
          try {
            parse(text)
          } catch (error) {
            assert.equal((error as { code?: string }).code, code)
          }
        }
      },
    ),
  )
})
