/**
 * A database of its own for a test, with every migration applied: `const { db, close } = await testDatabase()`.
 *
 * The migrations run once per text of theirs, into a template; each test clones it in about 100 ms. Works under the
 * runner (HEADGATE_TEST_DATABASE_URL) and for a single test file, which starts the server and ends it when it is done.
 */
import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrate, migrationsFolder, readMigrations } from '../../src/db/migrate.ts'
import { type Db, openDatabase } from '../../src/db/open.ts'
import { startTestCluster } from './cluster.ts'

export interface TestDatabase {
  readonly db: Db
  readonly url: string
  /** Closes `db` and drops the database, whoever else is connected. */
  close(): Promise<void>
}

const templateLock = 4_773_218_003 // advisory lock key: cloning and making the template, one process at a time

export async function testDatabase(): Promise<TestDatabase> {
  const server = await serverUrl()
  const name = `headgate_test_${process.pid}_${randomBytes(5).toString('hex')}`
  await clone(server, name)
  const url = withDatabase(server, name)
  const db = openDatabase(url, { maxConnections: 5 })
  return {
    db,
    url,
    async close() {
      await db.close()
      await onServer(server, client => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

/** An empty database, for tests of the migrations themselves. */
export async function emptyDatabase(): Promise<{ url: string; close(): Promise<void> }> {
  const server = await serverUrl()
  const name = `headgate_test_${process.pid}_${randomBytes(5).toString('hex')}`
  await onServer(server, client => client.query(`create database ${name}`))
  const drop = () => onServer(server, client => client.query(`drop database if exists ${name} with (force)`))
  return { url: withDatabase(server, name), close: async () => void (await drop()) }
}

let joined: Promise<string> | undefined

function serverUrl(): Promise<string> {
  joined ??= join()
  return joined
}

async function join(): Promise<string> {
  const given = process.env.HEADGATE_TEST_DATABASE_URL
  if (given) return given
  const cluster = await startTestCluster()
  // The tests of this file are over when nothing is left to do; stopping then is work again, so it is awaited.
  process.once('beforeExit', () => void cluster.stop())
  return cluster.url
}

async function clone(server: string, name: string): Promise<void> {
  const migrations = await readMigrations(migrationsFolder())
  const hash = createHash('sha256').update(migrations.map(migration => migration.name + migration.hash).join('\n'))
  const template = `headgate_template_${hash.digest('hex').slice(0, 16)}`
  await onServer(server, async client => {
    await client.query('select pg_advisory_lock($1)', [templateLock])
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [template])
    if (rowCount === 0) await makeTemplate(server, client, template)
    await client.query(`create database ${name} template ${template}`)
  })
}

/** Made under another name, so that a template that bears its name is whole. */
async function makeTemplate(server: string, client: pg.Client, template: string): Promise<void> {
  const draft = `${template}_draft`
  const older = await client.query("select datname from pg_database where datname like 'headgate\\_template\\_%'")
  for (const { datname } of older.rows) await client.query(`drop database if exists ${datname} with (force)`)
  await client.query(`create database ${draft}`)
  await migrate(withDatabase(server, draft))
  // A closed connection takes a moment to leave.
  for (let tries = 0; ; tries += 1) {
    try {
      await client.query(`alter database ${draft} rename to ${template}`)
      return
    } catch (error) {
      if (tries >= 100) throw error
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
