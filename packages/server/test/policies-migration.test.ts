import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { migrate, migrationsFolder } from '../src/db/migrate.ts'
import { emptyDatabase } from './support/database.ts'

test('versions from before they said what made them are told by their states', async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'headgate-migrate-'))
  const database = await emptyDatabase()
  const client = new pg.Client({ connectionString: database.url })
  t.after(async () => {
    await client.end()
    await database.close()
    await rm(folder, { recursive: true })
  })
  const first = '0001-the-line.sql'
  await cp(path.join(migrationsFolder(), first), path.join(folder, first))
  await migrate(database.url, folder)
  await client.connect()
  await client.query(`insert into policy (name, state, version, definition) values ('p', 'deleted', 7, '{}')`)
  const states = ['staged', 'staged', 'active', 'active', 'staged', 'active', 'deleted']
  for (const [at, state] of states.entries()) {
    await client.query(
      `insert into policy_version (policy_id, version, name, state, definition) values (1, $1, 'p', $2, '{}')`,
      [at + 1, state],
    )
  }
  await migrate(database.url)
  const { rows: definitions } = await client.query(
    `select definition from policy where not protected
     union all select definition from policy_version where policy_id = 1`,
  )
  const said = { subscribe: 'automatic', discoverable: false }
  assert.deepEqual(
    definitions.map(({ definition }) => definition),
    definitions.map(() => said),
  )
  const { rows } = await client.query(
    'select change, from_policy from policy_version where policy_id = 1 order by version',
  )
  assert.deepEqual(
    rows.map(({ change, from_policy }) => [change, from_policy]),
    ['created', 'edited', 'activated', 'edited', 'staged', 'activated', 'deleted'].map(change => [change, null]),
  )
})
