/**
 * Grants made by the real provisioning, from the policy's commit to the last row of the ledger, beside a loop of bare SDK
 * calls that knows the limit beforehand. Database and sandbox are processes of their own; the sandbox answers after 20 ms
 * and throttles at 200 a second, with a burst of 20.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateAccessGrantCommand } from '@aws-sdk/client-s3-control'
import { sql } from 'kysely'
import { findIntegration } from '../packages/server/src/db/integration.ts'
import { startChangeLoop } from '../packages/server/src/reconcile/change-loop.ts'
import { type BenchLake, connectedLake, fill } from './lib/lake.ts'
import { userName } from './lib/lake-process.ts'
import type { Bench } from './lib/report.ts'

const limit = { perSecond: 200, burst: 20, latencyMs: 20 }
/** Just under the limit: what it is tuned to. */
const tunedPerSecond = 199.5

export async function measure(smoke: boolean): Promise<Bench> {
  const [people, dataSources] = smoke ? [30, 10] : [200, 100]
  const grants = people * dataSources
  const lake = await connectedLake(people)
  try {
    await fill(lake, people, dataSources)
    await lake.setFaults({
      rules: [
        { kind: 'latency', ms: limit.latencyMs, service: 's3control' },
        { kind: 'throttle', perSecond: limit.perSecond, burst: limit.burst, service: 's3control' },
      ],
    })
    const tuned = await tunedLoop(lake, grants, people)
    const ours = await provisioned(lake, grants)
    // What a burst gives beforehand counts for both, so neither is held against the bare limit.
    return {
      settings: { grants, people, dataSources, ...limit, parallel: lake.server.world.config.HEADGATE_AWS_PARALLEL },
      figures: [
        {
          name: 'ours to the tuned loop, grants a second',
          value: ours.perSecond / tuned.perSecond,
          unit: 'share',
          better: 'higher',
          ...(smoke ? {} : { reach: 0.95 }),
        },
        { name: 'failed grants', value: ours.failed, unit: 'grants', better: 'lower', reach: 0 },
        { name: 'ours', value: ours.perSecond, unit: 'grants/s', better: 'higher' },
        { name: 'tuned loop', value: tuned.perSecond, unit: 'grants/s', better: 'higher' },
        { name: 'ours: from the commit to the first grant', value: ours.firstMs, unit: 'ms', better: 'lower' },
        { name: 'ours: throttled calls', value: ours.throttled, unit: 'calls', better: 'lower' },
        { name: 'tuned loop: throttled calls', value: tuned.throttled, unit: 'calls', better: 'lower' },
        { name: 'ours: CPU of this process for a grant', value: ours.cpuMs, unit: 'ms', better: 'lower' },
      ],
    }
  } finally {
    await lake.close()
  }
}

/** As somebody would write it who knows the limit: calls on a schedule, retried when throttled, nothing written down. */
async function tunedLoop({ server, sandbox, integration, calls }: BenchLake, grants: number, people: number) {
  const row = await findIntegration(server.db.kysely, Number(integration))
  assert.ok(row)
  const { s3Control } = server.world.aws.of(row)
  const callsBefore = await calls('CreateAccessGrant')
  const create = (n: number) =>
    s3Control.send(
      new CreateAccessGrantCommand({
        AccountId: sandbox.accountId,
        AccessGrantsLocationId: row.aws_location_id ?? '',
        AccessGrantsLocationConfiguration: { S3SubPrefix: `tuned-${Math.floor(n / people)}/*` },
        Grantee: {
          GranteeType: 'IAM',
          GranteeIdentifier: `arn:aws:iam::${sandbox.accountId}:user/${userName(n % people)}`,
        },
        Permission: 'READ',
        Tags: [{ Key: 'made-by', Value: 'a loop' }],
      }),
    )
  const begun = performance.now()
  // What late timers and the start leave unused is made up for, as far as the burst goes.
  const burstMs = ((limit.burst - 2) / limit.perSecond) * 1000
  let next = Number.NEGATIVE_INFINITY
  let taken = 0
  const lane = async () => {
    while (taken < grants) {
      const n = taken
      taken += 1
      for (let isDone = false; !isDone; ) {
        next = Math.max(next, performance.now() - burstMs) + 1000 / tunedPerSecond
        const waitMs = next - performance.now()
        if (waitMs > 0) await sleep(waitMs)
        isDone = await create(n).then(
          () => true,
          (error: Error) => {
            assert.equal(error.name, 'SlowDown')
            return false
          },
        )
      }
    }
  }
  await Promise.all(Array.from({ length: server.world.config.HEADGATE_AWS_PARALLEL }, lane))
  const perSecond = grants / ((performance.now() - begun) / 1000)
  return { perSecond, throttled: (await calls('CreateAccessGrant')) - callsBefore - grants }
}

async function provisioned({ server, calls }: BenchLake, grants: number) {
  const db = server.db.kysely
  await server.world.index.start()
  const loop = await startChangeLoop(server.world)
  try {
    await sleep(1500)
    const callsBefore = await calls('CreateAccessGrant')
    const cpuBefore = process.cpuUsage()
    await server.admin.policies.create({
      body: {
        name: 'everybody',
        kind: 'grant',
        level: 'READ',
        who: { when: "@hasAttribute('employee', 'yes')" },
        appliesTo: { everything: true },
        state: 'active',
      },
    })
    const active = () =>
      db
        .selectFrom('ledger')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .where('state', '=', 'active')
        .executeTakeFirstOrThrow()
    while ((await active()).n < grants) await sleep(250)
    const { user, system } = process.cpuUsage(cpuBefore)
    const { rows } = await sql<{ took: number; first: number; failed: number }>`
      select extract(epoch from max(active_at) - c.at)::float as took,
        extract(epoch from min(active_at) - c.at)::float as first, (select sum(failed)::int from run) as failed
      from ledger, (select max(at) as at from fact_change where entity = 'policy') c group by c.at`.execute(db)
    const [row] = rows
    assert.ok(row)
    return {
      perSecond: grants / row.took,
      firstMs: row.first * 1000,
      failed: row.failed,
      throttled: (await calls('CreateAccessGrant')) - callsBefore - grants,
      cpuMs: (user + system) / 1000 / grants,
    }
  } finally {
    await loop.stop()
  }
}
