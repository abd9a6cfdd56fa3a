import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { pino } from 'pino'
import { keepSealed } from '../src/audit/keep-sealed.ts'
import { readOutside } from '../src/audit/outside.ts'
import { trailLines } from '../src/audit/read.ts'
import { verifyDatabase } from '../src/audit/verify-database.ts'
import { act, system } from '../src/db/act.ts'
import { type Db, openDatabase } from '../src/db/open.ts'
import { prepareDatabase } from '../src/db/prepare.ts'
import { createVault } from '../src/secrets.ts'
import { type TestDatabase, testDatabase } from './support/database.ts'

const vault = createVault([Buffer.alloc(32, 7)])
const log = pino({ level: 'silent' })
const role = `headgate_test_server_${process.pid}`
let database: TestDatabase
let serverUrl: string
let db: Db
before(async () => {
  database = await testDatabase()
  await sql.raw(`create role ${role} login password 'of-a-test'`).execute(database.db.kysely)
  const url = new URL(database.url)
  url.username = role
  url.password = 'of-a-test'
  serverUrl = url.href
  const config = { DATABASE_URL: serverUrl, DATABASE_OWNER_URL: database.url }
  const warned: unknown[] = []
  const prepared = await prepareDatabase(config, undefined, { warn: (text: unknown) => void warned.push(text) })
  assert.deepEqual([prepared.url, warned], [serverUrl, []])
  db = openDatabase(serverUrl, { maxConnections: 2 })
})
after(async () => {
  await db.close()
  await sql.raw(`drop owned by ${role}; drop role ${role}`).execute(database.db.kysely)
  await database.close()
})

const trail = ['audit_event', 'audit_seal', 'audit_batch', 'audit_entry', 'audit_key', 'audit_checkpoint']

test('the role of the server cannot change or remove anything of the trail or the history of facts, nor switch off what guards it', async () => {
  const refused = [
    ...[...trail, 'fact_change', 'fact_change_default'].flatMap(table => [
      `delete from ${table}`,
      `truncate ${table}`,
      `drop table ${table}`,
      `alter table ${table} disable trigger all`,
    ]),
    'update fact_change set entity_id = entity_id',
    "update audit_event set event = ''",
    "update audit_seal set hash = ''",
    "update audit_batch set hash = ''",
    'create table another (id int)',
    "set session_replication_role = 'replica'",
    'delete from schema_migration',
  ]
  for (const text of refused)
    await assert.rejects(sql.raw(text).execute(db.kysely), /permission denied|must be owner/, text)
})

test('a server acts, seals, signs and writes checkpoints as that role, and starts again without its owner', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-checkpoints-'))
  t.after(() => rm(folder, { recursive: true }))
  await prepareDatabase({ DATABASE_URL: serverUrl, DATABASE_OWNER_URL: undefined }, undefined, log)
  await act(db, system, async ({ audit, changed }) => {
    changed('domain', 'x', {}, 'test')
    audit({ action: 'CREATE', targetType: 'TAG', targets: [], payload: { type: 'TagCreated' } })
  })
  const keeper = keepSealed({ db, vault, log }, { folder, checkpointMs: 0 })
  await keeper.stop()
  assert.equal((await readdir(folder)).length, 1)
  const { firstBreak, to, uncovered, waiting } = await verifyDatabase(db, { outside: await readOutside(folder) })
  assert.deepEqual([firstBreak, to, uncovered, waiting], [undefined, 2, 0, 0])
})

test('one role for everything is warned of', async () => {
  const warned: unknown[] = []
  const config = { DATABASE_URL: database.url, DATABASE_OWNER_URL: undefined }
  await prepareDatabase(config, undefined, { warn: (text: unknown) => void warned.push(text) })
  assert.match(String(warned), /can change the audit trail/)
})

test('a role that owns the schema is warned of: it could drop what others made there', async () => {
  const warned: unknown[] = []
  await sql.raw(`alter schema public owner to ${role}`).execute(database.db.kysely)
  try {
    const config = { DATABASE_URL: serverUrl, DATABASE_OWNER_URL: database.url }
    await prepareDatabase(config, undefined, { warn: (text: unknown) => void warned.push(text) })
  } finally {
    await sql`alter schema public owner to pg_database_owner`.execute(database.db.kysely)
  }
  assert.match(String(warned), /can change the audit trail/)
})

test('`headgate audit verify` says whether a database and a file are whole, and ends with what it found', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-trail-'))
  t.after(() => rm(folder, { recursive: true }))
  const verify = async (...more: string[]) => {
    const main = new URL('../../cli/src/main.ts', import.meta.url)
    const run = execFile(process.execPath, [fileURLToPath(main), 'audit', 'verify', ...more])
    const [said, [code]] = await Promise.all([run.stdout?.toArray(), once(run, 'exit')])
    return { said: said?.join('') ?? '', code }
  }
  const keeper = keepSealed({ db, vault, log }, { folder: join(folder, 'checkpoints'), checkpointMs: 0 })
  await act(db, system, async ({ audit }) =>
    audit({ action: 'CREATE', targetType: 'TAG', targets: [], payload: { type: 'TagCreated', odd: 'a\u2028line' } }),
  )
  await keeper.stop()
  await writeFile(join(folder, 'trail.ndjson'), trailLines(db, 1))
  const file = await verify(join(folder, 'trail.ndjson'), '--checkpoints', join(folder, 'checkpoints'))
  assert.match(file.said, /^whole: events 1 to 3 .*\na checkpoint kept elsewhere vouches for all up to event 3 /)
  const here = await verify('--database-url', serverUrl)
  assert.match(here.said, /^whole: .*\nno checkpoint from elsewhere/)
  const text = await readFile(join(folder, 'trail.ndjson'), 'utf8')
  await writeFile(join(folder, 'trail.ndjson'), text.replace('TagCreated', 'TagDeleted'))
  const broken = await verify(folder)
  assert.match(broken.said, /^BROKEN at event 1: event 1 in batch 1 was edited/)
  assert.deepEqual([file.code, here.code, broken.code, (await verify('nothing')).code], [0, 0, 2, 1])
})
