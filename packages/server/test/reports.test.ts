/** Ready questions: each report's rows in a world where every one of them has something to tell, and what is refused. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ErrorCode, ReportName } from '@headgate/core/api'
import { parse } from 'csv-parse/sync'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { addMembership } from '../src/market/memberships.ts'
import { pageOf } from '../src/reports/report.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { storeProduct } from './support/products.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let integration: number
let [finance, sales, bare]: number[] = []
let people: Record<'ann' | 'ben' | 'cleo', TestPerson>
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
const [inFiveDays, inSixDays] = [inDays(5), inDays(6)]

before(async () => {
  server = await testServer()
  const { admin, db } = server
  integration = await storedIntegration(server)
  await admin.tags.create({ body: { name: 'Finance' } })
  const at = (name: string, tags: readonly string[] = []) => {
    return storeDataSource(server, integration, { name, scope: `s3://research-data/${name}/*`, tags })
  }
  ;[finance, sales, bare] = [await at('finance', ['Finance']), await at('sales'), await at('bare')]
  people = { ann: await server.as([], 'ann'), ben: await server.as([], 'ben'), cleo: await server.as([], 'cleo') }
  const { ann, ben } = people
  const identifier = 'arn:aws:iam::111122223333:role/ann'
  await admin.users.setPrincipals({ params: { id: ann.id }, body: [{ kind: 'iamRole', identifier }] })
  for (const { id } of [ann, ben]) {
    await admin.users.addAttribute({ params: { id, key: 'team', value: 'finance' } })
  }
  const policy = { kind: 'grant', level: 'READ', state: 'active' } as const
  const [onFinance, onSales] = [{ any: [{ tag: 'Finance' }] }, { any: [{ name: 'sales' }] }]
  const when = "@hasAttribute('team', 'finance')"
  const nowhere = { appliesTo: { any: [{ tag: 'Unused' }] }, who: { everyone: true as const } }
  await admin.policies.create({ body: { ...policy, name: 'team', appliesTo: onFinance, who: { when } } })
  await admin.policies.create({ body: { ...policy, ...nowhere, name: 'nowhere' } })
  await admin.policies.create({
    body: { ...policy, name: 'nobody', appliesTo: onSales, who: { when: "@hasAttribute('team', 'sales')" } },
  })
  await admin.policies.create({
    body: { ...policy, name: 'offered', appliesTo: onSales, who: { when }, subscribe: 'manual' },
  })
  await admin.policies.create({ body: { ...policy, name: 'kept out', appliesTo: onSales, who: { when } } })
  await admin.policies.create({
    body: {
      kind: 'guardrail',
      level: 'READ',
      state: 'active',
      name: 'none',
      appliesTo: { any: [{ tag: 'Shut' }] },
      who: { when: "@isUser('x')" },
    },
  })
  await admin.tags.create({ body: { name: 'Shut' } })
  await admin.dataSources.addTags({ params: { id: sales as number }, body: { tags: ['Shut'] } })
  await admin.dataSources.setMember({
    params: { id: bare as number, userId: ben.id },
    body: { level: 'READ', reason: '=audit', until: inFiveDays },
  })
  await storeProduct(db, { id: 'salesproduct' })
  await act(db, system, doing => {
    const given = { product: 'salesproduct', person: people.cleo.id, level: 'READ' as const }
    return addMembership(doing, { ...given, until: Date.parse(inSixDays) })
  })
  await decide(people.ann.id)
  await db.kysely
    .insertInto('ledger')
    .values(
      (
        [
          [ann.id, finance, '2026-03-01T10:00:00Z', '2026-03-03T10:00:00Z'],
          [ann.id, sales, '2026-03-02T10:00:00Z', '2026-03-02T12:00:00Z'],
          [ann.id, bare, '2026-03-02T11:00:00Z', '2026-03-05T00:00:00Z'],
          [ben.id, finance, '2026-02-01T00:00:00Z', null],
        ] as const
      ).map(([person, source, activeAt, revokedAt]) => ({
        integration_id: integration,
        data_source_id: source as number,
        person_id: person,
        grantee_type: 'IAM' as const,
        grantee_id: `arn:aws:iam::111122223333:user/${person}`,
        bucket: 'research-data',
        key: `${source}/`,
        kind: 'prefix' as const,
        permission: 'READ' as const,
        because: '[]',
        cause: 'test',
        epoch: 1,
        state: revokedAt ? ('revoked' as const) : ('active' as const),
        active_at: new Date(activeAt),
        revoked_at: revokedAt && new Date(revokedAt),
      })),
    )
    .execute()
})
after(() => server.close())

/** Three decisions of one person, taken one, two and six hours after they were asked for. */
async function decide(by: number): Promise<void> {
  await sql`
    with asked as (
      insert into request (product_id, name, requester_id, beneficiary_id, level, extension, form_id, form_version,
        answers, agreements, advice, stages, state, created_at, expires_at)
      select 'salesproduct', 'Sales', ${people.cleo.id}, ${people.cleo.id}, 'READ', false,
        (select id from template where kind = 'form' and built_in), 1, '{}', '[]', '{}', '[]', 'denied',
        '2026-03-01T00:00:00Z'::timestamptz, '2026-04-01T00:00:00Z'
      from generate_series(1, 3) returning id, created_at
    )
    insert into request_decision (request_id, number, stage, by_id, verdict, criteria, criteria_text, at)
    select id, 1, 0, ${by}::bigint, case when row_number() over (order by id) = 1 then 'approve' else 'deny' end, '{}', '{}',
      created_at + (array[1, 2, 6])[row_number() over (order by id)] * interval '1 hour'
    from asked`.execute(server.db.kysely)
}

type Query = NonNullable<NonNullable<Parameters<TestPerson['reports']['read']>[0]>['query']>

/** All pages of two rows each, as lists of cells. */
async function rowsOf(name: ReportName, query: Query = {}): Promise<unknown[][]> {
  const rows: unknown[][] = []
  for (let cursor: string | undefined; ; ) {
    const page = await server.admin.reports.read({
      params: { name },
      query: { ...query, limit: 2, ...(cursor ? { cursor } : {}) },
    })
    rows.push(...page.rows.map(row => page.columns.map(column => row[column.name])))
    if (page.next === undefined) return rows
    cursor = page.next
  }
}

test('who has access to a data source, and what a person can reach', async () => {
  const { ann, ben } = people
  const reason = ['READ', 'policy team', null]
  assert.deepEqual(await rowsOf('access-to-data-source', { dataSource: finance }), [
    [ann.id, 'ann', 'Name of ann', ...reason, 'onItsWay'],
    [ben.id, 'ben', 'Name of ben', ...reason, 'unmapped'],
  ])
  assert.deepEqual(await rowsOf('access-of-person', { user: ben.id }), [
    [bare, 'bare', 's3://research-data/bare/*', 'READ', 'member =audit', inFiveDays, 'unmapped'],
    [finance, 'finance', 's3://research-data/finance/*', ...reason, 'unmapped'],
  ])
})

test('people with access at the end of each day, of whatever is asked about', async () => {
  const span = { from: '2026-02-28', to: '2026-03-06' }
  const counts = async (query: Query) => (await rowsOf('people-over-time', query)).map(([, ...rest]) => rest.join('/'))
  assert.deepEqual(await counts(span), ['1/1', '2/2', '2/3', '2/2', '2/2', '1/1', '1/1'])
  assert.deepEqual(await counts({ ...span, dataSource: bare }), ['0/0', '0/0', '1/1', '1/1', '1/1', '0/0', '0/0'])
  assert.deepEqual(await rowsOf('people-over-time', { from: '2026-03-03', to: '2026-03-03' }), [['2026-03-03', 2, 2]])
  assert.equal((await rowsOf('people-over-time')).length, 30, 'the last thirty days')
})

test('data sources without a grant policy, policies that let nobody in and why', async () => {
  assert.deepEqual(await rowsOf('data-sources-without-policy'), [
    [bare, 'bare', 's3://research-data/bare/*', 'integration of 111122223333', false, 0, 1, 1],
  ])
  const told = (await rowsOf('policies-letting-nobody-in')).map(([, name, , , sources, why]) => [name, sources, why])
  assert.deepEqual(told, [
    ['nowhere', 0, 'it applies to no data source'],
    ['nobody', 1, 'nobody qualifies'],
    ['offered', 1, 'nobody who qualifies has subscribed'],
    ['kept out', 1, 'guardrails keep out everybody who qualifies'],
  ])
})

test('entitled people without an AWS identity; access that ends soon; room and drift', async () => {
  const { ben } = people
  const name = 'integration of 111122223333'
  assert.deepEqual(await rowsOf('unmapped-people', { integration }), [
    [ben.id, 'ben', 'Name of ben', integration, name, 'no AWS principal is known for them there'],
  ])
  assert.deepEqual(await rowsOf('expiring-soon', { days: 7 }), [
    ['member', 'ben', 'bare', 'READ', inFiveDays, '=audit'],
    ['membership', 'cleo', 'salesproduct', 'READ', inSixDays, ''],
  ])
  assert.deepEqual(await rowsOf('expiring-soon', { days: 4 }), [])
  assert.deepEqual(
    (await rowsOf('grants-against-quota')).map(row => row.slice(0, 6)),
    [['111122223333', 'us-east-1', 1, 1, 100_000, 0]],
  )
  assert.deepEqual(await rowsOf('drift-history', { integration }), [])
})

test('who decided how many requests, which way, and how long they waited', async () => {
  const row = [people.ann.id, 'ann', 'Name of ann', 1, 2, 2, '2026-03-01T06:00:00.000Z']
  assert.deepEqual(await rowsOf('decisions-by-steward', { from: '2026-03-01', to: '2026-03-01' }), [row])
  assert.deepEqual(await rowsOf('decisions-by-steward', { from: '2026-03-02' }), [])
})

test('what goes between two pages takes none of the rows behind it along', () => {
  const pageAfter = (names: readonly string[], cursor?: string) =>
    pageOf<string, 'people-over-time'>(
      names,
      { limit: 2, cursor },
      name => [name.length, name],
      day => ({ day, people: 0, grants: 0 }),
    )
  const days = ({ rows }: ReturnType<typeof pageAfter>) => rows.map(({ day }) => day)
  const first = pageAfter(['bb', 'c', 'aaa', 'a'])
  assert.deepEqual(days(first), ['a', 'c'])
  assert.deepEqual(days(pageAfter(['bb', 'aaa', 'a'], first.next)), ['bb', 'aaa'])
  assert.equal(pageAfter(['bb', 'aaa', 'a'], first.next).next, undefined)
})

test('each is described, and is all there as CSV that no spreadsheet runs', async () => {
  const all = await server.admin.reports.list()
  assert.deepEqual(all.map(({ parameters }) => parameters.length > 0).includes(true), true)
  for (const { name, columns, parameters } of all) {
    const needed = { dataSource: finance, user: people.ben.id } as const
    const query = Object.fromEntries(
      parameters.flatMap(one => (one.required ? [[one.name, needed[one.name as keyof typeof needed]]] : [])),
    )
    const rows: string[][] = parse(await server.admin.reports.csv({ params: { name }, query }))
    assert.deepEqual(
      rows[0],
      columns.map(column => column.name),
    )
    const asked = (await rowsOf(name, query)).map(row => row.map(cell => String(cell ?? '').replace(/^=/, "'=")))
    assert.deepEqual(rows.slice(1), asked, name)
  }
})

const unfit: readonly [string, ReportName, Query, ErrorCode][] = [
  ['without what it is about', 'access-of-person', {}, 'request-invalid'],
  ['about what it knows nothing of', 'unmapped-people', { user: 1 }, 'request-invalid'],
  ['about a person who is not there', 'access-of-person', { user: 999_999 }, 'user-not-found'],
  ['about a data source that is not there', 'people-over-time', { dataSource: 999_999 }, 'data-source-not-found'],
  ['about an integration that is not there', 'drift-history', { integration: 999_999 }, 'integration-not-found'],
  ['from a day after the last', 'people-over-time', { from: '2026-03-02', to: '2026-03-01' }, 'request-invalid'],
  ['over centuries', 'people-over-time', { from: '1900-01-01' }, 'request-invalid'],
]
for (const [what, name, query, code] of unfit) {
  test(`a report asked ${what} is refused, as a page and as a file`, async () => {
    await refuses(server.admin.reports.read({ params: { name }, query }), code)
    await refuses(server.admin.reports.csv({ params: { name }, query }), code)
  })
}

// It was answered as if it had never been there, with all of its history kept.
test('people over time are counted for a data source that was deleted since', async () => {
  await server.admin.dataSources.remove({ params: { id: bare ?? 0 }, query: { hard: 'true' } })
  const query = { from: '2026-03-01', to: '2026-03-03', dataSource: bare }
  const counts = (await rowsOf('people-over-time', query)).map(([, ...rest]) => rest.join('/'))
  assert.deepEqual(counts, ['0/0', '1/1', '1/1'])
  const gus = await server.as([])
  await refuses(gus.reports.read({ params: { name: 'people-over-time' }, query }), 'permission-missing', 403)
})
