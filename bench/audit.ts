/** The audit trail: what an act pays for it, how fast events are sealed, verified from database and file, and read. */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { ensureSigningKey, makeCheckpoint } from '../packages/server/src/audit/checkpoint.ts'
import { streamLines, trailLines } from '../packages/server/src/audit/read.ts'
import { linesOf, readTrail } from '../packages/server/src/audit/trail-file.ts'
import { verifyChain } from '../packages/server/src/audit/verify.ts'
import { verifyDatabase } from '../packages/server/src/audit/verify-database.ts'
import { act, system } from '../packages/server/src/db/act.ts'
import { sealAll } from '../packages/server/src/db/audit-seal.ts'
import type { Db } from '../packages/server/src/db/open.ts'
import type { Caller } from '../packages/server/src/http/serve.ts'
import { testServer } from '../packages/server/test/support/server.ts'
import { type Bench, spreadOf } from './lib/report.ts'

export async function measure(smoke: boolean): Promise<Bench> {
  const [events, acts] = smoke ? [500, 20] : [100_000, 2000]
  const server = await testServer()
  const folder = await mkdtemp(path.join(tmpdir(), 'headgate-bench-'))
  try {
    const { db, world, admin } = server
    await ensureSigningKey(world)
    await times(acts, () => doSomething(db, 0)) // warm
    const bare = spreadOf(await times(acts, () => doSomething(db, 0)))
    const audited = spreadOf(await times(acts, () => doSomething(db, 1)))
    await sealAll(db)

    for (let done = 0; done < events; done += 1000) await doSomething(db, Math.min(1000, events - done))
    const sealed = await timed(() => sealAll(db))
    // As PostgreSQL does by itself a minute later.
    await sql`vacuum analyze audit_event, audit_seal, audit_entry, audit_batch`.execute(db.kysely)
    await makeCheckpoint(world, 0)
    const cpuBefore = process.cpuUsage()
    const inDatabase = await timed(async () => {
      const report = await verifyDatabase(db, { outside: [] })
      if (report.firstBreak || report.events < events) throw new Error(`found ${JSON.stringify(report)}`)
    })
    const cpu = process.cpuUsage(cpuBefore)
    const file = path.join(folder, 'trail.ndjson')
    const written = await timed(() => writeFile(file, trailLines(db, 1)))
    const inFile = await timed(async () => {
      const { links, checkpoints } = readTrail(linesOf(createReadStream(file, 'utf8')))
      const report = await verifyChain(links, { inside: checkpoints, outside: [], isPart: true })
      if (report.firstBreak || report.events < events) throw new Error(`found ${JSON.stringify(report)}`)
    })
    let most = 0
    const before = process.memoryUsage().rss
    const caller: Caller = {
      type: 'user',
      id: admin.id,
      userid: 'admin',
      name: 'First Admin',
      permissions: new Set(['AUDIT']),
      keyIsNarrowed: false,
      carriesOwning: true,
    }
    const streamed = await timed(async () => {
      for await (const _ of streamLines(db, caller, {})) most = Math.max(most, process.memoryUsage().rss)
    })
    const page = spreadOf(await times(20, () => admin.audit.list({ query: { target: 'TAG/17' } })))
    const text = spreadOf(await times(5, () => admin.audit.list({ query: { text: 'found nowhere' } })))
    const goal = (value: number) => (smoke ? {} : { reach: value })
    return {
      settings: { events, acts, eventBytes: 700 },
      figures: [
        { name: 'events verified in the database', value: inDatabase, unit: 'ms', better: 'lower', ...goal(2000) },
        { name: 'of it, CPU of who verifies', value: (cpu.user + cpu.system) / 1000, unit: 'ms', better: 'lower' },
        { name: 'events verified in a file', value: inFile, unit: 'ms', better: 'lower', ...goal(2000) },
        { name: 'sealed', value: events / (sealed / 1000), unit: 'events/s', better: 'higher' },
        { name: 'an act without an event: median', value: bare.median, unit: 'ms', better: 'lower' },
        { name: 'an act with an event: median', value: audited.median, unit: 'ms', better: 'lower' },
        { name: 'an act with an event: p99', value: audited.p99, unit: 'ms', better: 'lower' },
        { name: 'trail written as a file', value: events / (written / 1000), unit: 'events/s', better: 'higher' },
        { name: 'streamed', value: events / (streamed / 1000), unit: 'events/s', better: 'higher' },
        {
          name: 'memory grown while streaming',
          value: Math.max(0, most - before) / 2 ** 20,
          unit: 'MiB',
          better: 'lower',
        },
        { name: 'a page by target over HTTP: median', value: page.median, unit: 'ms', better: 'lower' },
        { name: 'a page by a text that is nowhere: median', value: text.median, unit: 'ms', better: 'lower' },
      ],
    }
  } finally {
    await rm(folder, { recursive: true })
    await server.close()
  }
}

/** One act with a fact, and so many events of the usual size. */
function doSomething(db: Db, events: number) {
  return act(db, system, async ({ audit, changed }) => {
    changed('domain', 'bench', null, 'bench')
    for (let at = 0; at < events; at++) {
      const target = { type: 'TAG', id: String(at % 997), name: `Tag ${at}` }
      const [before, after] = [{ description: 'x'.repeat(60) }, { description: 'y'.repeat(60) }]
      audit({ action: 'UPDATE', targetType: 'TAG', targets: [target], payload: { type: 'TagEdited', before, after } })
    }
  })
}

async function times(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = []
  for (let at = 0; at < count; at++) taken.push(await timed(work))
  return taken
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
