/**
 * Integrations as rows, and what hangs on them: data sources still registered, grants still alive.
 *
 * A status changes in one way only: `moveIntegration`, which says so as a fact and as an audit event. The row's secret
 * goes into neither.
 */
import type { IntegrationStatus, ValidationResults } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Sealed } from '../secrets.ts'
import type { Act, AuditTarget } from './act.ts'
import { deleteDataSource, setDataSourceState } from './data-source-state.ts'
import type { Database } from './schema.ts'

export type IntegrationRow = Selectable<Database['integration']>
type Reader = Kysely<Database>

export async function findIntegration(db: Reader, id: number): Promise<IntegrationRow | undefined> {
  return db.selectFrom('integration').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The row, and nobody else changes it until the transaction ends. */
export async function lockIntegration(db: Reader, id: number): Promise<IntegrationRow | undefined> {
  return db.selectFrom('integration').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/** In the order they were made. */
export async function listIntegrations(
  db: Reader,
  { includeDeleted = false }: { readonly includeDeleted?: boolean } = {},
): Promise<IntegrationRow[]> {
  const all = db.selectFrom('integration').selectAll().orderBy('id')
  return (includeDeleted ? all : all.where('status', '<>', 'deleted')).execute()
}

/** What a person decides about an integration. */
export interface IntegrationConfig {
  readonly name: string
  readonly accountId: string
  readonly region: string
  readonly locationRole: string
  /** Normalised. */
  readonly locationPath: string
  readonly authenticationType: 'accessKey' | 'auto'
  readonly accessKeyId: string | null
  readonly secretAccessKey: Sealed | null
}

/** Stores a new one as `creating`. Throws PostgreSQL's 23505 when path or name were taken meanwhile. */
export async function insertIntegration(
  act: Act,
  intent: string,
  config: IntegrationConfig,
  validation: ValidationResults,
): Promise<IntegrationRow> {
  const row = await act.tx
    .insertInto('integration')
    .values({ intent, ...columnsOf(config), status: 'creating', validation: JSON.stringify(validation) })
    .returningAll()
    .executeTakeFirstOrThrow()
  sayChanged(act, row, 'integration-created')
  act.audit({
    action: 'CREATE',
    targetType: 'INTEGRATION',
    targets: [targetOf(row)],
    payload: { type: 'IntegrationCreated', after: describe(row) },
  })
  return row
}

/** Begins the creation of a failed one again, as it is configured now; undefined unless it is in `createError`. */
export async function restartIntegration(
  act: Act,
  id: number,
  config: IntegrationConfig,
  validation: ValidationResults,
): Promise<IntegrationRow | undefined> {
  const before = await lockIntegration(act.tx, id)
  if (before?.status !== 'createError') return undefined
  const row = await act.tx
    .updateTable('integration')
    .set({
      ...columnsOf(config),
      status: 'creating',
      status_message: null,
      validation: JSON.stringify(validation),
      updated_at: new Date(act.now),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  sayChanged(act, row, 'integration-created')
  act.audit({
    action: 'CREATE',
    targetType: 'INTEGRATION',
    targets: [targetOf(row)],
    payload: { type: 'IntegrationCreationRestarted', before: describe(before), after: describe(row) },
  })
  return row
}

export interface Move {
  readonly from: readonly IntegrationStatus[]
  readonly to: IntegrationStatus
  /** The audit event's type, e.g. `IntegrationEnabled`. */
  readonly event: string
  /** Why it is so and what to do; absent clears it. */
  readonly message?: string
  readonly awsLocationId?: string | null
  readonly maxSessionSeconds?: number | null
  readonly validation?: ValidationResults
}

/** Undefined, and nothing changed, unless the integration is in one of the states that `from` names. */
export async function moveIntegration(act: Act, id: number, move: Move): Promise<IntegrationRow | undefined> {
  const before = await lockIntegration(act.tx, id)
  if (!before || !move.from.includes(before.status)) return undefined
  const row = await act.tx
    .updateTable('integration')
    .set({
      status: move.to,
      status_message: move.message ?? null,
      ...(move.awsLocationId === undefined ? {} : { aws_location_id: move.awsLocationId }),
      ...(move.maxSessionSeconds === undefined ? {} : { max_session_seconds: move.maxSessionSeconds }),
      ...(move.validation === undefined ? {} : { validation: JSON.stringify(move.validation) }),
      updated_at: new Date(act.now),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  sayChanged(act, row, `integration-${move.to}`)
  act.audit({
    action: move.to === 'deleting' || move.to === 'deleted' ? 'DELETE' : 'UPDATE',
    targetType: 'INTEGRATION',
    targets: [targetOf(row)],
    payload: { type: move.event, before: describe(before), after: describe(row) },
  })
  return row
}

/** Those whose creation or deletion was begun and not ended. */
export async function unfinishedIntegrations(db: Reader): Promise<{ id: number; status: IntegrationStatus }[]> {
  return db
    .selectFrom('integration')
    .select(['id', 'status'])
    .where('status', 'in', ['creating', 'deleting'])
    .orderBy('id')
    .execute()
}

/** How many of its data sources are not disabled. */
export async function countActiveDataSources(db: Reader, integrationId: number): Promise<number> {
  const { count } = await activeDataSources(db, integrationId)
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** As if somebody had disabled them one by one. */
export async function disableDataSources(act: Act, integrationId: number): Promise<void> {
  const rows = await activeDataSources(act.tx, integrationId).selectAll().orderBy('id').forUpdate().execute()
  for (const row of rows) await setDataSourceState(act, row, 'disabled')
}

/** What is left of an integration's data sources when it ends: nothing could bring them back, and their scopes are free. */
export async function deleteDataSources(act: Act, integrationId: number): Promise<void> {
  const rows = await act.tx
    .selectFrom('data_source')
    .where('integration_id', '=', integrationId)
    .where('state', '<>', 'deleted')
    .selectAll()
    .orderBy('id')
    .forUpdate()
    .execute()
  for (const row of rows) await deleteDataSource(act, row)
}

function activeDataSources(db: Reader, integrationId: number) {
  return db.selectFrom('data_source').where('integration_id', '=', integrationId).where('state', '=', 'active')
}

/** Grants that are in AWS, on their way there or on their way out. */
export async function hasLiveGrants(db: Reader, integrationId: number): Promise<boolean> {
  const row = await db
    .selectFrom('ledger')
    .select(sql`1`.as('one'))
    .where('integration_id', '=', integrationId)
    .where('state', 'not in', ['revoked', 'abandoned'])
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** What the ledger says of its grants: AWS's ids of all that ever were, and the intents of those without one yet. */
export async function ownGrants(
  db: Reader,
  integrationId: number,
): Promise<{ readonly awsGrantIds: ReadonlySet<string>; readonly openIntents: ReadonlySet<string> }> {
  const rows = await db
    .selectFrom('ledger')
    .select(['aws_grant_id', 'intent'])
    .where('integration_id', '=', integrationId)
    .execute()
  const awsGrantIds = new Set<string>()
  const openIntents = new Set<string>()
  for (const row of rows) {
    if (row.aws_grant_id === null) openIntents.add(row.intent)
    else awsGrantIds.add(row.aws_grant_id)
  }
  return { awsGrantIds, openIntents }
}

function columnsOf(config: IntegrationConfig) {
  return {
    name: config.name,
    account_id: config.accountId,
    region: config.region,
    location_role: config.locationRole,
    location_path: config.locationPath,
    authentication_type: config.authenticationType,
    access_key_id: config.accessKeyId,
    secret_access_key: config.secretAccessKey === null ? null : JSON.stringify(config.secretAccessKey),
  }
}

function sayChanged(act: Act, row: IntegrationRow, cause: string): void {
  const { id, account_id: accountId, region, location_path: locationPath, subsume_equal: subsumeEqual } = row
  const fact = { id, accountId, region, locationPath, subsumeEqual, status: row.status }
  act.changed('integration', id, row.status === 'deleted' ? null : fact, cause)
}

function targetOf(row: IntegrationRow): AuditTarget {
  return { type: 'INTEGRATION', id: String(row.id), name: row.name }
}

/** What an audit event says of an integration: all but the secret. */
function describe(row: IntegrationRow) {
  return {
    name: row.name,
    awsAccountId: row.account_id,
    awsRegion: row.region,
    awsLocationRole: row.location_role,
    awsLocationPath: row.location_path,
    authenticationType: row.authentication_type,
    awsAccessKeyId: row.access_key_id,
    status: row.status,
    statusMessage: row.status_message,
    awsLocationId: row.aws_location_id,
  }
}
