import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { migrate, migrationsFolder, readMigrations } from '../src/db/migrate.ts'
import { emptyDatabase } from './support/database.ts'

test('data sources from before they had a health keep owners, tags and permissions', async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'headgate-migrate-'))
  const database = await emptyDatabase()
  const client = new pg.Client({ connectionString: database.url })
  t.after(async () => {
    await client.end()
    await database.close()
    await rm(folder, { recursive: true })
  })
  const before = (await readMigrations(migrationsFolder())).filter(({ number }) => number < 6)
  for (const { name } of before) await cp(path.join(migrationsFolder(), name), path.join(folder, name))
  await migrate(database.url, folder)
  await client.connect()
  await client.query(`
    insert into person (userid, name, kind) values ('ann', 'Ann', 'person');
    insert into person_permission (person_id, permission) values (1, 'CREATE_S3_DATASOURCE');
    insert into integration (name, account_id, region, location_role, location_path, authentication_type, status, validation)
      values ('i', '111122223333', 'us-east-1', 'r', 's3://', 'auto', 'enabled', '{}');
    insert into data_source (name, integration_id, account_id, region, prefix, bucket, key, kind, created_by)
      values ('a', 1, '111122223333', 'us-east-1', '/b/*', 'b', '', 'bucket', 1);
    insert into tag (name) values ('Finance'), ('Finance.Payroll');
    insert into data_source_tag values (1, 'Finance.Payroll');
    insert into data_source_owner (data_source_id, person_id) values (1, 1);`)
  await migrate(database.url)
  const { rows } = await client.query(`
    select health, checked_at, person_id, group_id, tag, scopes from data_source
    join data_source_owner on data_source_owner.data_source_id = data_source.id
    join data_source_tag on data_source_tag.data_source_id = data_source.id and tag > 'Finance.' and tag < 'Finance/'
    join person_permission using (person_id)`)
  const kept = { person_id: '1', group_id: null, tag: 'Finance.Payroll', scopes: null }
  assert.deepEqual(rows, [{ health: 'healthy', checked_at: null, ...kept }])
})
