/**
 * Brings a database to the form this code expects: numbered SQL files, forward only.
 *
 * Each file runs once, whole or not at all, and is remembered with the SHA-256 of its text. A file that was changed
 * after it ran, and a database that knows more files than this code, are refused before anything is touched.
 * Never goes back: undoing is a new file. Servers that start at once wait for one another.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { refuseUnfitServer } from './server-needs.ts'

export interface Migration {
  readonly number: number
  /** The file's name. */
  readonly name: string
  readonly sql: string
  /** Hex SHA-256 of the text with LF line ends, as checkouts differ in them. */
  readonly hash: string
}

const migrationLock = 4_773_218_002 // advisory lock key

/** Runs what the database has not seen yet; answers with the names of the files it ran. */
export async function migrate(url: string, folder = migrationsFolder()): Promise<string[]> {
  const wanted = await readMigrations(folder)
  const client = new pg.Client({ connectionString: url, application_name: 'headgate migrate' })
  client.on('error', () => {}) // told by the statement that fails
  try {
    await client.connect()
    await refuseUnfitServer(client)
    // A session lock: gone with the connection, however this process ends.
    await client.query('select pg_advisory_lock($1)', [migrationLock])
    const applied = await appliedMigrations(client)
    refuseSurprises(wanted, applied)
    const missing = wanted.slice(applied.length)
    for (const migration of missing) await apply(client, migration)
    return missing.map(migration => migration.name)
  } finally {
    await client.end().catch(() => {})
  }
}

export function migrationsFolder(): string {
  return fileURLToPath(new URL('./migrations', import.meta.url))
}

/** The files of a folder in order; throws unless they are numbered 1, 2, 3… without a gap or a double. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1])
      if (number !== index + 1) {
        const expected = String(index + 1).padStart(4, '0')
        throw new Error(`migration \`${name}\` is out of order: expected a name like \`${expected}-what-it-does.sql\``)
      }
      const sql = (await readFile(`${folder}/${name}`, 'utf8')).replaceAll('\r\n', '\n')
      if (/^\s*(begin|commit|rollback)\s*;/im.test(sql)) {
        throw new Error(`migration \`${name}\` begins or ends a transaction: remove that, each file already is one`)
      }
      return { number, name, sql, hash: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

interface Applied {
  readonly number: number
  readonly name: string
  readonly hash: string
}

/** Who may not make tables can start all the same where there is nothing to do. */
async function appliedMigrations(client: pg.Client): Promise<Applied[]> {
  const found = await client.query("select from pg_class where oid = to_regclass('schema_migration')")
  if (found.rowCount === 0)
    await client.query(`
    create table schema_migration (
      number     integer primary key,
      name       text not null,
      hash       text not null, -- SHA-256 of the file's text
      applied_at timestamptz not null default now()
    )`)
  const { rows } = await client.query<Applied>('select number, name, hash from schema_migration order by number')
  return rows
}

function refuseSurprises(wanted: readonly Migration[], applied: readonly Applied[]): void {
  const newest = applied.at(-1)
  if (newest && newest.number > wanted.length) {
    throw new Error(`the database is newer than this Headgate: it knows \`${newest.name}\`; run that newer release`)
  }
  for (const [index, was] of applied.entries()) {
    const migration = wanted[index]
    if (migration?.number !== was.number) throw new Error(`the database lacks migration ${index + 1}: restore a backup`)
    if (migration.hash !== was.hash) {
      throw new Error(
        `migration \`${migration.name}\` was changed after it ran here (as \`${was.name}\`): ` +
          'put its text back and say the change in a new file',
      )
    }
  }
}

async function apply(client: pg.Client, { number, name, sql, hash }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query('insert into schema_migration (number, name, hash) values ($1, $2, $3)', [number, name, hash])
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => {})
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`migration \`${name}\` failed and left nothing behind: ${text}`, { cause })
  }
}
