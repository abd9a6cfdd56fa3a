/** Configuration as code against a real server and sandbox: plan, apply, pull, and what each refuses. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { prepareAccount } from '../../server/test/support/aws-account.ts'
import { create } from '../../server/test/support/integrations.ts'
import { type TestServer, testServer } from '../../server/test/support/server.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

const files = {
  'lake.yaml': `
tags: [{ name: Finance }, { name: Finance.Payroll, description: Who earns what }]
dataSources:
  - { name: ledger, integration: S3 integration, prefix: /ledger/*, tags: [Finance] }
  - { name: payroll, integration: S3 integration, prefix: payroll/*, tags: [Finance.Payroll], description: Salaries }
domains: [{ name: finance, tags: [Finance] }]
`,
  'policies/finance.yml': `
policies:
  - name: Finance reads finance
    kind: grant
    level: READ
    who: { when: "@isInGroups('Finance')" }
    appliesTo: { all: [{ tag: Finance }, { integration: S3 integration }] }
    state: active
  - name: The ledger to whom it may concern
    kind: grant
    level: READ
    dataSource: ledger
    who: { when: "@hasAttribute('ledger', 'yes')" }
    state: active
`,
  'market.yaml': `
agreements: [{ name: Fair use, text: Be fair. }]
requestForms: [{ name: Short, fields: [{ id: why, type: shortAnswer, label: Why? }], agreements: [Fair use] }]
reviewFlows:
  - { name: By governors, otherwise: { review: { stages: [{ any: [{ permission: GOVERNANCE }] }] } } }
dataProducts:
  - { key: books, name: The books, dataSources: [ledger, payroll], form: Short, reviewFlow: By governors, state: published }
`,
}

describe('configuration as code', () => {
  let server: TestServer
  let home: string
  before(async () => {
    server = await testServer({ sandbox: true })
    home = await mkdtemp(path.join(tmpdir(), 'headgate-code-'))
    const account = await prepareAccount(server.sandbox)
    await create(server, account, { awsLocationPath: 's3://research-data' })
    const group = await server.admin.groups.create({ body: { name: 'Finance' } })
    const ann = await server.as([], 'ann')
    await server.admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
    await write(files)
  })
  after(async () => {
    await server.close()
    await rm(home, { recursive: true })
  })

  async function write(some: Readonly<Record<string, string>>, folder = 'lake'): Promise<void> {
    for (const [name, text] of Object.entries(some)) {
      const file = path.join(home, folder, name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, text)
    }
  }

  async function headgate(...args: string[]) {
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: home,
      // Half of what a command takes is to read its own code.
      NODE_COMPILE_CACHE: path.join(home, 'compiled'),
      HEADGATE_URL: server.url,
      HEADGATE_API_KEY: server.admin.key,
    }
    return run(process.execPath, [main, ...args], { env, cwd: home }).then(
      ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    )
  }

  async function nothingToDo(folder = 'lake'): Promise<void> {
    const { stdout, stderr, code } = await headgate('plan', folder)
    assert.equal(stderr, '')
    assert.equal(stdout, 'Nothing to do: everything is as the files say.\n')
    assert.equal(code, 0)
  }

  test('what is wrong in files is told with its place, all at once, and nothing is done', async () => {
    await write(
      {
        'a.yaml':
          'tags: [{ name: A }]\npolicies:\n  - { name: x, kind: grand, level: READ, who: { everyone: true } }\nsecrets: []\n',
        'b.yaml': 'tags:\n  - name: A\n  - nam: B\n',
        'c.yaml': 'tags: [',
      },
      'wrong',
    )
    const { stderr, code } = await headgate('apply', 'wrong', '--yes')
    assert.equal(code, 1)
    for (const line of [
      /^wrong\/a\.yaml:3:\d+: `kind` /m,
      /^wrong\/a\.yaml:4:\d+: `secrets` is no kind; there are groups, users, tags, /m,
      /^wrong\/b\.yaml:2:\d+: the tag A stands at wrong\/a\.yaml:1:\d+ already$/m,
      /^wrong\/b\.yaml:3:\d+: `name` /m,
      /^wrong\/c\.yaml:\d+:\d+: /m,
      /^nothing was done$/m,
    ]) {
      assert.match(stderr, line)
    }
    assert.match((await headgate('plan', 'nowhere')).stderr, /^nowhere cannot be read/)
  })

  test('a plan tells steps and access; applied, the next is empty; pulled, so is the plan of that', async () => {
    const planned = await headgate('plan', 'lake', '--out', 'first.json')
    assert.equal(planned.stderr, '')
    assert.equal(planned.code, 2)
    assert.match(planned.stdout, /^\+ policy Finance reads finance$/m)
    assert.match(planned.stdout, /^Access: 2 gained \(person × data source\), for 1 person\.$/m)
    assert.match(planned.stdout, /^Not counted, .*: policy The ledger to whom it may concern\.$/m)
    assert.match((await headgate('apply', 'lake')).stderr, /^not done: .*\ngive --yes/)
    const applied = await headgate('apply', 'first.json')
    assert.match(applied.stderr, /^done: create data product books$/m)
    assert.equal(applied.code, 0)
    await nothingToDo()
    await headgate('pull', 'pulled')
    await nothingToDo('pulled')
    const schema = JSON.parse(await readFile(path.join(home, 'pulled/headgate.schema.json'), 'utf8'))
    assert.ok(schema.properties.policies.items.properties.who)
    const { items } = await server.admin.access.who({ query: { path: 's3://research-data/payroll/x' } })
    assert.deepEqual(
      items.map(({ user }) => user.userid),
      ['ann'],
    )
  })

  test('a saved plan is carried out as it is, or not at all', async () => {
    const level = (text: string) => ({
      'policies/finance.yml': files['policies/finance.yml'].replace('level: READ', text),
    })
    await write(level('level: WRITE'))
    const planned = await headgate('plan', 'lake', '--out', 'plan.json')
    assert.match(planned.stdout, /^ {4}level: "READ" → "WRITE"$/m)
    assert.match(planned.stdout, /^Access: 2 raised to WRITE/m)
    const ben = await server.as([], 'ben')
    const group = (await server.admin.groups.list({ query: { search: 'Finance' } })).items[0]?.id ?? 0
    await server.admin.groups.addMember({ params: { id: group, userId: ben.id } })
    const moved = await headgate('apply', 'plan.json')
    assert.match(moved.stderr, /^facts have moved/)
    assert.equal(moved.code, 1)
    await headgate('plan', 'lake', '--out', 'plan.json')
    await write(level('level: READ # again'))
    assert.match((await headgate('apply', 'plan.json')).stderr, /^the files or the server are not what they were/)
    await write(level('level: WRITE'))
    assert.equal((await headgate('apply', 'plan.json')).code, 0)
    await nothingToDo()
  })

  test('changes of every kind arrive, what was made by hand stays, and prune takes what is not named', async () => {
    const byHand = await server.admin.policies.create({
      body: {
        name: 'By hand',
        kind: 'grant',
        level: 'READ',
        who: { everyone: true },
        appliesTo: { any: [{ tag: 'Finance' }] },
      },
    })
    await write({
      'lake.yaml': files['lake.yaml'].replace(
        'tags: [Finance.Payroll], description: Salaries',
        'tags: [Finance], description: Pay',
      ),
      'market.yaml': files['market.yaml']
        .replace('Be fair.', 'Be very fair.')
        .replace('The books', 'Books')
        .replace('Why?', 'What for?'),
    })
    const applied = await headgate('apply', 'lake', '--yes')
    assert.equal(applied.code, 0)
    for (const one of ['agreement Fair use', 'request form Short', 'data source payroll', 'data product books'])
      assert.ok(applied.stderr.includes(`done: change ${one}\n`), one)
    await nothingToDo()
    assert.equal((await server.admin.policies.get({ params: { id: byHand.id } })).name, 'By hand')
    const pruned = await headgate('apply', 'lake', '--prune', '--yes')
    assert.match(pruned.stderr, /^done: delete policy By hand$/m)
    assert.equal(pruned.code, 0)
    assert.equal((await headgate('plan', 'lake', '--prune')).code, 0)
    // From when there were things that are gone.
    await write(
      { 'access-exports.yaml': 'accessExports: [{ bucketName: b, region: eu-west-1, roleArn: a }]' },
      'pulled',
    )
    await headgate('pull', 'pulled')
    await nothingToDo('pulled')
  })

  test('policies are linted and tested without a server', async () => {
    const offline = (...args: string[]) =>
      run(process.execPath, [main, 'policy', ...args], {
        env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: path.join(home, 'compiled') },
        cwd: home,
      }).then(
        ({ stdout }) => ({ stdout, code: 0 }),
        (error: { stdout: string; stderr: string; code: number }) => ({
          stdout: error.stdout + error.stderr,
          code: error.code,
        }),
      )
    const policy = (name: string, who: string) =>
      `  - { name: ${name}, kind: grant, level: READ, who: ${who}, appliesTo: { everything: true }, state: active }\n`
    const sources =
      'dataSources: [{ name: ledger, integration: lake, prefix: /ledger/* }]\ndomains: [{ name: books, dataSources: [ledger] }]\n'
    const open = policy('open', `{ when: "NOT @isInGroups('Finance')" }`).replace(
      '{ everything: true }',
      '{ any: [{ domain: books }] }',
    )
    await write({ 'all.yaml': `${sources}policies:\n${open}` }, 'offline')
    const given = 'given: { people: { ann: { groups: [Finance] }, bob: {} } }\n'
    const tested = (level: string) =>
      `${given}tests: [{ name: open, expect: { ann: { ledger: none }, bob: { ledger: ${level} } } }]`
    await write({ 'all.test.yaml': tested('READ') }, 'offline')
    assert.deepEqual(await offline('test', 'offline'), { stdout: '1 passed, 0 failed\n', code: 0 })
    await write({ 'all.test.yaml': tested('WRITE') }, 'offline')
    const failed = '✖ offline/all.test.yaml: open\n    bob on ledger: READ, expected WRITE\n0 passed, 1 failed\n'
    assert.deepEqual(await offline('test', 'offline'), { stdout: failed, code: 2 })
    assert.deepEqual(await offline('lint', 'offline'), {
      stdout: 'open: warning: lets in whoever nothing is known of\n',
      code: 0,
    })
    await write({ 'all.yaml': `policies:\n${policy('broken', `{ when: "@isInGroup('x')" }`)}` }, 'offline')
    const { stdout, code } = await offline('lint', 'offline/all.yaml')
    assert.match(stdout, /^broken: error: 1:1: /)
    assert.equal(code, 2)
    assert.match((await offline('test', 'policies')).stdout, /cannot be read|no YAML/)
    // A folder that came with a package is read; what others installed below a folder is not.
    await write({ 'all.yaml': `policies:\n${open}` }, 'node_modules/came/along')
    await write({ 'all.yaml': 'not ours' }, 'node_modules/came/along/node_modules/other')
    assert.equal((await offline('lint', 'node_modules/came/along')).code, 0)
  })

  test('a data source never moves, and an integration is not made by files', async () => {
    await write({ 'lake.yaml': files['lake.yaml'].replace('/ledger/*', '/elsewhere/*') })
    assert.match((await headgate('plan', 'lake')).stderr, /^the data source ledger lies at .*never moves\n/)
    await write({
      'lake.yaml': files['lake.yaml'].replace(
        'name: ledger, integration: S3 integration',
        'name: new, integration: none',
      ),
    })
    assert.match(
      (await headgate('plan', 'lake')).stderr,
      /of the integration none, which is not there\nintegrations hold secrets/,
    )
  })
})
