import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { IntegrationId } from '@headgate/core'
import pg from 'pg'
import { loadLedger } from '../src/db/ledger.ts'
import { migrate, migrationsFolder, readMigrations } from '../src/db/migrate.ts'
import { openDatabase } from '../src/db/open.ts'
import { heldOf } from '../src/db/restraint.ts'
import { emptyDatabase } from './support/database.ts'

/** A row or more in every table, every state of a ledger row, runs that ended and one that did not. */
const filled = `
  insert into person (userid, name, email, kind, disabled, deleted_at) values
    ('ann', 'Ann', 'ann@example.com', 'person', false, null), ('ben', 'Ben', null, 'role-user', true, null),
    ('cleo', 'Cleo', null, 'service', false, now());
  insert into person (userid, name, kind) values
    ('zo\u00eb', 'Zoë', 'person'), ('ZO\u00cb', 'Zoë', 'person'), ('zoe\u0308', 'Zoë', 'person'), ('zO\u0308e', 'Zöe', 'person');
  insert into person_permission values (1, 'GOVERNANCE'), (1, 'CREATE_S3_DATASOURCE');
  insert into api_key (person_id, name, hash, permissions) values (1, 'k', '\\x01', null), (2, 'l', '\\x02', '{AUDIT}');
  insert into people_group (name) values ('Analysts');
  insert into people_group (name) values ('team'), ('Team'), ('all users');
  insert into group_member (group_id, person_id) select id, 1 from people_group where name = 'Analysts';
  insert into person_attribute (person_id, key, value) values
    (1, 'country', 'FR'), (1, 'ville', 'Orle\u0301ans'), (1, 'ville', 'Orl\u00e9ans');
  insert into group_attribute (group_id, key, value) select id, 'team', 'a' from people_group where name = 'Analysts';
  insert into integration (name, account_id, region, location_role, location_path, authentication_type, access_key_id,
      secret_access_key, status, validation, aws_location_id) values
    ('own', '111122223333', 'us-east-1', 'r', 's3://', 'auto', null, null, 'enabled', '{}', 'loc-1'),
    ('keyed', '111122223333', 'eu-west-1', 'r', 's3://b/', 'accessKey', 'AKIA', '{}', 'deleteError', '{}', 'loc-2'),
    ('gone', '111122223333', 'us-east-1', 'r', 's3://', 'auto', null, null, 'deleted', '{}', null);
  insert into principal (person_id, kind, identifier, integration_id) values
    (1, 'iamUser', 'arn:aws:iam::111122223333:user/ann', null), (2, 'identityCenterUser', 'u-2', 1);
  insert into tag (name) values ('Finance'), ('Finance.Payroll'), ('Cafe\u0301'), ('Caf\u00e9');
  insert into data_source (name, integration_id, account_id, region, prefix, bucket, key, kind, state, created_by) values
    ('a', 1, '111122223333', 'us-east-1', '/b/*', 'b', '', 'bucket', 'active', 1),
    ('o', 1, '111122223333', 'us-east-1', '/b/o', 'b', 'o', 'object', 'disabled', 1),
    ('d', 1, '111122223333', 'us-east-1', '/b/o', 'b', 'o', 'object', 'deleted', 2);
  insert into data_source_tag values (1, 'Finance.Payroll'), (1, 'Cafe\u0301'), (2, 'Caf\u00e9');
  insert into data_source_owner values (1, 1), (2, 2);
  insert into member (data_source_id, person_id, group_id, level, until, reason, added_by) values
    (1, 1, null, 'READ', now() + interval '1 day', 'r', 1), (2, null, 2, 'WRITE', null, 'r', 1);
  insert into policy (name, state, version, definition, created_by) values
    ('p', 'active', 2, '{"kind": "grant"}', 1), ('q', 'archived', 1, '{"kind": "guardrail"}', null);
  insert into policy_version (policy_id, version, name, state, definition, change, from_policy, from_version) values
    (1, 1, 'p', 'staged', '{}', 'created', null, null), (1, 2, 'p', 'active', '{}', 'activated', null, null),
    (2, 1, 'q', 'archived', '{}', 'cloned', 1, 2);
  insert into fact_change (id, entity, entity_id, after, cause)
    values (nextval('fact_change_sequence'), 'attribute', 'user/1/country/FR',
      '{"user": 1, "key": "country", "value": "FR", "source": "local"}', 'attribute-added');
  insert into audit_event (id, event_timestamp, action, target_type, event)
    values (gen_random_uuid(), now(), 'CREATE', 'USER', '{}');
  insert into audit_event (id, event_timestamp, action, target_type, actor_id, event) values
    (gen_random_uuid(), now(), 'CREATE', 'API_KEY', 1, '{"targets": [{"type": "API_KEY", "id": "1"}]}'),
    (gen_random_uuid(), now(), 'CREATE', 'API_KEY', 1, '{"targets": [{"type": "API_KEY", "id": "2"}]}');
  insert into leadership (integration_id, epoch, checkpoint, released) values (1, 4, 1, false), (2, 1, 0, true);
  insert into run (integration_id, epoch, sequence, to_create, to_revoke, created, finished_at) values
    (1, 3, 1, 2, 1, 2, now()), (1, 4, 1, 0, 1, 0, null);
  insert into ledger (integration_id, data_source_id, person_id, grantee_type, grantee_id, bucket, key, kind, permission,
      state, aws_grant_id, because, cause, run_id, epoch, active_at, revoking_at, revoked_at, next_try_at)
    select 1, 1, 1, 'IAM', 'arn:' || state, 'b', '', 'bucket', 'READ', state,
      case when state in ('active', 'revoking', 'revoked', 'revokeFailed') then 'g-' || state end,
      '[{"kind": "member", "id": 1, "level": "READ"}]', 'member-added', case when state like 'revok%' then 2 else 1 end, 4,
      case when state in ('active', 'revoking', 'revoked', 'revokeFailed') then now() end,
      case when state like 'revok%' then now() end, case when state = 'revoked' then now() end,
      case when state like '%Failed' then now() end
    from unnest('{intended,creating,active,revoking,revoked,createFailed,revokeFailed,waitingForPrincipal,abandoned}'::text[])
      as state;`

test('a database of the second migration, with something in every table, is brought to the newest whole', async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'headgate-migrate-'))
  const database = await emptyDatabase()
  const client = new pg.Client({ connectionString: database.url })
  const db = openDatabase(database.url, { maxConnections: 2 })
  t.after(async () => {
    await db.close()
    await client.end()
    await database.close()
    await rm(folder, { recursive: true })
  })
  const before = (await readMigrations(migrationsFolder())).filter(({ number }) => number <= 2)
  for (const { name } of before) await cp(path.join(migrationsFolder(), name), path.join(folder, name))
  await migrate(database.url, folder)
  await client.connect()
  await client.query(filled)
  const counts = await countRows(client)
  assert.deepEqual(
    [...counts].filter(([, count]) => count === 0),
    [],
  )

  await migrate(database.url)
  const after = await countRows(client)
  counts.set('person_attribute', (counts.get('person_attribute') ?? 0) - 1) // two forms of one value
  counts.set('tag', (counts.get('tag') ?? 0) - 1)
  // The standing policies come with the marketplace.
  for (const table of ['policy', 'policy_version', 'fact_change_default'])
    counts.set(table, (counts.get(table) ?? 0) + 2)
  for (const [table, count] of counts) if (table !== 'schema_migration') assert.equal(after.get(table), count, table)

  const ledger = await db.snapshot(tx => loadLedger(tx, 1 as IntegrationId))
  assert.deepEqual(
    ledger.map(({ state, held, isCounted, isReleased, isUnanswered }) => [
      state,
      held,
      isCounted,
      isReleased,
      isUnanswered,
    ]),
    ['intended', 'creating', 'active', 'revoking', 'createFailed', 'revokeFailed', 'waitingForPrincipal'].map(state => [
      state,
      undefined,
      false,
      undefined,
      undefined,
    ]),
  )
  const { rows: runs } = await client.query(
    'select state, revoke_run_id::int as run from ledger where revoke_run_id is not null order by id',
  )
  assert.deepEqual(
    runs.map(({ state, run }) => `${state} ${run}`),
    ['revoking 2', 'revoked 2', 'revokeFailed 2'],
  )
  assert.deepEqual(await heldOf(db.kysely, 1 as IntegrationId), { byBrake: 0, byMode: 0, runs: [] })
  const { rows: integrations } = await client.query(
    `select distinct mode, brake_revocations as revocations, brake_percent as percent, version, faults, assumed_role as role
     from integration`,
  )
  assert.deepEqual(integrations, [
    { mode: 'enforce', revocations: 50, percent: 20, version: 1, faults: [], role: null },
  ])
  // Whoever led under the earlier release and did not leave in order is waited for.
  const { rows: leaders } = await client.query('select epoch::int, released, node_id from leadership order by 1')
  assert.deepEqual(leaders, [
    { epoch: 1, released: true, node_id: null },
    { epoch: 4, released: false, node_id: null },
  ])
  // Names that look alike from before the rule stay, and the oldest is who is meant.
  const { rows: named } = await client.query(
    `select userid, twin from person where userid ilike 'z%' union all
     select name, twin from people_group where id > 1 and name <> 'Analysts' order by 1`,
  )
  assert.deepEqual(
    named.map(({ userid, twin }) => `${userid} ${twin}`),
    ['Team 1', 'all users 1', 'team 0', 'zoe\u0308 2', 'zoë 0', 'zÖe 0', 'ZOË 1'].sort(),
  )
  const { rows: values } = await client.query('select key, value from person_attribute where person_id = 1 order by 1')
  assert.deepEqual(values, [
    { key: 'country', value: 'FR' },
    { key: 'ville', value: 'Orléans' },
  ])
  const { rows: tags } = await client.query(`select name from tag union all select tag from data_source_tag order by 1`)
  assert.deepEqual(
    tags.map(({ name }) => name),
    ['Caf\u00e9', 'Caf\u00e9', 'Caf\u00e9', 'Finance', 'Finance.Payroll', 'Finance.Payroll'],
  )

  const { rows: opened } = await client.query('select id::int, opened_by::int as by from api_key order by id')
  assert.deepEqual(opened, [
    { id: 1, by: null },
    { id: 2, by: 1 },
  ])
  const { rows: healths } = await client.query('select distinct health, checked_at from data_source')
  assert.deepEqual(healths, [{ health: 'healthy', checked_at: null }])
})

async function countRows(client: pg.Client): Promise<Map<string, number>> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
  )
  const counts = new Map<string, number>()
  for (const { name } of rows) {
    const { rows: counted } = await client.query<{ n: number }>(`select count(*)::int as n from ${name}`)
    counts.set(name, counted[0]?.n ?? 0)
  }
  return counts
}
