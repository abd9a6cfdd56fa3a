import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from '../../src/db/open.ts'
import { testDatabase } from '../support/database.ts'

test('values come back as plain numbers, instants and parsed JSON', async t => {
  const { db, close } = await testDatabase()
  t.after(close)
  const { rows } = await sql<Record<string, unknown>>`
    select 9007199254740991::bigint as big, count(*) as count, array[1, null]::bigint[] as bigs,
      '2026-01-02 03:04:05.678+02'::timestamptz as at, array['1970-01-01Z']::timestamptz[] as ats,
      '2026-01-02'::date as day, '{"a": [1]}'::jsonb as json, null::bigint as nothing`.execute(db.kysely)
  assert.deepEqual(rows, [
    {
      big: Number.MAX_SAFE_INTEGER,
      count: 1,
      bigs: [1, null],
      at: Date.UTC(2026, 0, 2, 1, 4, 5, 678),
      ats: [0],
      day: '2026-01-02',
      json: { a: [1] },
      nothing: null,
    },
  ])
})

test('a bigint that a number cannot hold is refused, not rounded', async t => {
  const { db, close } = await testDatabase()
  t.after(close)
  await assert.rejects(sql`select 9007199254740993::bigint`.execute(db.kysely), /too large for an exact number/)
  await assert.rejects(sql`select 'infinity'::timestamptz`.execute(db.kysely), /is not an instant/)
  assert.deepEqual((await sql`select 1 as one`.execute(db.kysely)).rows, [{ one: 1 }])
})

test('a transaction that throws leaves nothing', async t => {
  const { db, close } = await testDatabase()
  t.after(close)
  await sql`create table note (text text)`.execute(db.kysely)
  const failing = db.transaction(async tx => {
    await sql`insert into note values ('lost')`.execute(tx)
    throw new Error('enough')
  })
  await assert.rejects(failing, /enough/)
  await db.transaction(tx => sql`insert into note values ('kept')`.execute(tx))
  assert.deepEqual((await sql`select text from note`.execute(db.kysely)).rows, [{ text: 'kept' }])
})

test('a snapshot sees one moment and cannot write', async t => {
  const { db, close } = await testDatabase()
  t.after(close)
  await sql`create table note (text text)`.execute(db.kysely)
  const seen = await db.snapshot(async tx => {
    const before = await sql<{ n: number }>`select count(*) as n from note`.execute(tx)
    await sql`insert into note values ('meanwhile')`.execute(db.kysely)
    const after = await sql<{ n: number }>`select count(*) as n from note`.execute(tx)
    return [before.rows[0]?.n, after.rows[0]?.n]
  })
  assert.deepEqual(seen, [0, 0])
  await assert.rejects(
    db.snapshot(tx => sql`insert into note values ('x')`.execute(tx)),
    /read-only transaction/,
  )
})

test('a connection cut inside a transaction fails that transaction and nothing else', async t => {
  const { db, url, close } = await testDatabase()
  t.after(close)
  const other = openDatabase(url)
  t.after(() => other.close())
  const cut = db.transaction(async tx => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(other.kysely)
    await new Promise(resolve => setTimeout(resolve, 50)) // idle while the news arrives
    await sql`select 1`.execute(tx)
  })
  await assert.rejects(cut)
  assert.deepEqual((await sql`select 1 as one`.execute(db.kysely)).rows, [{ one: 1 }])
})

test('listening survives a cut connection and tells that something may have been missed', async t => {
  const { db, close } = await testDatabase()
  t.after(close)
  const heard: string[] = []
  let wake = () => {}
  const hears = async (count: number) => {
    while (heard.length < count) await new Promise<void>(resolve => (wake = resolve))
  }
  await db.listen('fact change', payload => {
    heard.push(payload)
    wake()
  })
  await sql`select pg_notify('fact change', '7')`.execute(db.kysely)
  await hears(1)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name like 'headgate listen%' and datname = current_database()`.execute(db.kysely)
  await hears(2)
  await sql`select pg_notify('fact change', '8')`.execute(db.kysely)
  await hears(3)
  assert.deepEqual(heard, ['7', '', '8'])
})

test('closing ends listening, may be called twice, and before any use', async t => {
  const { db, url, close } = await testDatabase()
  t.after(close)
  const unused = openDatabase(url)
  await unused.close()
  await unused.close()
  const used = openDatabase(url)
  await sql`select 1`.execute(used.kysely)
  await used.listen('x', () => {})
  await Promise.all([used.close(), used.close()])
  for (let left = 1; left > 0; ) {
    const { rows } = await sql<{ n: number }>`select count(*) as n from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(db.kysely)
    left = rows[0]?.n ?? 0
  }
})
