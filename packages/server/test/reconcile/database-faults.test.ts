/**
 * The database goes away in the middle of provisioning: restarted after a crash, its connections cut, its disk full. On a
 * PostgreSQL of this file's own, since a restart is everybody's.
 */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { type EmbeddedPostgres, startEmbedded } from '../../src/db/embedded.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { crowd, inAws, type Lake, lake, quiet, register, until } from './reconcile-world.ts'

const size = 150
const quietLog = { info: () => {}, warn: () => {} }
let folder: string
let cluster: EmbeddedPostgres

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'headgate-database-faults-'))
  // As root the server runs under another user, who must get there.
  await chmod(folder, 0o711)
  const options = { dataDir: path.join(folder, 'data'), sharedDir: path.join(folder, 'shared') }
  cluster = await startEmbedded({ ...options, log: quietLog, durable: false })
  process.env.HEADGATE_TEST_DATABASE_URL = cluster.url
})

after(async () => {
  await cluster.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A crowd on its way in, a part of it there. */
async function midway(here: Lake): Promise<void> {
  await here.start({ callTimeoutMs: 50, leaseMs: 2000 })
  await register(here, 's3://research-data/finance/*')
  await crowd(here, size)
  here.server.sandbox.faults.set({ rules: [{ kind: 'latency', ms: 20, service: 's3control' }] })
  const [who, appliesTo] = [{ when: "@hasAttribute('crowd', 'yes')" }, { everything: true as const }]
  await here.server.admin.policies.create({
    body: { name: 'all', kind: 'grant', level: 'READ', who, appliesTo, state: 'active' },
  })
  await until('a part', () => inAws(here).length > size / 10)
  assert.ok(inAws(here).length < size)
}

async function assertWhole(here: Lake): Promise<void> {
  await until('every grant', () => inAws(here).length === size)
  await until('every outcome', () => quiet(here).then(() => true))
  await assertAsEntitled(here)
  const instance = here.server.sandbox.state.accounts.get(here.account.accountId)?.accessGrants.get(here.account.region)
  assert.equal(instance?.sequence, 1 + size, 'the location, and each grant once')
}

/** A backend that is killed outright takes all of them along: PostgreSQL ends every connection and recovers. */
async function crash({ server }: Lake): Promise<void> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(server.db.kysely)
  process.kill(rows[0]?.pid ?? assert.fail('no backend'), 'SIGKILL')
}

async function answers({ server }: Lake): Promise<boolean> {
  return sql`select 1`.execute(server.db.kysely).then(
    () => true,
    () => false,
  )
}

test('PostgreSQL crashes and recovers in the middle of a run, twice: every grant once', async t => {
  const here = await lake(t)
  await midway(here)
  await crash(here)
  await until('it is back', () => answers(here))
  await until('going on', () => inAws(here).length > size / 2)
  await crash(here)
  await assertWhole(here)
})

test('every connection is cut again and again in the middle of a run: every grant once', async t => {
  const here = await lake(t)
  await midway(here)
  for (let cuts = 0; cuts < 5; cuts += 1) {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`
      .execute(here.server.db.kysely)
      .catch(() => {})
    const there = inAws(here).length
    await until('a little more', () => inAws(here).length > Math.min(there + 5, size - 1))
  }
  await assertWhole(here)
})

// The disk itself is not filled: PostgreSQL says of each write what it says when it is.
for (const table of ['ledger', 'fact_change'] as const) {
  test(`no room for ${table} in the middle of a run: nothing is done that is not written, and all is once there is`, async t => {
    const here = await lake(t)
    await midway(here)
    const { db } = here.server
    await sql
      .raw(`create function no_room() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`)
      .execute(db.kysely)
    await sql
      .raw(`create trigger no_room before insert or update on ${table} for each statement execute function no_room()`)
      .execute(db.kysely)
    const answer = await here.server.admin.send('/users', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userid: 'late', name: 'Late' }),
    })
    assert.equal(answer.status, table === 'fact_change' ? 503 : 201)
    await sql.raw(`drop trigger no_room on ${table}`).execute(db.kysely)
    await assertWhole(here)
  })
}
