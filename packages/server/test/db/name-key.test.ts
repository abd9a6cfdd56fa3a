/** The key of a name is computed in SQL, where it is unique, and in the core: both have to say the same. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { lookAlike, nameKey } from '@headgate/core'
import fc from 'fast-check'
import { sql } from 'kysely'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
before(async () => {
  database = await testDatabase()
})
after(() => database.close())

test('every character that PostgreSQL knows has the same key there and here', async () => {
  const { rows } = await sql<{ name: string; key: string; look: string }>`
    select name, name_key(name) as key, look_alike(name) as look
    from (select chr(point) as name from generate_series(1, 205743) point where point not between 55296 and 57343) one
    where unicode_assigned(name)`.execute(database.db.kysely)
  assert.ok(rows.length > 150_000)
  const different = rows.filter(({ name, key, look }) => nameKey(name) !== key || lookAlike(name) !== look)
  assert.deepEqual(
    different.map(({ name, key }) => [name.codePointAt(0)?.toString(16), key, nameKey(name)]),
    [],
  )
})

test('random texts have the same key there and here', async () => {
  const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 12 }), 3000).filter(text => !text.includes('\0'))
  const { rows } = await sql<{ name: string; key: string; look: string; known: boolean }>`
    select name, name_key(name) as key, look_alike(name) as look, unicode_assigned(name) as known
    from unnest(${texts}::text[]) as name`.execute(database.db.kysely)
  const different = rows.filter(row => row.known && (nameKey(row.name) !== row.key || lookAlike(row.name) !== row.look))
  assert.deepEqual(different, [])
})

test('a database of another locale gives the same keys', async () => {
  const { rows } = await sql<{ key: string }>`
    select name_key('ÀÉΣСТРАННО' collate "C") as key`.execute(database.db.kysely)
  assert.deepEqual(rows, [{ key: nameKey('ÀÉΣСТРАННО') }])
})
