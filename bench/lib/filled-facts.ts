/** A world of facts written into the tables, past the API: what a server finds there when it starts. */
import { type Facts, type Policy, printExpression, printScope } from '@headgate/core'
import { sql } from 'kysely'
import type { Db } from '../../packages/server/src/db/open.ts'

/** Into a database with nothing but its migrations; every row keeps its id. */
export async function fillFacts(db: Db, facts: Facts): Promise<void> {
  const { kysely } = db
  const insert = async <Row>(rows: readonly Row[], write: (text: string) => ReturnType<typeof sql>) => {
    for (let from = 0; from < rows.length; from += 20_000) {
      await write(JSON.stringify(rows.slice(from, from + 20_000))).execute(kysely)
    }
  }
  await sql`delete from people_group`.execute(kysely)
  // The numbers of the standing policies are those of others here, and nobody is in a data product.
  await sql`delete from policy_version`.execute(kysely)
  await sql`delete from policy`.execute(kysely)
  await insert(
    facts.users,
    rows => sql`insert into person (id, userid, name, kind, disabled_locally) overriding system value
      select id, userid, userid, 'person', disabled from jsonb_to_recordset(${rows}::jsonb)
        as row (id bigint, userid text, disabled boolean)`,
  )
  await insert(
    [...facts.groups.map(({ id, name }) => ({ id, name })), { id: 1_000_000, name: 'All Users' }],
    rows => sql`insert into people_group (id, name) overriding system value
      select id, name from jsonb_to_recordset(${rows}::jsonb) as row (id bigint, name text)`,
  )
  await insert(
    facts.groups.flatMap(({ id, users }) => users.map(user => ({ id, user }))),
    rows => sql`insert into group_member (group_id, person_id)
      select id, "user" from jsonb_to_recordset(${rows}::jsonb) as row (id bigint, "user" bigint)`,
  )
  await insert(
    facts.attributes.map(({ subject, key, value }) => ({ ...subject, key, value })),
    rows => sql`insert into person_attribute (person_id, key, value)
      select "user", key, value from jsonb_to_recordset(${rows}::jsonb) as row ("user" bigint, key text, value text)
      where "user" is not null on conflict do nothing`,
  )
  await insert(
    facts.attributes.map(({ subject, key, value }) => ({ ...subject, key, value })),
    rows => sql`insert into group_attribute (group_id, key, value)
      select "group", key, value from jsonb_to_recordset(${rows}::jsonb) as row ("group" bigint, key text, value text)
      where "group" is not null on conflict do nothing`,
  )
  await insert(
    // Never two with one path in an account; in the second one everything is outside.
    facts.integrations.map((row, at) => (at === 0 ? row : { ...row, locationPath: `s3://lake-${row.id}/` })),
    rows => sql`insert into integration (id, name, account_id, region, location_role, location_path,
        authentication_type, status, validation) overriding system value
      select id, 'lake ' || id, "accountId", region, 'arn:aws:iam::' || "accountId" || ':role/lake', "locationPath",
        'auto', 'enabled', '{"status": "passed", "validationTests": []}'
      from jsonb_to_recordset(${rows}::jsonb) as row (id bigint, "accountId" text, region text, "locationPath" text)`,
  )
  await insert(
    facts.principals,
    rows => sql`insert into principal (person_id, kind, identifier)
      select "user", kind, identifier from jsonb_to_recordset(${rows}::jsonb)
        as row ("user" bigint, kind text, identifier text)`,
  )
  const tags = [...new Set(facts.dataSources.flatMap(one => one.tags))].map(name => ({ name }))
  await insert(
    tags,
    rows => sql`insert into tag (name) select name from jsonb_to_recordset(${rows}::jsonb) as row (name text)`,
  )
  await insert(
    facts.dataSources.map(({ scope, ...row }) => ({ ...row, ...scope })),
    rows => sql`with row as (select * from jsonb_to_recordset(${rows}::jsonb) as row (id bigint, name text,
        integration bigint, bucket text, key text, kind text, disabled boolean, tags text[])),
      source as (insert into data_source (id, name, integration_id, account_id, region, prefix, bucket, key, kind,
          state, created_by) overriding system value
        select row.id, row.name, integration, account_id, region, key || '*', bucket, key, kind,
          case when disabled then 'disabled' else 'active' end, 1
        from row join integration on integration.id = integration
        on conflict do nothing returning id)
      insert into data_source_tag (data_source_id, tag)
      select distinct row.id, tag from source join row using (id), unnest(tags) tag`,
  )
  await insert(
    facts.members.map(({ subject, ...row }) => ({ ...row, ...subject })),
    rows => sql`insert into member (id, data_source_id, person_id, group_id, level, until, reason, added_by)
        overriding system value
      select row.id, "dataSource", "user", "group", level, to_timestamp(until / 1000.0), 'filled', 1
      from jsonb_to_recordset(${rows}::jsonb) as row (id bigint, "dataSource" bigint, "user" bigint, "group" bigint,
        level text, until bigint) join data_source on data_source.id = "dataSource" on conflict do nothing`,
  )
  await insert(
    facts.policies.map(({ id, version, name, ...policy }) => ({ id, version, name, definition: written(policy) })),
    rows => sql`insert into policy (id, version, name, state, definition) overriding system value
      select id, version, name, 'active', definition
      from jsonb_to_recordset(${rows}::jsonb) as row (id bigint, version integer, name text, definition jsonb)`,
  )
  // Whatever comes later has ids above these.
  for (const table of ['person', 'policy', 'data_source', 'member', 'people_group', 'integration'])
    await sql`select setval(pg_get_serial_sequence(${table}, 'id'), (select max(id) from ${sql.table(table)}))`.execute(
      kysely,
    )
  await sql`analyze`.execute(kysely)
}

/** Some of the wide data sources share a scope, which the server would refuse. */
export function storable(facts: Facts): Facts {
  const taken = new Set<string>()
  const dataSources = facts.dataSources.map(row => {
    const text = printScope(row.scope)
    if (!taken.has(text)) {
      taken.add(text)
      return row
    }
    return { ...row, scope: { ...row.scope, key: `${row.scope.key}${row.id}/` } }
  })
  return { ...facts, dataSources }
}

/** As the API takes it. */
function written({ kind, level, appliesTo, who, subscribe, discoverable }: Omit<Policy, 'id' | 'version' | 'name'>) {
  const text = (condition: object) =>
    'scope' in condition ? { scope: printScope(condition.scope as never) } : condition
  const reach =
    'any' in appliesTo
      ? { any: appliesTo.any.map(text) }
      : 'all' in appliesTo
        ? { all: appliesTo.all.map(text) }
        : appliesTo
  const whom = 'everyone' in who ? who : { when: printExpression(who.when) }
  return { kind, level, appliesTo: reach, who: whom, subscribe, discoverable }
}
