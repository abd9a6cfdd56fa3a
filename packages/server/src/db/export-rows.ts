/**
 * The tables of the access summary but who reaches what: each one query, read in batches from one snapshot.
 *
 * Whoever adds a column adds it at the end; a new order or meaning is a new schema version of the export. Never a
 * secret. `global` ids are UUIDs made of this deployment's id and theirs: they join, and mean nobody elsewhere.
 */
import type { Instant } from '@headgate/core'
import { type RawBuilder, sql } from 'kysely'
import type { Cell, Columns, Table } from '../export/table.ts'
import type { Tx } from './act.ts'

/** In the eyes of `tx`, which has to be a snapshot. */
export function storedTables(tx: Tx): Table[] {
  return queries.map(({ name, columns, query }, at) => ({
    name,
    columns,
    rows: () => inBatches(tx, `export_rows_${at}`, query, Object.keys(columns)),
  }))
}

/**
 * What AWS held at a moment of the past, by the ledger, to the millisecond; the columns are those of today. Why a grant
 * was there then, what held it back and what failed, the ledger does not tell any more.
 */
export function grantsOfThen(tx: Tx, at: Instant): Table {
  const columns = { ...grantColumns, revoked_at: 'instant' } as const
  const [then, next] = [sql`${new Date(at)}::timestamptz`, sql`${new Date(at + 1)}::timestamptz`]
  const query = sql`
    select ${grantFacts}, case when revoking_at < ${next} then 'revoking' else 'active' end as state,
      null as because, ledger.created_at, active_at, case when revoking_at < ${next} then revoking_at end as revoking_at,
      null as held_by, null as error, ${then} as export_date, revoked_at
    from ledger join person on person.id = person_id
    where active_at < ${next} and (revoked_at is null or revoked_at >= ${next}) order by ledger.id`
  return { name: 'grants', columns, rows: () => inBatches(tx, 'grants_of_then', query, Object.keys(columns)) }
}

const batchSize = 2000

async function* inBatches(
  tx: Tx,
  cursor: string,
  query: RawBuilder<unknown>,
  columns: readonly string[],
): AsyncGenerator<readonly (readonly Cell[])[]> {
  await sql`declare ${sql.ref(cursor)} no scroll cursor for ${query}`.execute(tx)
  for (;;) {
    const { rows } = await sql<Record<string, Cell>>`fetch ${sql.lit(batchSize)} from ${sql.ref(cursor)}`.execute(tx)
    if (rows.length === 0) break
    yield rows.map(row => columns.map(column => row[column] ?? null))
  }
  await sql`close ${sql.ref(cursor)}`.execute(tx)
}

interface Query {
  readonly name: string
  readonly columns: Columns
  readonly query: RawBuilder<unknown>
}

/** A UUID of something of ours. */
function globalId(kind: string, id: string) {
  const hash = sql`md5((select tenant.id::text from tenant) || ${sql.lit(`/${kind}/`)} || coalesce(${sql.ref(id)}::text, ''))`
  return sql`overlay(overlay(${hash} placing '8' from 13) placing '8' from 17)::uuid::text`
}

/** Where the web app shows it; a path where no address is set. */
function link(folder: string, id: string) {
  return sql`coalesce((select public_url from settings), '') || ${sql.lit(`/${folder}/`)} || ${sql.ref(id)}`
}

const exportDate = sql`now() as export_date`

const grantColumns: Columns = {
  ...{ grant_id: 'number', aws_grant_id: 'text', integration_id: 'number', data_source_id: 'number' },
  ...{ user_id: 'number', userid: 'text', grantee_type: 'text', grantee: 'text', scope: 'text' },
  ...{ permission: 'text', state: 'text', because: 'text', created_at: 'instant', active_at: 'instant' },
  ...{ revoking_at: 'instant', held_by: 'text', error: 'text', export_date: 'instant' },
}

/** Of a grant, what never changes. */
const grantFacts = sql`ledger.id as grant_id, aws_grant_id, integration_id, data_source_id, person_id as user_id, userid,
        grantee_type, grantee_id as grantee,
        's3://' || bucket || '/' || key || case ledger.kind when 'object' then '' else '*' end as scope, permission`

const queries: readonly Query[] = [
  {
    name: 'policy-metadata',
    columns: {
      ...{ who: 'text', object: 'text', access_type: 'text', policy: 'text', scope: 'text', policy_id: 'number' },
      ...{ policy_name: 'text', creation_date: 'instant', owner: 'text', owner_global_user_id: 'text', link: 'text' },
      ...{ source: 'text', export_date: 'instant', state: 'text', version: 'number', subscribe: 'text' },
    },
    query: sql`
      select case when definition -> 'who' ? 'everyone' then 'everyone' else definition #>> '{who,when}' end as who,
        case when definition -> 'appliesTo' ? 'everything' then 'every data source'
          when definition -> 'appliesTo' ? 'selected' then 'data sources whose owners choose it'
          else definition ->> 'appliesTo' end as object,
        upper(definition ->> 'kind') as access_type,
        case when definition -> 'who' ? 'everyone' then 'everyone' else definition #>> '{who,when}' end as policy,
        definition ->> 'level' as scope, policy.id as policy_id, policy.name as policy_name,
        policy.created_at as creation_date, coalesce(person.userid, 'headgate') as owner,
        ${globalId('person', 'policy.created_by')} as owner_global_user_id, ${link('policies', 'policy.id')} as link,
        case when protected then 'Headgate' when domain is not null then 'domain ' || domain
          when data_source_id is not null then 'data source ' || data_source_id else 'global' end as source,
        ${exportDate}, state, version, definition ->> 'subscribe' as subscribe
      from policy left join person on person.id = policy.created_by where state <> 'deleted' order by policy.id`,
  },
  {
    name: 'user-metadata',
    columns: {
      ...{ user_id: 'number', userid: 'text', global_user_id: 'text', name: 'text', email: 'text', kind: 'text' },
      ...{ disabled: 'boolean', identity_provider: 'text', permissions: 'text', principals: 'text' },
      ...{ created_at: 'instant', link: 'text', export_date: 'instant' },
    },
    query: sql`
      select person.id as user_id, userid, ${globalId('person', 'person.id')} as global_user_id, name, email, kind,
        disabled, provider as identity_provider,
        array_to_json(array(select permission from person_permission held where held.person_id = person.id
          order by permission))::text as permissions,
        coalesce((select json_agg(json_build_object('kind', one.kind, 'identifier', identifier,
          'integration', integration_id, 'source', source) order by one.id)
          from principal one where one.person_id = person.id), '[]')::text as principals,
        created_at, ${link('people', 'person.id')} as link, ${exportDate}
      from person where deleted_at is null order by person.id`,
  },
  {
    name: 'group-memberships',
    columns: {
      ...{ group_id: 'number', group_name: 'text', user_id: 'number', userid: 'text', source: 'text' },
      ...{ since: 'instant', export_date: 'instant' },
    },
    query: sql`
      select group_id, people_group.name as group_name, person_id as user_id, userid, source, since, ${exportDate}
      from group_member join people_group on people_group.id = group_id join person on person.id = person_id
      order by group_id, person_id, source`,
  },
  {
    name: 'attributes',
    columns: {
      ...{ subject_type: 'text', subject_id: 'number', subject: 'text', key: 'text', value: 'text', source: 'text' },
      ...{ since: 'instant', export_date: 'instant' },
    },
    query: sql`
      select 'group' as subject_type, group_id as subject_id, name as subject, key, value, source, since, ${exportDate}
        from group_attribute join people_group on people_group.id = group_id
      union all
      select 'user', person_id, userid, key, value, source, since, now()
        from person_attribute join person on person.id = person_id`,
  },
  {
    name: 'datasource-metadata',
    columns: {
      ...{ data_source_id: 'number', name: 'text', description: 'text', integration_id: 'number' },
      ...{ integration: 'text', account_id: 'text', region: 'text', scope: 'text', state: 'text', health: 'text' },
      ...{ tags: 'text', domains: 'text', owners: 'text', created_by: 'text', created_at: 'instant' },
      ...{ link: 'text', export_date: 'instant' },
    },
    query: sql`
      select source.id as data_source_id, source.name, source.description, integration_id,
        integration.name as integration, source.account_id, source.region,
        's3://' || bucket || '/' || source.key || case source.kind when 'object' then '' else '*' end as scope,
        source.state, health,
        array_to_json(array(select tag from data_source_tag t where t.data_source_id = source.id order by 1))::text as tags,
        array_to_json(array(select domain from data_source_domain d where d.data_source_id = source.id union
          select domain from domain_tag d join data_source_tag t on t.data_source_id = source.id
            and (t.tag = d.tag or starts_with(t.tag, d.tag || '.')) order by 1))::text as domains,
        coalesce((select json_agg(json_build_object('user', one.userid, 'group', people_group.name)
          order by person_id, group_id) from data_source_owner owner left join person one on one.id = person_id
          left join people_group on people_group.id = group_id where data_source_id = source.id), '[]')::text as owners,
        person.userid as created_by, source.created_at, ${link('data-sources', 'source.id')} as link, ${exportDate}
      from data_source source join integration on integration.id = integration_id
      join person on person.id = source.created_by
      where source.state <> 'deleted' order by source.id`,
  },
  {
    // A tag that nothing carries has one row, without a data source.
    name: 'tag-metadata',
    columns: {
      ...{ tag: 'text', description: 'text', created_at: 'instant', data_source_id: 'number', data_source: 'text' },
      export_date: 'instant',
    },
    query: sql`
      select tag.name as tag, tag.description, tag.created_at, source.id as data_source_id, source.name as data_source,
        ${exportDate}
      from tag left join (data_source_tag carried
        join data_source source on source.id = carried.data_source_id and source.state <> 'deleted') on carried.tag = tag.name
      order by tag.name, source.id`,
  },
  {
    // What AWS holds, or is about to, by the ledger.
    name: 'grants',
    columns: grantColumns,
    query: sql`
      select ${grantFacts}, state, because::text as because, ledger.created_at, active_at, revoking_at, held as held_by,
        error_code as error, ${exportDate}
      from ledger join person on person.id = person_id
      where revoked_at is null and state <> 'revoked' order by ledger.id`,
  },
  {
    name: 'data-products',
    columns: {
      ...{ product_id: 'text', key: 'text', name: 'text', state: 'text', version: 'number', domain: 'text' },
      ...{ levels: 'text', data_sources: 'text', members: 'number', created_by: 'text', created_at: 'instant' },
      ...{ updated_at: 'instant', link: 'text', export_date: 'instant' },
    },
    query: sql`
      select product.id as product_id, key, product.name, state, version, domain,
        array_to_json(levels)::text as levels,
        array_to_json(array(select data_source_id from data_product_source s where s.product_id = product.id
          order by 1))::text as data_sources,
        (select count(distinct person_id) from membership m where m.product_id = product.id and ended_at is null
          and since <= now() and (until is null or until > now())) as members,
        person.userid as created_by, product.created_at, product.updated_at,
        ${link('marketplace', 'product.id')} as link, ${exportDate}
      from data_product product left join person on person.id = product.created_by
      where state <> 'deleted' order by product.id`,
  },
  {
    name: 'access-requests',
    columns: {
      ...{ request_id: 'number', product_id: 'text', data_source_id: 'number', policy_id: 'number', name: 'text' },
      ...{ requester: 'text', beneficiary_id: 'number', beneficiary: 'text', level: 'text', state: 'text' },
      ...{ extension: 'boolean', created_at: 'instant', decided_at: 'instant', decisions: 'text', until: 'instant' },
      ...{ ended_at: 'instant', ended_by: 'text', export_date: 'instant' },
    },
    query: sql`
      select request.id as request_id, product_id, data_source_id, policy_id, request.name, asker.userid as requester,
        beneficiary_id, reader.userid as beneficiary, level, state, extension, request.created_at, decided_at,
        coalesce((select json_agg(json_build_object('by', decider.userid, 'verdict', verdict, 'stage', stage, 'at', at)
          order by number) from request_decision join person decider on decider.id = by_id
          where request_id = request.id), '[]')::text as decisions,
        until, ended_at, ender.userid as ended_by, ${exportDate}
      from request join person asker on asker.id = requester_id join person reader on reader.id = beneficiary_id
      left join person ender on ender.id = ended_by
      order by request.id`,
  },
  {
    // What the latest comparison of each integration found; and one row without a finding for each that was equal.
    name: 'drift',
    columns: {
      ...{ integration_id: 'number', integration: 'text', report_id: 'number', compared_at: 'instant' },
      ...{ checked: 'number', kind: 'text', aws_grant_id: 'text', grant_id: 'number', grantee: 'text' },
      ...{ scope: 'text', permission: 'text', done: 'text', detail: 'text', export_date: 'instant' },
    },
    query: sql`
      select integration_id, integration.name as integration, report.id as report_id,
        report.finished_at as compared_at, checked, finding.kind, finding.aws_grant_id, ledger_id as grant_id,
        grantee, finding.scope, permission, done, detail, ${exportDate}
      from (select distinct on (integration_id) * from drift_report where finished_at is not null
        order by integration_id, id desc) report
      join integration on integration.id = integration_id left join drift_finding finding on report_id = report.id
      order by integration_id, finding.id`,
  },
  {
    // Of the last 90 days.
    name: 'runs',
    columns: {
      ...{ run_id: 'number', integration_id: 'number', integration: 'text', sequence: 'number' },
      ...{ started_at: 'instant', finished_at: 'instant', to_create: 'number', to_revoke: 'number' },
      ...{ created: 'number', revoked: 'number', failed: 'number', held: 'number', export_date: 'instant' },
    },
    query: sql`
      select run.id as run_id, integration_id, integration.name as integration, sequence, started_at, finished_at,
        to_create, to_revoke, created, revoked, failed, held, ${exportDate}
      from run join integration on integration.id = integration_id
      where started_at > now() - interval '90 days' order by run.id`,
  },
]
