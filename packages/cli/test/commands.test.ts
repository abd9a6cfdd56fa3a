/** `headgate` as people and scripts type it, against a real server. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PolicyInput } from '@headgate/core/api'
import { storeDataSource, storedIntegration } from '../../server/test/support/lake.ts'
import { type TestServer, testServer } from '../../server/test/support/server.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

describe('headgate', () => {
  let server: TestServer
  let home: string
  before(async () => {
    server = await testServer()
    home = await mkdtemp(path.join(tmpdir(), 'headgate-cli-'))
  })
  after(async () => {
    await server.close()
    await rm(home, { recursive: true })
  })

  /** What it printed, and how it ended. */
  async function headgate(line: string, more: Readonly<Record<string, string>> = {}) {
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: home,
      // Half of what a command takes is to read its own code.
      NODE_COMPILE_CACHE: path.join(home, 'compiled'),
      HEADGATE_URL: server.url,
      HEADGATE_API_KEY: server.admin.key,
    }
    const args = line.match(/(?:[^\s"]|"[^"]*")+/g)?.map(part => part.replaceAll('"', '')) ?? []
    return run(process.execPath, [main, ...args], { env: { ...env, ...more } }).then(
      ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    )
  }

  const cases: readonly [line: string, code: number, out: RegExp][] = [
    ['tag create --set name=Finance.Payroll', 0, /^name: Finance\.Payroll$/m],
    ['tag list', 0, /^NAME +DATA SOURCES +DESCRIPTION\n(.*\n)*Finance\.Payroll +0 +-$/m],
    ['tag list --search nothing', 0, /^none$/m],
    ['user create --set userid=ann@example.com --set "name=Ann Lee"', 0, /^userid: ann@example\.com$/m],
    ['user show ann@example.com', 0, /^name: Ann Lee$/m],
    ['user add-attribute ann@example.com department Finance', 0, /^done$/m],
    ['user list --limit 1 --all', 0, /ann@example\.com +Ann Lee/],
    ['user list --limit 1', 0, /^1 of \d+; --all shows every one$/m],
    ['user show nobody', 1, /^there is no user called nobody\nsee `headgate user list`$/m],
    ['user show ann@example.com --json', 0, /^\{\n {2}"id": \d+,\n/],
    ['group create --set name=analysts', 0, /^name: analysts$/m],
    ['group change analysts --set "description=they count"', 0, /they count/],
    ['group delete analysts', 1, /^not done: .*analysts\ngive --yes to do it without being asked$/m],
    ['group delete analysts --yes', 0, /^done$/m],
    ['policy check --set kind=grant', 1, /^`body\.who` must be/m],
    ['access what ann@example.com', 0, /^none$/m],
    ['access what nobody', 1, /^nobody is called nobody\n/],
    ['access who nowhere', 1, /^there is no data source nowhere\n/],
    ['explain ann@example.com s3://lake/x', 0, /^No data source covers s3:\/\/lake\/x\.\nAWS: /],
    ['audit tail -n 3', 0, /^\d{4}-.*Z {2}admin {2}DELETE {2}analysts$/m],
    ['doctor', 0, /^✔ server: http.* is ready.*\n✔ clock: .*\n✔ key: admin: .*\n! integrations: there are none\n/m],
    ['doctor --url http://127.0.0.1:1', 2, /^✖ server: http:\/\/127\.0\.0\.1:1 does not answer/m],
    ['completion bash', 0, /^ {4}'user show'\) words='--json --url --profile' ;;$/m],
    ['frobnicate', 1, /^error: unknown command 'frobnicate'$/m],
    ['schema tags', 0, /^ {2}"title": "Headgate: tag",$/m],
    ['schema secrets', 1, /^`secrets` is no kind\nthere are groups, users, tags/],
    ['audit trail', 0, /^\{"batch":/],
    ['apply nowhere.json', 1, /^nowhere\.json cannot be read: /],
    ['completion ksh', 1, /Allowed choices are bash, zsh, fish/],
    ['user list --kind robot', 1, /Allowed choices are person/],
    ['user list --url http://127.0.0.1:1', 1, /^http:\/\/127\.0\.0\.1:1 does not answer: /],
    ['user create -f nowhere.yaml', 1, /^nowhere\.yaml cannot be read: ENOENT/],
  ]
  for (const [line, code, out] of cases) {
    test(`headgate ${line}`, async () => {
      const done = await headgate(line)
      assert.match(done.stdout + done.stderr, out)
      assert.equal(done.code, code)
    })
  }

  test('a body comes from a file, and a field of it from the line', async () => {
    const file = path.join(home, 'policy.yaml')
    await writeFile(
      file,
      "name: payroll\nkind: grant\nlevel: READ\nwho:\n  when: \"@hasAttribute('department', 'Finance')\"\nappliesTo:\n  everything: true\n",
    )
    const { stdout, stderr } = await headgate(`policy create -f ${file} --set level=WRITE --set state=staged --json`)
    assert.equal(stderr, '')
    const policy = JSON.parse(stdout)
    assert.equal(policy.level, 'WRITE')
    const { stdout: changed, stderr: why } = await headgate(
      `policy change payroll -f ${file} --set "description=who pays" --json`,
    )
    assert.equal(why, '')
    assert.equal(JSON.parse(changed).version, policy.version + 1)
  })

  // Of somebody who reads it said that a guardrail on writing shuts them out.
  test('explain speaks of a guardrail on writing where writing is what it keeps from', async () => {
    const { admin } = server
    const scope = 's3://research-data/explained/*'
    await storeDataSource(server, await storedIntegration(server), { name: 'explained', scope })
    await server.as([], 'eve')
    const policy = { appliesTo: { any: [{ scope }] }, state: 'active' as const }
    const add = (name: string, more: Pick<PolicyInput, 'kind' | 'level' | 'who'>) =>
      admin.policies.create({ body: { ...policy, ...more, name } })
    const when = "@hasAttribute('trained')"
    await add('careful writing', { kind: 'guardrail', level: 'WRITE', who: { when } })
    await add('everybody reads', { kind: 'grant', level: 'READ', who: { everyone: true } })
    const told = async () => (await headgate('explain eve explained')).stdout
    assert.match(await told(), /^eve on explained: READ\n(?!.*careful writing)/s)
    await add('everybody writes', { kind: 'grant', level: 'WRITE', who: { everyone: true } })
    assert.match(await told(), /^ {2}the guardrail careful writing \(WRITE\) keeps them from writing$/m)
    await add('careful reading', { kind: 'guardrail', level: 'READ', who: { when } })
    assert.match(await told(), /: none\n(.*\n)* {2}the guardrail careful reading \(READ\) shuts them out$/m)
  })

  test('without an address or a key it says what to do; a file of keys that others read is refused', async () => {
    const nobody = await headgate('user list', { HEADGATE_API_KEY: '', HEADGATE_URL: '' })
    assert.equal(nobody.code, 1)
    assert.match(nobody.stderr, /headgate login|HEADGATE_URL/)
    assert.equal(await stat(path.join(home, '.config')).catch(() => 'not there'), 'not there')
  })

  test('a key is tried and kept for its owner alone; one that is refused is not kept', async () => {
    const login = (key: string) => {
      const child = spawn(process.execPath, [main, 'login', '--url', server.url], { env: { PATH: '', HOME: home } })
      child.stdin.end(key)
      return Promise.all([textOf(child.stderr), once(child, 'exit').then(([code]) => code as number)])
    }
    const [refused, code] = await login('hg_nothing')
    assert.match(refused, /^the server does not take this key\nmake one at http:.*\/app\/account\n$/)
    assert.equal(code, 1)
    const file = path.join(home, '.config/headgate/profiles.json')
    assert.deepEqual(await login(`${server.admin.key}\n`), [`signed in as admin; kept in ${file}\n`, 0])
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    const unset = { HEADGATE_API_KEY: '', HEADGATE_URL: '' }
    assert.match((await headgate('user show admin', unset)).stdout, /^userid: admin$/m)
    assert.match((await headgate('logout', unset)).stderr, /profile default; its key was not made here/)
    assert.match((await headgate('user show admin', unset)).stderr, /^nobody is signed in\n/)
    await login(server.admin.key)
    await chmod(file, 0o644)
    assert.match((await headgate('user show admin', unset)).stderr, /^others may read .*\nrun `chmod 600 /)
  })

  test('a terminal is signed in by whoever approves it, and signed out for good', async () => {
    await rm(path.join(home, '.config'), { recursive: true, force: true })
    const env = { PATH: process.env.PATH ?? '', HOME: home }
    const typed = ['login', '--url', server.url, '--browser', '--no-open', '--profile', 'work']
    const child = spawn(process.execPath, [main, ...typed], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(child, 'exit')
    let printed = ''
    for await (const bytes of child.stderr.setEncoding('utf8')) {
      printed += bytes
      const [, userCode] = /the code ([A-Z]{4}-[A-Z]{4})\./.exec(printed) ?? []
      if (userCode === undefined || printed.includes('signed in')) continue
      await server.admin.deviceSignIns.decide({ body: { userCode, verdict: 'approve' } })
    }
    assert.deepEqual(await ended, [0, null])
    assert.match(printed, /^Open http:.*\/app\/device\?code=[\s\S]*signed in as admin; kept in .*profiles\.json\n$/)
    const unset = { HEADGATE_API_KEY: '', HEADGATE_URL: '' }
    assert.match((await headgate('user show admin --profile work', unset)).stdout, /^userid: admin$/m)

    const { work } = JSON.parse(await readFile(path.join(home, '.config/headgate/profiles.json'), 'utf8'))
    assert.match((await headgate('logout --all', unset)).stderr, /profile work; its key is revoked\n$/)
    const answer = await fetch(`${server.url}/users/me`, { headers: { authorization: work.apiKey } })
    assert.equal(answer.status, 401)
    assert.equal((await headgate('logout --profile work', unset)).code, 1)
  })
})
