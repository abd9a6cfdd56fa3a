import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { migrate } from '../../src/db/migrate.ts'
import { unfit } from '../../src/db/server-needs.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'

const first = { '0001-people.sql': 'create table person (id bigint primary key);' }
const second = { ...first, '0002-names.sql': "alter table person add name text not null default 'x';" }

test('migrations run in order, once', async t => {
  const { url, folder, query } = await bench(t, first)
  assert.deepEqual(await migrate(url, folder), ['0001-people.sql'])
  assert.deepEqual(await migrate(url, folder), [])
  await files(folder, second)
  assert.deepEqual(await migrate(url, folder), ['0002-names.sql'])
  await query("insert into person values (1, 'Ann')")
  assert.deepEqual(await query('select number, name from schema_migration order by number'), [
    { number: 1, name: '0001-people.sql' },
    { number: 2, name: '0002-names.sql' },
  ])
})

test('servers that start at once migrate once', async t => {
  const { url, folder } = await bench(t, second)
  const ran = await Promise.all(Array.from({ length: 5 }, () => migrate(url, folder)))
  assert.deepEqual(ran.flat().sort(), ['0001-people.sql', '0002-names.sql'])
})

test('a failing migration leaves nothing behind and the ones before it in place', async t => {
  const bad = { ...first, '0002-bad.sql': 'create table half (id int); insert into missing values (1);' }
  const { url, folder, query } = await bench(t, bad)
  await assert.rejects(migrate(url, folder), /`0002-bad.sql` failed and left nothing behind: .*missing/)
  assert.deepEqual(await query("select to_regclass('half')::text as half, to_regclass('person')::text as person"), [
    { half: null, person: 'person' },
  ])
  await files(folder, { '0002-bad.sql': 'create table half (id int);' })
  assert.deepEqual(await migrate(url, folder), ['0002-bad.sql'])
})

test('a migration that was changed after it ran is refused', async t => {
  const { url, folder } = await bench(t, first)
  await migrate(url, folder)
  await files(folder, { '0001-people.sql': 'create table person (id uuid primary key);', '0002-more.sql': 'select 1;' })
  await assert.rejects(migrate(url, folder), /`0001-people.sql` was changed after it ran/)
})

test('line ends of a checkout are no change', async t => {
  const { url, folder } = await bench(t, { '0001-people.sql': 'create table person (\n id bigint\n);\n' })
  await migrate(url, folder)
  await files(folder, { '0001-people.sql': 'create table person (\r\n id bigint\r\n);\r\n' })
  assert.deepEqual(await migrate(url, folder), [])
})

test('a database newer than the code is refused', async t => {
  const { url, folder } = await bench(t, second)
  await migrate(url, folder)
  await rm(join(folder, '0002-names.sql'))
  await assert.rejects(migrate(url, folder), /newer than this Headgate: it knows `0002-names.sql`/)
})

test('gaps, doubles and odd names are refused before anything runs', async t => {
  for (const name of ['0003-gap.sql', '0001-again.sql', '2-short.sql', '0002_underscore.sql']) {
    const { url, folder, query } = await bench(t, { ...first, [name]: 'select 1;' })
    await assert.rejects(migrate(url, folder), /is out of order/)
    assert.deepEqual(await query("select to_regclass('person') as person"), [{ person: null }])
  }
})

test('a migration that ends its own transaction is refused', async t => {
  const { url, folder } = await bench(t, { '0001-a.sql': 'create table a ();\n COMMIT;\ncreate table b ();' })
  await assert.rejects(migrate(url, folder), /begins or ends a transaction/)
})

test('a PostgreSQL that is too old, or no UTF-8, is refused before anything is touched', async t => {
  assert.match(unfit({ version: 160_009, encoding: 'UTF8' }) ?? '', /is PostgreSQL 16, and Headgate needs 17 or newer/)
  assert.equal(unfit({ version: 170_000, encoding: 'UTF8' }), undefined)
  const { url, folder, query } = await bench(t, first)
  const other = `${new URL(url).pathname.slice(1)}_ascii`
  await query(`create database ${other} encoding 'SQL_ASCII' locale 'C' locale_provider libc template template0`)
  try {
    const elsewhere = Object.assign(new URL(url), { pathname: `/${other}` }).href
    await assert.rejects(migrate(elsewhere, folder), /has the encoding SQL_ASCII, and Headgate needs UTF8/)
    const client = new pg.Client({ connectionString: elsewhere })
    await client.connect()
    const { rows } = await client.query("select to_regclass('schema_migration') as found")
    await client.end()
    assert.deepEqual(rows, [{ found: null }])
  } finally {
    await query(`drop database ${other} with (force)`)
  }
})

test('test databases are clones of one template and do not see each other', async t => {
  const databases = await Promise.all(Array.from({ length: 4 }, () => testDatabase()))
  t.after(() => Promise.all(databases.map(database => database.close())))
  const urls = new Set(databases.map(database => database.url))
  assert.equal(urls.size, 4)
  for (const { url } of databases) assert.deepEqual(await migrate(url), [])
})

async function bench(t: TestContext, content: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-migrate-'))
  const database = await emptyDatabase()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  t.after(async () => {
    await client.end()
    await database.close()
    await rm(folder, { recursive: true })
  })
  await files(folder, content)
  return { url: database.url, folder, query: async (sql: string) => (await client.query(sql)).rows }
}

async function files(folder: string, content: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(content)) await writeFile(join(folder, name), text)
}
