/** Two real servers on one database: they share the integrations, and one that is killed or stopped is replaced. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { integrationBody } from '../support/aws-account.ts'
import { testKey } from '../support/server.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { crowd, inAws, type Lake, lake, quiet, until } from './reconcile-world.ts'

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const size = 300
/** The bucket as a whole is the first one's; the others lie inside it. */
const nested = ['a', 'b', 'c']

/** Four integrations of one account, and a crowd that is let into a data source of each. */
async function fourIntegrations(t: TestContext): Promise<Lake & { readonly ids: readonly number[] }> {
  const here = await lake(t)
  const { server, account } = here
  for (const name of nested) {
    const config = { name, awsLocationPath: `s3://research-data/${name}` }
    await server.admin.integrations.create({ body: integrationBody(account, config) })
  }
  await server.world.background.idle()
  const integrations = await server.admin.integrations.list()
  for (const { id, config } of integrations) {
    await server.admin.nativeS3.register({
      body: {
        type: 'Native S3',
        integrationId: id,
        dataSources: [{ dataSourceName: config.name, prefix: 'finance/*', allowOverlap: true }],
      },
    })
  }
  await crowd(here, size)
  return { ...here, ids: integrations.map(({ id }) => Number(id)) }
}

/** As somebody would start it, in a process of its own. */
async function serverProcess(t: TestContext, { server }: Lake): Promise<ChildProcess> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'headgate-node-'))
  const env = {
    ...process.env,
    DATABASE_URL: server.databaseUrl,
    HEADGATE_ENCRYPTION_KEY: testKey.toString('base64'),
    HEADGATE_AWS_ENDPOINT: server.sandbox.url,
    HEADGATE_PORT: '0',
    HEADGATE_DATA_DIR: dataDir,
    HEADGATE_LOG_LEVEL: 'error',
  }
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'ignore', 'inherit'], env })
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    await rm(dataDir, { recursive: true, force: true })
  })
  return child
}

/** How many integrations each process leads, by process id. */
async function led({ server }: Lake): Promise<ReadonlyMap<number, number>> {
  const { rows } = await sql<{ pid: number; count: number }>`
    select split_part(node.name, ' ', 2)::int as pid, count(*)::int as count
    from leadership join node on node.id = node_id where not released group by 1`.execute(server.db.kysely)
  return new Map(rows.map(({ pid, count }) => [pid, count]))
}

async function letIn({ server }: Lake): Promise<void> {
  const [who, appliesTo] = [{ when: "@hasAttribute('crowd', 'yes')" }, { everything: true as const }]
  await server.admin.policies.create({
    body: { name: 'all', kind: 'grant', level: 'READ', who, appliesTo, state: 'active' },
  })
}

/** AWS counts every location and grant that it makes. */
async function assertEachMadeOnce(here: Lake, locations: number): Promise<void> {
  const { server, account } = here
  const instance = server.sandbox.state.accounts.get(account.accountId)?.accessGrants.get(account.region)
  assert.equal(instance?.sequence, locations + locations * size)
  await quiet(here)
  await assertAsEntitled(here)
}

const ways = [
  { name: 'killed', signal: 'SIGKILL' },
  { name: 'stopped, its connections open', signal: 'SIGSTOP' },
] as const

for (const { name, signal } of ways) {
  test(`two servers share four integrations; one is ${name} in the middle, the other goes on, each grant is made once`, {
    timeout: 180_000,
  }, async t => {
    const here = await fourIntegrations(t)
    const [one, other] = [await serverProcess(t, here), await serverProcess(t, here)]
    const isShared = async () => {
      const counts = await led(here)
      return counts.get(one.pid ?? 0) === 2 && counts.get(other.pid ?? 0) === 2
    }
    await until('two for each', isShared)
    // So that it is in the middle of many calls.
    here.server.sandbox.faults.set({ rules: [{ kind: 'latency', ms: 15, service: 's3control' }] })
    await letIn(here)
    await until('a part', () => inAws(here).length > size / 2)
    one.kill(signal)
    const at = performance.now()
    const left = inAws(here).length
    assert.ok(left < 4 * size)
    await until('all for the other', async () => (await led(here)).get(other.pid ?? 0) === 4)
    t.diagnostic(`taken over after ${Math.round(performance.now() - at)} ms, with ${left} of ${4 * size} made`)
    await until('every grant', () => inAws(here).length === 4 * size)
    await assertEachMadeOnce(here, 4)

    if (signal === 'SIGSTOP') {
      one.kill('SIGCONT')
      await until('two for each again', isShared)
      await assertEachMadeOnce(here, 4)
    }
  })
}
