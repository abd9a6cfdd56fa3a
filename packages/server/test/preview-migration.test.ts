import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { migrate, migrationsFolder } from '../src/db/migrate.ts'
import { emptyDatabase } from './support/database.ts'

test('what was known of people before is known since it was last said, or else since now', async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'headgate-migrate-'))
  const database = await emptyDatabase()
  const client = new pg.Client({ connectionString: database.url })
  t.after(async () => {
    await client.end()
    await database.close()
    await rm(folder, { recursive: true })
  })
  for (const name of ['0001-the-line.sql', '0002-the-life-of-policies.sql', '0003-domains.sql']) {
    await cp(path.join(migrationsFolder(), name), path.join(folder, name))
  }
  await migrate(database.url, folder)
  await client.connect()
  await client.query(`
    insert into person (userid, name, kind) values ('ann', 'Ann', 'person');
    insert into people_group (name) values ('Analysts');
    insert into group_member (group_id, person_id) select max(id), 1 from people_group;
    insert into person_attribute (person_id, key, value) values (1, 'country', 'FR'), (1, 'country', 'DE');
    insert into group_attribute (group_id, key, value) select max(id), 'team', 'a/b' from people_group;
    insert into principal (person_id, kind, identifier) values (1, 'iamUser', 'arn:aws:iam::111122223333:user/ann');
  `)
  const { rows: groups } = await client.query<{ id: string }>('select max(id) as id from people_group')
  const group = Number(groups[0]?.id)
  const country = { user: 1, key: 'country', value: 'FR', source: 'local' }
  const said: [string, string, object | null, number][] = [
    ['attribute', 'user/1/country/FR', country, 1],
    ['attribute', 'user/1/country/FR', null, 2],
    ['attribute', 'user/1/country/FR', country, 3],
    ['attribute', `group/${group}/team/a/b`, { group, key: 'team', value: 'a/b', source: 'local' }, 4],
    ['groupMember', `${group}/1`, { group, user: 1, source: 'local' }, 5],
    ['principal', '1', { id: 1, user: 1 }, 6],
  ]
  for (const [entity, id, after, day] of said) {
    await client.query(
      `insert into fact_change (id, at, entity, entity_id, after, cause)
       values (nextval('fact_change_sequence'), make_timestamptz(2026, 1, $1, 0, 0, 0, 'UTC'), $2, $3, $4, 'test')`,
      [day, entity, id, after === null ? null : JSON.stringify(after)],
    )
  }
  await migrate(database.url)
  const { rows } = await client.query<{ what: string; day: number | null }>(`
    select what, case when since < '2026-02-01' then extract(day from since at time zone 'UTC')::int end as day from (
      select value as what, since from person_attribute
      union all select key, since from group_attribute
      union all select 'member', since from group_member
      union all select 'principal', since from principal
    ) as known order by what`)
  assert.deepEqual(
    rows.map(({ what, day }) => [what, day]),
    [
      ['DE', null],
      ['FR', 3],
      ['member', 5],
      ['principal', 6],
      ['team', 4],
    ],
  )
})
