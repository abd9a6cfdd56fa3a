import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer()
  admin = server.admin
  const { id: group } = await admin.groups.create({ body: { name: 'Analysts' } })
  await admin.tags.create({ body: { name: 'Finance.Payroll' } })
  const ann = await server.as([], 'ann')
  await admin.users.addAttribute({ params: { id: ann.id, key: 'country', value: 'FR' } })
  await admin.groups.addAttribute({ params: { id: group, key: 'region', value: 'EMEA.West' } })
})
after(() => server.close())

type Draft = Parameters<TestPerson['policies']['check']>[0]['body']
const check = (body: Draft) => admin.policies.check({ body })
const checkText = (when: string) => check({ who: { when } })

async function warningsOf(when: string): Promise<string[]> {
  const { warnings } = await checkText(when)
  return warnings.map(({ code, didYouMean }) => (didYouMean === undefined ? code : `${code}: ${didYouMean}`))
}

test('a good draft has nothing wrong, its canonical text and its simple form', async () => {
  const answer = await checkText(`@isInAnyGroup("Analysts")\n  and @hasAttribute( 'country', 'FR' )`)
  assert.deepEqual(answer, {
    valid: true,
    errors: [],
    issues: [],
    warnings: [],
    acknowledge: [],
    canonical: "@isInAnyGroup('Analysts') AND @hasAttribute('country', 'FR')",
    rule: {
      match: 'all',
      conditions: [
        { kind: 'groups', match: 'any', groups: ['Analysts'] },
        { kind: 'attribute', key: 'country', value: 'FR' },
      ],
    },
  })
})

test('a simple rule has the text that would be written for it, and comes back as it was', async () => {
  const rule = {
    match: 'any' as const,
    conditions: [
      { kind: 'groups' as const, match: 'all' as const, groups: ['Analysts', "Ann's"] },
      { kind: 'attribute' as const, key: 'country' },
    ],
  }
  const answer = await check({ who: { rule } })
  assert.equal(answer.canonical, "@isInGroups('Analysts', 'Ann\\'s') OR @hasAttribute('country')")
  assert.deepEqual(answer.rule, rule)
  assert.equal(answer.valid, true)
  assert.deepEqual((await checkText(answer.canonical ?? '')).rule, rule)
})

test('an expression that is no list has a canonical text and no simple form', async () => {
  for (const when of ["NOT @isInGroups('Analysts')", "@isUser('ann')"]) {
    const { canonical, rule } = await checkText(when)
    assert.deepEqual([canonical, rule], [when, undefined])
  }
})

test('an unfinished rule is said to be so, and what else is wrong as well', async () => {
  for (const conditions of [[], [{ kind: 'groups' as const, match: 'any' as const, groups: [] }]]) {
    const answer = await check({
      kind: 'guardrail',
      appliesTo: { any: [{ name: 'x*' }] },
      who: { rule: { match: 'all', conditions } },
    })
    assert.deepEqual([answer.valid, answer.errors, answer.warnings, answer.canonical], [false, [], [], undefined])
    assert.deepEqual(
      answer.issues.map(({ path }) => path),
      ['who.rule', 'appliesTo.any.0'],
    )
  }
})

test('every error of a text is listed with its place, what was expected and what was meant', async () => {
  const answer = await checkText("@isUser() OR\n@isInGroup('Analysts')")
  assert.deepEqual([answer.valid, answer.warnings, answer.canonical], [false, [], undefined])
  assert.deepEqual(
    answer.errors.map(({ code, line, column, didYouMean }) => [code, line, column, didYouMean]),
    [
      ['policy-argument-count', 1, 9, undefined],
      ['policy-unknown-function', 2, 1, '@isInGroups'],
    ],
  )
  assert.ok(answer.errors.every(({ expected }) => expected.length > 0))
  assert.equal((await checkText('')).errors[0]?.code, 'policy-empty')
})

test('an argument of a rule that no text could hold is an error of its text', async () => {
  const rule = { match: 'all' as const, conditions: [{ kind: 'attribute' as const, key: 'country', value: 'A..B' }] }
  const answer = await check({ who: { rule } })
  assert.deepEqual([answer.valid, answer.errors[0]?.code], [false, 'policy-argument-segment'])
})

test('what does not fit together is named by its place', async () => {
  const answer = await check({
    kind: 'guardrail',
    appliesTo: { all: [{ name: 'x*' }, { scope: 's3://a*b/*' }, { integration: 4711 }, { tag: 'Finance' }] },
    who: { everyone: true },
  })
  assert.equal(answer.valid, false)
  assert.deepEqual(
    answer.issues.map(({ path }) => path),
    ['who', 'appliesTo.all.0', 'appliesTo.all.1', 'appliesTo.all.2'],
  )
  assert.match(answer.issues[3]?.message ?? '', /4711/)
})

test('names that exist are not warned of: groups, users, keys, values and their parents, tags and their parents', async () => {
  assert.deepEqual(await warningsOf("@isInGroups('Analysts', 'All Users') AND @isUser('ann')"), [])
  assert.deepEqual(await warningsOf("@hasAttribute('country') OR @hasAttribute('country', 'FR.Paris')"), [])
  assert.deepEqual(await warningsOf("@hasTagAsAttribute('region', 'dataSource')"), [])
  assert.deepEqual((await check({ appliesTo: { any: [{ tag: 'Finance' }] }, who: { everyone: true } })).warnings, [])
})

test('names in use are offered as somebody types them, to those who may write policies and to nobody else', async () => {
  const offered = async (query: Parameters<TestPerson['policies']['names']>[0]) =>
    (await admin.policies.names(query)).names
  assert.deepEqual(await offered({ query: { kind: 'group', search: 'ana' } }), ['Analysts'])
  assert.deepEqual(await offered({ query: { kind: 'user', search: 'nn' } }), ['ann'])
  assert.deepEqual(await offered({ query: { kind: 'tag', search: 'payroll' } }), ['Finance.Payroll'])
  assert.deepEqual(await offered({ query: { kind: 'key' } }), ['country', 'region'])
  assert.deepEqual(await offered({ query: { kind: 'value', key: 'country', search: 'f' } }), ['FR'])
  assert.deepEqual(await offered({ query: { kind: 'value', key: 'region', search: 'west' } }), ['EMEA.West'])
  assert.deepEqual(await offered({ query: { kind: 'value', key: 'no such' } }), [])
  const consumer = await server.as([])
  await refuses(consumer.policies.names({ query: { kind: 'user' } }), 'permission-missing', 403)
})

test('names that nobody has are warned of, with the nearest that somebody has', async () => {
  assert.deepEqual(await warningsOf("@isInGroups('Analyst')"), ['unknown-group: Analysts'])
  assert.deepEqual(await warningsOf("@isUser('anne')"), ['unknown-user: ann'])
  assert.deepEqual(await warningsOf("@hasAttribute('cuontry')"), ['unknown-attribute-key: country'])
  assert.deepEqual(await warningsOf("@hasAttribute('country', 'FS')"), ['unknown-attribute-value: FR'])
  assert.deepEqual(await warningsOf("@hasAttribute('region', 'EMEA')"), ['unknown-attribute-value'])
  assert.deepEqual(await warningsOf("@hasTagAsAttribute('regions', 'dataSource')"), ['unknown-attribute-key: region'])
  assert.deepEqual(await warningsOf("@isInGroups('Quite Something Else')"), ['unknown-group'])
})

test('a tag that does not exist is warned of at its condition', async () => {
  const tags = [{ tag: 'Finance' }, { scope: 's3://lake/*' }, { tag: 'Finance.Pay' }, { tag: 'Fnance' }]
  const { warnings, valid } = await check({ appliesTo: { all: tags }, who: { when: "@isUser('ann')" } })
  assert.deepEqual(
    warnings.map(({ code, path, didYouMean }) => [code, path, didYouMean]),
    [
      ['unknown-tag', 'appliesTo.all.2', undefined],
      ['unknown-tag', 'appliesTo.all.3', 'Finance'],
    ],
  )
  assert.equal(valid, true)
})

test('always true, never true and open by absence are warned of', async () => {
  assert.deepEqual(await warningsOf("@isUser('ann') AND NOT @isUser('ann')"), ['never-true'])
  assert.deepEqual(await warningsOf("@isUser('ann') OR NOT @isUser('ann')"), ['always-true', 'open-by-absence'])
  const open = { when: "NOT @isInGroups('Analysts')" }
  const grant = await check({ who: open })
  assert.deepEqual(
    [grant.warnings.map(({ code }) => code), grant.acknowledge],
    [['open-by-absence'], ['open-by-absence']],
  )
  const guardrail = await check({ kind: 'guardrail', who: open })
  assert.deepEqual([guardrail.warnings, guardrail.acknowledge], [[], []])
  assert.deepEqual((await check({ who: { everyone: true } })).acknowledge, [])
})

test('a check stores nothing and refuses what is no draft', async () => {
  const events = async () => {
    const { rows } = await sql<object>`select (select count(*) from audit_event) as events,
      (select count(*) from policy) as policies, (select count(*) from fact_change) as facts`.execute(server.db.kysely)
    return rows
  }
  const before = await events()
  await checkText("@isUser('ann')")
  await refuses(check({} as Draft), 'request-invalid', 422)
  await refuses(check({ who: { when: 'x', everyone: true } } as unknown as Draft), 'request-invalid', 422)
  await refuses(check({ name: 'x', who: { everyone: true } } as unknown as Draft), 'request-invalid', 422)
  assert.deepEqual(await events(), before)
})

test('texts at and beyond every bound are answered with errors', async () => {
  const codes = async (when: string) => (await checkText(when)).errors.map(({ code }) => code)
  assert.deepEqual(await codes('x'.repeat(500_000)), ['policy-too-long'])
  assert.deepEqual(await codes(Array(201).fill("@isUser('a')").join(' OR ')), ['policy-too-many-calls'])
  assert.deepEqual(await codes(`${'('.repeat(4000)}@isUser('a')${')'.repeat(4000)}`), ['policy-too-deep'])
  const rule = { match: 'all' as const, conditions: Array(200).fill({ kind: 'attribute', key: 'k'.repeat(1024) }) }
  assert.deepEqual((await check({ who: { rule } })).errors[0]?.code, 'policy-too-long')
})

test('in a directory of 100,000 users with a value each a check stays quick and near names are sought among some', async () => {
  await sql`insert into person (userid, name, kind) select 'user-' || n, 'x', 'person' from generate_series(1, 100000) n`.execute(
    server.db.kysely,
  )
  await sql`insert into person_attribute (person_id, key, value)
    select id, 'employee', 'e' || id from person where userid like 'user-%'`.execute(server.db.kysely)
  const warnings = await warningsOf("@hasAttribute('employee', 'nobody at all has this') OR @isUser('user-77777')")
  assert.deepEqual(warnings, ['unknown-attribute-value'])
  const { items } = await admin.policies.list({})
  assert.ok(items.every(one => one.protected))
})
