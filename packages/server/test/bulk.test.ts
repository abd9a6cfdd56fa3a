/** People in bulk: what a file says happens whole or not at all, and every line that is wrong is named. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApiError } from '@headgate/core/api'
import fc from 'fast-check'
import { sql } from 'kysely'
import { readCsv } from '../src/bulk/csv-read.ts'
import { Findings } from '../src/bulk/findings.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer()
  admin = server.admin
})
after(() => server.close())

type Kind = Parameters<typeof admin.bulk.export>[0]['params']['kind']
type Query = NonNullable<Parameters<typeof admin.bulk.import>[0]['query']>

const take = (kind: Kind, body: string, query: Query = {}) => admin.bulk.import({ params: { kind }, query, body })
const give = (kind: Kind) => admin.bulk.export({ params: { kind } })

/** What is wrong with a file, by `line column message`. */
async function findingsOf(kind: Kind, body: string | Uint8Array, query = ''): Promise<string[]> {
  const before = await everything()
  const answer = await admin.send(`/bulk/${kind}${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: body as string,
  })
  const told = (await answer.json()) as {
    code: string
    findings?: { line?: number; column?: string; message: string }[]
  }
  assert.equal(`${answer.status} ${told.code}`, '422 import-refused')
  assert.deepEqual(await everything(), before, 'nothing may be stored')
  return (told.findings ?? []).map(({ line, column, message }) => `${line ?? '-'} ${column ?? '-'} ${message}`)
}

async function everything() {
  const { rows } =
    await sql`select (select count(*) from person) as people, (select count(*) from people_group) as groups,
    (select count(*) from group_member) as members, (select count(*) from person_attribute) as values,
    (select count(*) from principal) as principals, (select count(*) from fact_change) as changes,
    (select count(*) from audit_event) as events`.execute(server.db.kysely)
  return rows
}

function matches(findings: readonly string[], patterns: readonly RegExp[]): void {
  assert.equal(findings.length, patterns.length, findings.join('\n'))
  for (const [at, pattern] of patterns.entries()) assert.match(findings[at] ?? '', pattern)
}

test('people, groups, memberships, values and principals come in, and going out and in again changes nothing', async () => {
  const made = await take('people', 'user,name,email,kind\r\nann,Ann,ann@example.com,\r\nrob,Robot,,service\r\n')
  assert.deepEqual([made.added, made.lines, made.changes[0]], [2, 2, { line: 2, change: 'added', what: 'user ann' }])
  assert.equal((await take('groups', 'group,description\nAnalysts,"who, analyse"\nReaders,')).added, 2)
  assert.equal((await take('memberships', 'group,user\nAnalysts,ANN\nReaders,rob\n')).added, 2)
  const values = 'user,group,key,value\nann,,team,red\nann,,team,=1+1\n,Analysts,region,eu.west\n'
  assert.equal((await take('attributes', values)).added, 3)
  const arn = 'arn:aws:iam::111122223333:role/team/ann'
  assert.equal((await take('principals', `user,kind,identifier\nann,iamRole,${arn}\n`)).added, 1)

  const [ann] = (await admin.users.list({ query: { search: 'ann' } })).items
  assert.deepEqual(
    [ann?.email, ann?.groups.map(({ name }) => name), ann?.principals],
    ['ann@example.com', ['Analysts'], [{ ...ann?.principals[0], kind: 'iamRole', identifier: arn }]],
  )
  assert.match(await give('attributes'), /ann,,team,'=1\+1,local\r\n/)
  assert.match(await give('people'), /^user,name,email,kind,disabled,provider\r\n/)
  for (const kind of ['people', 'groups', 'memberships', 'attributes', 'principals'] as const) {
    for (const mode of kind === 'people' || kind === 'groups' ? (['add'] as const) : (['add', 'replace'] as const)) {
      const before = await everything()
      const { added, changed, removed } = await take(kind, await give(kind), { mode })
      assert.deepEqual([added, changed, removed], [0, 0, 0], `${kind} ${mode}`)
      assert.deepEqual(await everything(), before)
    }
  }
})

test('a dry run tells what would be done, and does nothing', async () => {
  await take('people', 'user,name\ndry,Dry\n')
  const before = await everything()
  const told = await take('people', 'user,name,disabled\ndry,Other,true\nwet,Wet,\n', { dryRun: 'true' })
  assert.deepEqual([told.added, told.changed, told.revocations], [1, 1, 0])
  assert.deepEqual(await everything(), before)
})

test('replace takes away what was given by hand and is in no line, and nothing else', async () => {
  await take('people', 'user,name\nrep,Rep\n')
  await take('attributes', 'user,key,value\nrep,k,1\nrep,k,2\n')
  const [rep] = (await admin.users.list({ query: { search: 'rep' } })).items
  await sql`insert into person_attribute (person_id, key, value, source) values (${rep?.id}, 'k', '3', 'okta')`.execute(
    server.db.kysely,
  )
  const kept = (await give('attributes')).replace(/rep,,k,1,local\r\n/, '')
  const done = await take('attributes', kept, { mode: 'replace' })
  assert.deepEqual([done.removed, done.added, done.leftAlone], [1, 0, 1])
  const values = (await admin.users.get({ params: { id: rep?.id ?? 0 } })).attributes.map(
    one => `${one.value} ${one.source}`,
  )
  assert.deepEqual(values, ['2 local', '3 okta'])
  await refuses(take('people', 'user\nrep\n', { mode: 'replace' }), 'request-invalid', 422)
})

test('the import is one event, and each fact a change with the cause that the brake counts', async () => {
  const sequence = async () =>
    (await sql<{ n: number }>`select coalesce(max(id), 0) as n from fact_change`.execute(server.db.kysely)).rows[0]?.n
  const since = await sequence()
  await take('people', 'user,name\nevent-1,One\nevent-2,Two\n')
  const { rows: changes } = await sql`select entity, cause from fact_change where id > ${since} order by id`.execute(
    server.db.kysely,
  )
  assert.deepEqual(changes, Array(2).fill({ entity: 'user', cause: 'import' }))
  const { rows: events } = await sql<{
    event: string
  }>`select event from audit_event order by sequence desc limit 1`.execute(server.db.kysely)
  const { action, auditPayload } = JSON.parse(events[0]?.event ?? '{}')
  assert.deepEqual([action, auditPayload.kind, auditPayload.counts.added], ['IMPORT', 'people', 2])
  assert.match(auditPayload.sha256, /^[0-9a-f]{64}$/)
})

test('every wrong line is told with its line, its column and what to do, and none is stored', async () => {
  await take('people', 'user,name\ngood,Good\n')
  matches(
    await findingsOf(
      'people',
      'user,name,email,kind,disabled\nnew-1,,a@example.com,,\nnew-2,N,nope,,\nnew-3,N,,robot,\n\nnew-4,N,,,maybe\nfine,Fine,,,\n',
    ),
    [
      /^2 name .*new and needs/,
      /^3 email `nope` is no e-mail/,
      /^4 kind .*must be person or/,
      /^6 disabled .*true or false/,
    ],
  )
  matches(
    await findingsOf('people', 'user,name\ngood\u200b,X\nGoоd,X\nx,"a\nb"\nHeadgate Marketplace,X\nlast,X\nLAST,Y\n'),
    [
      /^2 user .*invisible character U\+200B/,
      /^3 user .*must not mix/,
      /^4 name .*control character/,
      /^6 user .*reserved for the marketplace/,
      /^8 - .*same as line 7/,
    ],
  )
  matches(
    await findingsOf(
      'attributes',
      'user,group,key,value\nnobody,,k,v\n,nothing,k,v\n,,k,v\ngood,,k,a..b\ngood,,Headgate Marketplace,x\n,All Users,k,v\ngood,,k,v\ngood,,k,v\n',
    ),
    [
      /^2 user no user is named `nobody`/,
      /^3 group no group is named/,
      /^4 - must name either/,
      /^5 value .*empty segments/,
      /^6 key .*reserved/,
      /^7 group .*built in/,
      /^9 - .*same as line 8/,
    ],
  )
  matches(await findingsOf('memberships', 'group,user\nAll Users,good\nGhosts,good\n'), [
    /^2 group .*built in/,
    /^3 group no group/,
  ])
  matches(
    await findingsOf(
      'principals',
      'user,kind,identifier,integration\ngood,iamRole,arn:aws:iam::111122223333:user/x,\ngood,robot,x,\ngood,iamRole,arn:aws:sts::111122223333:assumed-role/r/s,\ngood,identityCenterUser,good@example.com,\ngood,iamUser,arn:aws:iam::111122223333:user/x,nowhere\n',
    ),
    [
      /^2 identifier .*send the kind/,
      /^3 kind/,
      /^4 identifier .*session/,
      /^5 identifier .*user id/,
      /^6 integration/,
    ],
  )
})

test('one principal belongs to one user, within a file and beyond it', async () => {
  await take('people', 'user,name\npa,A\npb,B\n')
  const [one, two] = ['arn:aws:iam::111122223333:user/one', 'arn:aws:iam::111122223333:user/two']
  await take('principals', `user,kind,identifier\npa,iamUser,${one}\n`)
  matches(await findingsOf('principals', `user,kind,identifier\npb,iamUser,${one}\n`), [
    /^2 identifier .*belongs to `pa`/,
  ])
  // Moving it is one file: what it takes the place of goes first.
  const moved = await take('principals', `user,kind,identifier\npa,iamUser,${two}\npb,iamUser,${one}\n`)
  assert.deepEqual([moved.added, moved.changed], [1, 1])
})

test('nobody changes their own through a file, but may leave their own as it is', async () => {
  const other = await server.as(['USER_ADMIN'], 'other.admin')
  await other.users.addAttribute({ params: { id: admin.id, key: 'own', value: 'held' } })
  const group = await admin.groups.create({ body: { name: 'Own Group' } })
  await other.groups.addMember({ params: { id: group.id, userId: admin.id } })
  matches(await findingsOf('attributes', 'user,key,value\nadmin,own,more\nadmin,own,held\n'), [
    /^2 - nobody changes their own/,
  ])
  matches(await findingsOf('attributes', 'group,key,value\nOwn Group,k,v\n'), [/^2 - nobody changes their own groups/])
  matches(await findingsOf('people', 'user,disabled\nadmin,true\n'), [/^2 - nobody changes their own account/])
  matches(await findingsOf('memberships', 'group,user\nAnalysts,admin\n'), [/^2 - nobody/])
  const without = (await give('memberships')).replace('Own Group,admin,local\r\n', '')
  matches(await findingsOf('memberships', without, '?mode=replace'), [/^- - nobody changes their own groups/])
  assert.equal((await take('attributes', 'user,key,value\nadmin,own,held\n')).unchanged, 1)
})

test('whom an identity provider manages it alone changes', async () => {
  await sql`insert into identity_provider (name, look_alike) values ('okta', 'okta')`.execute(server.db.kysely)
  await sql`insert into person (userid, name, kind, provider) values ('managed', 'M', 'person', 'okta')`.execute(
    server.db.kysely,
  )
  matches(await findingsOf('people', 'user,name,provider\nmanaged,Other,okta\n'), [/^2 - .*managed by `okta`/])
  matches(await findingsOf('people', 'user,name,provider\nstranger,S,okta\nmanaged,M,\n'), [
    /^2 provider .*only `okta` itself/,
    /^3 provider .*managed by `okta`/,
  ])
  assert.equal((await take('people', 'user,name,disabled,provider\nmanaged,M,true,okta\n')).changed, 1)
})

test('files as Excel writes them are read, whatever their separator, line ends and mark', async () => {
  const rows = [
    ['user', 'name'],
    ['excel-1', 'Ä; B'],
    ['excel-2', 'say "x"'],
    ['', ''],
  ]
  const quote = (cell: string) => (/[",;\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
  for (const [separator, end, mark] of [
    [';', '\r\n', '\ufeff'],
    [',', '\n', ''],
    ['\t', '\r', '\ufeff'],
  ] as const) {
    const file = mark + rows.map(row => row.map(quote).join(separator)).join(end)
    const told = await take('people', file, { dryRun: 'true' })
    assert.deepEqual([told.added, told.lines], [2, 2], JSON.stringify([separator, end]))
  }
})

test('what is no CSV file of ours is refused with where it breaks', async () => {
  const bad: readonly (readonly [string | Uint8Array, RegExp])[] = [
    ['', /^1 - the file is empty/],
    ['who,name\na,b\n', /^1 - has the unknown column `who`/],
    ['name\nx\n', /^1 - lacks the column `user`/],
    ['user,name,name\na,b,c\n', /^1 - has the column `name` twice/],
    [`who,name\n${'a,b\n'.repeat(3_000_000)}`, /^1 - has the unknown column `who`/],
    ['user,name\na\0,b\n', /^2 - holds NUL/],
    [`user,name\n${'a,b\n'.repeat(500_001)}`, /^500002 - is beyond 500000 lines/],
    ['user,name\na,b,c\n', /^2 - has 3 cells, the header 2/],
    ['user,name\na,b\nc,"d\ne\n', /^4 - a quote that opens here or above is never closed/],
    ['user,name\na,b"c\n', /^2 - has a quote inside a cell/],
    [`user,name\na,${'x'.repeat(10_000_000)}\n`, /^2 - is longer than 65536 characters/],
    [Buffer.from('user,name\na,b\nc,Zo\xeb\n', 'latin1'), /^[123] - is not UTF-8/],
    [Buffer.from('\ufeffuser,name\na,b\n', 'utf16le'), /^1 - is not UTF-8/],
  ]
  for (const [file, pattern] of bad) assert.match((await findingsOf('people', file))[0] ?? '', pattern)
})

test('a file where none belongs, JSON where a file belongs, and a kind that is none are refused', async () => {
  const send = (path: string, type: string, body: string) =>
    admin.send(path, { method: 'POST', headers: { 'content-type': type }, body })
  assert.equal((await send('/bulk/people', 'application/json', '{}')).status, 415)
  assert.equal((await send('/users', 'text/csv', 'user\n')).status, 415)
  assert.equal((await send('/bulk/robots', 'text/csv', 'user\n')).status, 422)
  assert.equal((await admin.send('/bulk/people', { method: 'POST' })).status, 415)
})

test('a file that is too large is refused, whether or not its length is told', async () => {
  const part = Buffer.from(`${'x'.repeat(1000)},y\n`.repeat(1024))
  const headers = { 'content-type': 'text/csv' }
  const told = await admin.send('/bulk/groups', { method: 'POST', headers, body: Buffer.concat(Array(66).fill(part)) })
  assert.equal(told.status, 413)
  // One more than there is room for.
  let parts = 0
  const counted = readCsv(
    (async function* () {
      for (; parts < 3; parts += 1) yield part
    })(),
    { names: ['x'.repeat(1000), 'y'], required: [] },
    new Findings(),
    part.length * 2,
  )
  await assert.rejects(counted, { code: 'body-too-large' })
})

test('thousands of wrong lines are counted, and a thousand told', async () => {
  const body = `group,user\n${'Nowhere,nobody\n'.repeat(3000)}`
  const error = await take('memberships', body).catch((error: unknown) => error)
  assert.ok(error instanceof ApiError)
  assert.equal((error.body.findings as unknown[]).length, 1000)
  assert.match(error.message, /6000 findings/)
})

test('law: whatever values people hold, going out and in again changes nothing', async () => {
  const [law] =
    (await take('people', 'user,name\nlaw,Law\n')) && (await admin.users.list({ query: { search: 'law' } })).items
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { maxLength: 8 }),
      async texts => {
        for (const value of [...texts, "'=x", '=x', '"', ',;\t']) {
          await admin.users.addAttribute({ params: { id: law?.id ?? 0, key: 'k', value } }).catch(() => {})
        }
        const told = await take('attributes', await give('attributes'), { mode: 'replace' })
        assert.deepEqual([told.added, told.removed], [0, 0])
      },
    ),
    { numRuns: 5 },
  )
})

test('law: whatever a file holds, the answer is a clear one', async () => {
  const kinds = {
    people: 'user,name,email,kind,disabled,provider',
    groups: 'group,description,provider',
    memberships: 'group,user,source',
    attributes: 'user,group,key,value,source',
    principals: 'user,kind,identifier,integration,source',
  }
  const cell = fc.oneof(
    fc.constantFrom(
      'law',
      'Analysts',
      '',
      '"',
      'a"b',
      '\0',
      '\ud800',
      'iamRole',
      'local',
      'x'.repeat(300),
      '\u202e',
      '\r',
      ' ',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 6 }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...(Object.keys(kinds) as Kind[])), rows, async (kind, lines) => {
      const body = [kinds[kind], ...lines.map(line => line.join(','))].join('\n')
      const told = await take(kind, body, { dryRun: 'true' }).catch((error: unknown) => error)
      if (told instanceof ApiError) assert.ok([415, 422].includes(told.status), told.message)
      else if (told instanceof Error) throw told
    }),
    { numRuns: 60 },
  )
})

test('tens of thousands of lines are taken in set by set', async () => {
  const numbers = Array.from({ length: 20_000 }, (_, at) => at)
  const file = `user,name,email\n${numbers.map(n => `bulk-${n},Person ${n},bulk-${n}@example.com`).join('\n')}`
  assert.equal((await take('people', file)).added, 20_000)
  const values = `user,key,value\n${numbers.map(n => `bulk-${n},team,t${n % 100}`).join('\n')}`
  assert.equal((await take('attributes', values)).added, 20_000)
  assert.equal((await take('attributes', values)).unchanged, 20_000)
})

test('`All Users` is neither described, joined nor given values by a file, however it is written', async () => {
  for (const name of ['All Users', 'ALL  USERS', 'Ａll users']) {
    matches(await findingsOf('groups', `group,description\n${name},mine\n`), [/^2 .*built in/])
    matches(await findingsOf('memberships', `group,user\n${name},admin\n`), [/^2 group .*built in/])
    matches(await findingsOf('attributes', `group,key,value\n${name},team,x\n`), [/^2 group .*built in/])
  }
})
