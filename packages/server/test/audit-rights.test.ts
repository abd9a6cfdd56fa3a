import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { pino } from 'pino'
import { keepSealed } from '../src/audit/keep-sealed.ts'
import { readOutside } from '../src/audit/outside.ts'
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

test('the role of the server cannot change or remove anything of the trail, nor switch off what guards it', async () => {
  const refused = [
    ...['audit_event', 'audit_seal', 'audit_batch', 'audit_entry', 'audit_key', 'audit_checkpoint'].flatMap(table => [
      `delete from ${table}`,
      `truncate ${table}`,
      `drop table ${table}`,
      `alter table ${table} disable trigger all`,
    ]),
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
