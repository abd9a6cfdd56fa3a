/**
 * A comparison of AWS with the ledger: what it costs this process, whether its memory grows with the number of grants,
 * and how often AWS is listed for ten integrations of one account. Database and sandbox are processes of their own.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { secretContext } from '../packages/server/src/aws/clients.ts'
import { comparedIntegrations } from '../packages/server/src/db/drift.ts'
import { beginScan, endScan } from '../packages/server/src/db/drift-scan.ts'
import { scanPlace } from '../packages/server/src/reconcile/audit-scan.ts'
import { createPace } from '../packages/server/src/reconcile/pace.ts'
import type { World } from '../packages/server/src/world.ts'
import { fillLedger } from '../packages/server/test/support/filled-ledger.ts'
import { testServer } from '../packages/server/test/support/server.ts'
import { account, type FilledSandbox, program, region } from './lib/filled-sandbox.ts'
import type { Bench } from './lib/report.ts'

const MiB = 2 ** 20
const listLagMs = 120_000

export async function measure(smoke: boolean): Promise<Bench> {
  const [integrations, grants] = smoke ? [10, 2000] : [10, 100_000]
  // Some of each, so that what is found has to be written down, too.
  const [missing, foreign] = [grants / 1000, grants / 1000]
  const { child, sandbox } = await startFilled(integrations, grants, foreign)
  const server = await testServer({ environment: { HEADGATE_AWS_ENDPOINT: sandbox.url } })
  const { world, db } = server
  try {
    const seal = (intent: string) => world.vault.seal(sandbox.secretAccessKey, secretContext(intent))
    await fillLedger(db, { integrations, grants, missing, accessKeyId: sandbox.accessKeyId, seal })
    // The first one warms the code up, writes down what is foreign, and marks what is missing.
    const first = await compare(world)
    assert.equal(first.listed, grants + foreign)
    const counts = await countsOf(world)
    assert.deepEqual(counts, { equal: grants, missing, foreign })
    const callsBefore = await listings(sandbox.url)
    const second = await compare(world)
    const pages = Math.ceil((grants + foreign) / 1000)
    const reach = (figure: number) => (smoke ? {} : { reach: figure })
    return {
      settings: { grants, integrations, missing, foreign, pageSize: 1000 },
      figures: [
        { name: 'CPU of one comparison, this process', value: second.cpu, unit: 's', better: 'lower', ...reach(60) },
        { name: 'time from the first call to the report', value: second.seconds, unit: 's', better: 'lower' },
        {
          name: 'memory at its highest, above that after the first tenth',
          value: second.growth,
          unit: 'MiB',
          better: 'lower',
          ...reach(64),
        },
        {
          name: 'listings of the account for all integrations',
          value: ((await listings(sandbox.url)) - callsBefore) / pages,
          unit: 'listings',
          better: 'lower',
          reach: 1,
        },
        { name: 'CPU of the first comparison, code cold', value: first.cpu, unit: 's', better: 'lower' },
      ],
    }
  } finally {
    await server.close()
    child.kill()
  }
}

async function startFilled(integrations: number, grants: number, foreign: number) {
  const child: ChildProcess = fork(program, [integrations, grants, foreign].map(String))
  const [sandbox] = (await once(child, 'message')) as [FilledSandbox]
  return { child, sandbox }
}

async function compare(world: World) {
  const place = { account, region }
  const scan = await beginScan(world.db, place)
  const integrations = await comparedIntegrations(world.db.kysely, place)
  const pace = createPace({ parallel: world.config.HEADGATE_AWS_PARALLEL })
  const how = { pace, signal: new AbortController().signal, listLagMs }
  const [begun, cpu] = [performance.now(), process.cpuUsage()]
  let pages = 0
  let [low, high] = [Number.POSITIVE_INFINITY, 0]
  const { listed, outside } = await scanPlace(world, scan, integrations, {
    ...how,
    atBoundary(name) {
      if (name !== 'after page') return
      pages += 1
      const { rss } = process.memoryUsage()
      if (pages <= 10) low = rss
      high = Math.max(high, rss)
    },
  })
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - begun) / 1000
  await endScan(world.db, scan, { listed, outside })
  return { listed, cpu: (user + system) / 1e6, seconds, growth: Math.max(0, high - low) / MiB }
}

async function countsOf({ db }: World) {
  const rows = await db.kysely.selectFrom('drift_report').select(['equal', 'missing', 'foreign']).execute()
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0)
  return { equal: sum(row => row.equal), missing: sum(row => row.missing), foreign: sum(row => row.foreign) }
}

async function listings(url: string): Promise<number> {
  const calls = (await (await fetch(`${url}/_sandbox/calls`)).json()) as Record<string, number>
  return calls['s3control.ListAccessGrants'] ?? 0
}
