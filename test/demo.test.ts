/**
 * The demo world as its users meet it: started in a process of its own, asked through the API and the AWS SDK only.
 *
 * The law that matters: what Headgate says a person reaches is what AWS vends to that person, data source by data
 * source, and nothing else.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type AccessRow, type Caller, caller, type DataSource } from '@headgate/core/api'
import { personas } from '../packages/cli/src/demo/personas.ts'
import type { Ready } from '../packages/cli/src/ready.ts'
import { awsAs } from '../scripts/tour/aws.ts'
import { type Page, readPage } from './docs/page.ts'
import { isRun, runPage } from './docs/run-page.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const folder = await mkdtemp(path.join(tmpdir(), 'headgate-demo-'))
const reader = path.join(folder, 'reader')
const hasTools = ['bash', 'curl'].every(name => spawnSync(name, ['--version']).status === 0)
let child: ChildProcess
let ready: Ready

before(async () => {
  ;({ child, ready } = await start())
})
after(async () => {
  await end(child, 'SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

test('every person gets from AWS exactly what Headgate says they reach', async () => {
  const sources = await allSources(as(ready.adminApiKey))
  assert.equal(sources.length, 60)
  // Each way of being known to AWS, with and without training, inside and outside Europe, a contractor, an engineer.
  const people = ['ann', 'bob', 'elena', 'hugo', 'kira', 'noah', 'samir', 'zoe', 'yusuf', 'gus']
  for (const name of people) {
    const user = ready.users.find(({ userid }) => userid === `${name}@acme.example`)
    assert.ok(user?.aws, `${name} has an AWS identity`)
    const reached = await settledAccess(as(user.apiKey))
    const own = user.aws
    const accounts = ready.sandbox.accounts.map(account => awsAs(own, account, ready.sandbox.endpoint))
    const looked = sources.map(async ({ id, integrationId, scope }) => {
      const aws = accounts[Number(integrationId) - 1]
      assert.ok(aws)
      const row = reached.get(id)
      if (row && row.provisioning.status !== 'unmapped') await aws.credentialsFor(scope)
      else await aws.isRefused(scope)
    })
    await Promise.all(looked)
  }
})

test('who is entitled and has no AWS identity is shown as unmapped', async () => {
  const iris = ready.users.find(({ userid }) => userid === 'iris@acme.example')
  assert.ok(iris)
  assert.equal(iris.aws, undefined)
  const statuses = [...(await settledAccess(as(iris.apiKey))).values()].map(row => row.provisioning.status)
  assert.ok(statuses.length > 0)
  assert.ok(statuses.every(status => status === 'unmapped'))
})

test('the folder of Acme is what the demo is: a plan of it is empty', async () => {
  const headgate = path.join(root, 'packages/cli/src/main.ts')
  const env = { ...process.env, HEADGATE_URL: ready.url, HEADGATE_API_KEY: ready.adminApiKey }
  const { stdout } = await promisify(execFile)(process.execPath, [headgate, 'plan', 'examples/acme'], {
    cwd: root,
    env,
  })
  assert.equal(stdout, 'Nothing to do: everything is as the files say.\n')
})

test('people have asked in the marketplace: some were let in, some wait for the governor', async () => {
  const key = (name: string) => ready.users.find(({ userid }) => userid === `${name}@acme.example`)?.apiKey ?? ''
  const { items } = await as(key('gus')).requests.list({ query: { box: 'toDecide' } })
  assert.deepEqual(
    items.map(({ by, dataProduct }) => `${by.name}: ${dataProduct?.name}`),
    ['Bob Fisher: Customer insight', 'Tina Berg: European retail', 'Emil Larsen: Finance reporting'],
  )
  const offered = await as(key('bob')).marketplace.list({ query: { mine: 'true' } })
  assert.deepEqual(
    offered.items.map(({ name, mine }) => [name, mine.map(({ level }) => level)]),
    [['Finance reporting', ['READ']]],
  )
})

test('the admin, every persona and whoever asked for data sign in with the password that the start prints', async () => {
  const people = [
    { userid: 'admin', password: ready.adminPassword },
    ...ready.users.filter(({ password }) => password !== undefined),
  ]
  const missing = personas.filter(([persona]) => !people.some(({ userid }) => userid === persona))
  assert.deepEqual(missing, [])
  for (const { userid, password } of people) {
    const answer = await fetch(`${ready.url}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userid, password }),
    })
    assert.equal(answer.status, 200, userid)
  }
})

test('killed at any moment and started again, everything is as it was, and the keys still work', async () => {
  const before = await as(ready.adminApiKey).grants.list({ query: { live: 'true', limit: 1 } })
  const asked = await as(ready.adminApiKey).requests.list({ query: { box: 'all' } })
  const { adminApiKey, adminPassword } = ready
  await end(child, 'SIGKILL')
  ;({ child, ready } = await start())
  assert.deepEqual([ready.adminApiKey, ready.adminPassword], [adminApiKey, adminPassword])
  const now = await as(adminApiKey).grants.list({ query: { live: 'true', limit: 1 } })
  assert.equal(now.total, before.total)
  assert.ok(now.total > 500)
  assert.deepEqual(await as(adminApiKey).requests.list({ query: { box: 'all' } }), asked, 'asked once')
})

for (const page of readPages().filter(({ blocks }) => blocks.some(isRun))) {
  test(`${page.file} does what it says, command by command`, async t => {
    if (!hasTools) return t.skip('bash or curl is not installed here')
    const { url, adminApiKey } = ready
    // Nothing of whoever runs the tests: the page alone says what is set.
    const env = {
      PATH: `${await readersFolder()}:${process.env.PATH}`,
      HOME: folder,
      HEADGATE_URL: url,
      HEADGATE_API_KEY: adminApiKey,
    }
    assert.equal(
      await runPage(page, { cwd: reader, env: { ...env, NODE_COMPILE_CACHE: path.join(folder, 'compiled') } }),
      undefined,
    )
  })
}

/** A checkout as a reader has it: the command line, the packages, and the facts that the start wrote. */
async function readersFolder(): Promise<string> {
  const bin = path.join(reader, 'bin')
  await mkdir(bin, { recursive: true })
  await copyFile(path.join(folder, 'ready.json'), path.join(reader, 'ready.json'))
  await symlink(path.join(root, 'node_modules'), path.join(reader, 'node_modules')).catch(() => undefined)
  await symlink(process.execPath, path.join(bin, 'node')).catch(() => undefined)
  const command = `#!/bin/sh\nexec '${process.execPath}' '${path.join(root, 'packages/cli/src/main.ts')}' "$@"\n`
  await writeFile(path.join(bin, 'headgate'), command, { mode: 0o755 })
  return bin
}

function readPages(): Page[] {
  return globSync('docs/**/*.md', { cwd: root }).map(file =>
    readPage(file, readFileSync(path.join(root, file), 'utf8')),
  )
}

function as(key: string): Caller {
  return caller((route, init) =>
    fetch(ready.url + route, { ...init, headers: { ...init.headers, authorization: key } }),
  )
}

async function allSources(api: Caller): Promise<readonly DataSource[]> {
  return (await api.dataSources.list({ query: { limit: 1000 } })).items
}

/** What a person reaches, once nothing of it is on its way any more. */
async function settledAccess(api: Caller): Promise<ReadonlyMap<number, AccessRow>> {
  const { id } = await api.users.me()
  for (let attempt = 0; attempt < 200; attempt++) {
    const { items } = await api.users.access({ params: { id }, query: { limit: 1000 } })
    const isSettled = items.every(({ provisioning }) => provisioning.status !== 'onItsWay')
    if (isSettled) return new Map(items.map(row => [row.dataSource.id, row]))
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error('something was still on its way after 20 s')
}

async function start(): Promise<{ child: ChildProcess; ready: Ready }> {
  const readyFile = path.join(folder, 'ready.json')
  await rm(readyFile, { force: true })
  const started = spawn(
    process.execPath,
    [
      'packages/cli/src/main.ts',
      ...['up', '--demo', '--port', '0', '--sandbox-port', '0', '--data-dir', path.join(folder, 'data')],
      ...['--ready-file', readyFile],
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  for (let attempt = 0; attempt < 600; attempt++) {
    assert.equal(started.exitCode, null, 'it ended before it was ready')
    const text = await readFile(readyFile, 'utf8').catch(() => undefined)
    if (text !== undefined) return { child: started, ready: JSON.parse(text) as Ready }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  await end(started, 'SIGKILL')
  throw new Error('not ready after 60 s')
}

async function end(process: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const ended = new Promise(resolve => process.once('exit', resolve))
  process.kill(signal)
  await ended
}
