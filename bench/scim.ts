/**
 * A whole company synced by SCIM over HTTP: users and groups created, then changed, while the change loop follows and keeps
 * AWS right for those whom a policy lets in. Client, database and sandbox are processes of their own.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sql } from 'kysely'
import { newKey } from '../packages/server/src/directory/new-key.ts'
import { startChangeLoop } from '../packages/server/src/reconcile/change-loop.ts'
import { type BenchLake, connectedLake } from './lib/lake.ts'
import type { Bench } from './lib/report.ts'
import { type Batch, type BatchDone, scimClient } from './lib/scim-client.ts'

/** Of the groups so many are let in by the policy: a thousand grants, which AWS takes in seconds. */
const shareLetIn = 0.01

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

export async function measure(smoke: boolean): Promise<Bench> {
  const [users, groups, parallel] = smoke ? [60, 6, 4] : [100_000, 1000, 16]
  const membersPerGroup = users / groups
  const letIn = Math.max(1, Math.floor(groups * shareLetIn))
  const lake = await connectedLake(users)
  try {
    const client = await connectProvider(lake)
    await letGroupsIn(lake, letIn)
    await lake.server.world.index.start()
    const loop = await startChangeLoop(lake.server.world)
    try {
      const batch = { users, membersPerGroup, accountId: lake.sandbox.accountId, parallel }
      const run = (kind: Batch['kind'], from: number, to: number) => send(client, { ...batch, kind, from, to })
      const created = await run('createUsers', 0, users)
      const grouped = await run('createGroups', 0, groups)
      const members = letIn * membersPerGroup
      const grantedMs = (await untilGrants(lake, members)) - grouped.endedAt

      const memoryBefore = await settledMemory()
      const cpuBefore = process.cpuUsage()
      const changed = await run('changeUsers', 0, users)
      const { user, system } = process.cpuUsage(cpuBefore)
      const memoryGrowth = (await settledMemory()) - memoryBefore
      // The groups that are let in come last, so that what they bring about comes after everything else.
      const regrouped = await run('changeGroups', letIn, groups)
      const last = await run('changeGroups', 0, letIn)
      const rightMs = (await untilSettled(lake, members)) - last.endedAt
      const perSecond = (count: number, { ms }: BatchDone) => count / (ms / 1000)
      return {
        settings: { users, groups, membersPerGroup, grants: members, connections: parallel },
        figures: [
          figure('users created', perSecond(users, created), 'users/s', 'higher', smoke ? undefined : 300),
          figure('users changed', perSecond(users, changed), 'users/s', 'higher', smoke ? undefined : 300),
          figure('groups created, with their members', perSecond(groups, grouped), 'groups/s', 'higher'),
          figure('groups changed', perSecond(groups - letIn, regrouped), 'groups/s', 'higher'),
          figure('last call to the last grant right', rightMs / 1000, 's', 'lower', smoke ? undefined : 10),
          figure('first grants: last group created to all of them right', grantedMs / 1000, 's', 'lower'),
          figure(
            'memory grown while all users were changed',
            memoryGrowth / 2 ** 20,
            'MiB',
            'lower',
            smoke ? undefined : 64,
          ),
          figure('memory at the end', process.memoryUsage().rss / 2 ** 20, 'MiB', 'lower'),
          figure('CPU of this process for a changed user', (user + system) / 1000 / users, 'ms', 'lower'),
          figure('CPU of the client for a changed user', changed.cpuMs / users, 'ms', 'lower'),
        ],
      }
    } finally {
      await loop.stop()
      client.kill()
    }
  } finally {
    await lake.close()
  }
}

function figure(name: string, value: number, unit: string, better: 'higher' | 'lower', reach?: number) {
  return { name, value, unit, better, ...(reach === undefined ? {} : { reach }) }
}

async function connectProvider({ server }: BenchLake): Promise<ChildProcess> {
  const mapping = {
    attributes: [
      { path: `${enterprise}:department`, key: 'department' },
      { path: 'title', key: 'title' },
    ],
    principal: { path: 'entitlements[type eq "aws"].value', kind: 'iamUser' },
  }
  const { key, hash } = newKey('hgs_')
  await sql`insert into identity_provider (name, look_alike, attribute_keys, group_patterns, scim)
    values ('company', 'company', array['department', 'title'], array['*'], ${JSON.stringify(mapping)})`.execute(
    server.db.kysely,
  )
  await sql`insert into scim_token (hash, provider) values (${hash}, 'company')`.execute(server.db.kysely)
  return fork(scimClient, [server.url, key])
}

async function letGroupsIn({ server, integration }: BenchLake, letIn: number): Promise<void> {
  const body = {
    type: 'Native S3' as const,
    integrationId: integration,
    dataSources: [{ dataSourceName: 'reports', prefix: 'reports/*', allowOverlap: true }],
  }
  await server.admin.nativeS3.register({ body })
  const names = Array.from({ length: letIn }, (_, n) => `@isInGroups('group-${n}')`)
  await server.admin.policies.create({
    body: {
      name: 'reports',
      kind: 'grant',
      level: 'READ',
      who: { when: names.join(' OR ') },
      appliesTo: { everything: true },
      state: 'active',
    },
  })
}

async function send(client: ChildProcess, batch: Batch): Promise<BatchDone> {
  const failed = once(client, 'exit').then(() => assert.fail('the client ended'))
  client.send(batch)
  const [done] = (await Promise.race([once(client, 'message'), failed])) as [BatchDone]
  return done
}

/** When as many grants as that were in AWS, milliseconds since 1970. */
async function untilGrants({ server }: BenchLake, wanted: number): Promise<number> {
  const deadline = Date.now() + 600_000
  for (;;) {
    assert.ok(Date.now() < deadline, 'the grants never came')
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from ledger where state = 'active'`.execute(
      server.db.kysely,
    )
    if (rows[0]?.n === wanted) return Date.now()
    await sleep(50)
  }
}

/** When every change had been followed to its end, and everybody entitled had their grant. */
async function untilSettled(lake: BenchLake, wanted: number): Promise<number> {
  for (;;) {
    const { rows } = await sql<{ open: boolean }>`
      select (select coalesce(max(id), 0) from fact_change) > min(checkpoint)
        or exists (select from ledger where state in ('intended', 'creating', 'revoking')) as open
      from leadership`.execute(lake.server.db.kysely)
    if (rows[0]?.open === false) break
    await sleep(20)
  }
  const settledAt = Date.now()
  assert.ok((await untilGrants(lake, wanted)) - settledAt < 1000, 'every grant is right')
  return settledAt
}

/** Of what is in use, once the loop had time to catch up. */
async function settledMemory(): Promise<number> {
  await sleep(2000)
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed + process.memoryUsage().external
}
