/**
 * Registering data sources, any number at once: what is taken already, and the rows of the new ones.
 *
 * Set-based throughout: ten thousand cost a handful of statements.
 */
import { covers, printScope, type Scope } from '@headgate/core'
import { sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { type DataSourceRow, dataSourceTarget, living, type Reader } from './data-source.ts'

export interface RegisteredScope {
  readonly id: number
  readonly name: string
  readonly scope: Scope
}

/** Everything registered in these buckets of an account and region, disabled ones included: they keep their scope. */
export async function scopesInBuckets(
  db: Reader,
  { accountId, region }: { readonly accountId: string; readonly region: string },
  buckets: readonly string[],
): Promise<(RegisteredScope & { readonly state: DataSourceRow['state'] })[]> {
  const rows = await living(db)
    .where('account_id', '=', accountId)
    .where('region', '=', region)
    .where('bucket', '=', sql<string>`any(${buckets})`)
    .select(['id', 'name', 'bucket', 'key', 'kind', 'state'])
    .orderBy('id')
    .execute()
  return rows.map(({ id, name, bucket, key, kind, state }) => ({ id, name, scope: { bucket, key, kind }, state }))
}

/** Of one bucket those that begin with `start`, and those that it begins with: whatever bears on keys that begin so. */
export async function scopesNear(
  db: Reader,
  { accountId, region }: { readonly accountId: string; readonly region: string },
  bucket: string,
  start: string,
): Promise<RegisteredScope[]> {
  const rows = await living(db)
    .where('account_id', '=', accountId)
    .where('region', '=', region)
    .where('bucket', '=', bucket)
    .where(sql<boolean>`(starts_with(key, ${start}) or starts_with(${start}, key))`)
    .select(['id', 'name', 'bucket', 'key', 'kind'])
    .orderBy('id')
    .execute()
  return rows.map(({ id, name, bucket, key, kind }) => ({ id, name, scope: { bucket, key, kind } }))
}

/** The active ones of the same account and region that cover the data source, and so open it as well. */
export async function activeCovering(db: Reader, row: DataSourceRow): Promise<RegisteredScope[]> {
  return (await coveringOf(db, row)).filter(({ state }) => state === 'active')
}

/** The disabled ones too, which may be restored. */
export async function coveringOf(db: Reader, row: DataSourceRow) {
  const realm = { accountId: row.account_id, region: row.region }
  const sameBucket = await scopesInBuckets(db, realm, [row.bucket])
  return sameBucket.filter(({ id, scope }) => id !== row.id && covers(scope, row))
}

/** Those of the names that are taken, with whose they are. */
export async function findByNames(db: Reader, names: readonly string[]): Promise<Map<string, number>> {
  const rows = await living(db).where('name', '=', sql<string>`any(${names})`).select(['id', 'name']).execute()
  return new Map(rows.map(({ id, name }) => [name, id]))
}

const registrationLock = 0x5363_6f70 // "Scop"

/** One registration at a time per account and region, from here to commit: what is judged stays so. */
export async function lockScopes(tx: Tx, { accountId, region }: { accountId: string; region: string }): Promise<void> {
  await sql`select pg_advisory_xact_lock(${registrationLock}, hashtext(${`${accountId} ${region}`}))`.execute(tx)
}

export interface NewDataSource {
  readonly name: string
  readonly description: string
  readonly prefix: string
  readonly scope: Scope
  readonly tags: readonly string[]
  /** Must be held. */
  readonly domain?: string | undefined
}

/**
 * Stores any number of them with the actor as their owner.
 * @returns their ids, in the order given; undefined in the place of one whose name was taken meanwhile
 */
export async function insertDataSources(
  { tx, actor, changed, audit }: Act,
  integration: { readonly id: number; readonly account_id: string; readonly region: string },
  sources: readonly NewDataSource[],
): Promise<(number | undefined)[]> {
  const rows = sources.map(({ name, description, prefix, scope }) => ({ name, description, prefix, ...scope }))
  // In order of names, so that two calls with the same new names wait for each other and never in a circle.
  const { rows: inserted } = await sql<{ id: number; name: string }>`
    insert into data_source (name, description, prefix, bucket, key, kind, integration_id, account_id, region, created_by)
    select name, description, prefix, bucket, key, kind,
      ${integration.id}, ${integration.account_id}, ${integration.region}, ${actor.id}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as given (name text, description text, prefix text, bucket text, key text, kind text)
    order by name collate "C"
    on conflict (name) where state <> 'deleted' do nothing
    returning id, name`.execute(tx)
  const ids = new Map(inserted.map(({ id, name }) => [name, id]))
  await insertOwners(tx, [...ids.values()], actor.id)
  await insertTags(
    tx,
    sources.flatMap(({ name, tags }) => tags.map(tag => ({ id: ids.get(name), tag }))),
  )
  await insertDomains(
    tx,
    sources.flatMap(({ name, domain }) => (domain === undefined ? [] : [{ id: ids.get(name), domain }])),
  )

  for (const source of sources) {
    const id = ids.get(source.name)
    if (id === undefined) continue
    const { name, description, tags, domain } = source
    const scope = printScope(source.scope)
    changed(
      'dataSource',
      id,
      { id, name, integration: integration.id, scope, disabled: false },
      'data-source-registered',
    )
    for (const tag of tags) changed('dataSourceTag', `${id}/${tag}`, { dataSource: id, tag }, 'data-source-registered')
    if (domain !== undefined) {
      changed('dataSourceDomain', `${id}/${domain}`, { dataSource: id, domain }, 'data-source-registered')
    }
    audit({
      action: 'CREATE',
      targetType: 'DATASOURCE',
      targets: [dataSourceTarget({ id, name })],
      relatedResources: [{ type: 'INTEGRATION', id: String(integration.id) }],
      payload: { type: 'DataSourceRegistered', after: { name, description, scope, tags, domain } },
    })
  }
  return sources.map(({ name }) => ids.get(name))
}

async function insertOwners(tx: Tx, ids: readonly number[], person: number | undefined): Promise<void> {
  if (ids.length === 0 || person === undefined) return
  await sql`insert into data_source_owner (data_source_id, person_id)
    select id, ${person} from unnest(${ids}::bigint[]) as given (id)`.execute(tx)
}

async function insertTags(tx: Tx, tags: readonly { id: number | undefined; tag: string }[]): Promise<void> {
  const rows = tags.filter(({ id }) => id !== undefined)
  if (rows.length === 0) return
  await sql`insert into data_source_tag (data_source_id, tag)
    select id, tag from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (id bigint, tag text)`.execute(tx)
}

async function insertDomains(tx: Tx, domains: readonly { id: number | undefined; domain: string }[]): Promise<void> {
  const rows = domains.filter(({ id }) => id !== undefined)
  if (rows.length === 0) return
  await sql`insert into data_source_domain (data_source_id, domain)
    select id, domain from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (id bigint, domain text)`.execute(
    tx,
  )
}
