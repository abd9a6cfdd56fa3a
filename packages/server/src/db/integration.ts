/**
 * Integrations as rows: found, made, begun again, and moved from one status to the next.
 *
 * A status changes in one way only: `moveIntegration`, which says so as a fact and as an audit event. The row's
 * secret goes into neither.
 */
import type { IntegrationStatus, ValidationResults } from '@headgate/core/api'
import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Act, AuditTarget } from './act.ts'
import type { Database, IntegrationEdit } from './schema.ts'

export type IntegrationRow = Selectable<Database['integration']>
type Reader = Kysely<Database>

export async function findIntegration(db: Reader, id: number): Promise<IntegrationRow | undefined> {
  return db.selectFrom('integration').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The row, and nobody else changes it until the transaction ends. */
export async function lockIntegration(db: Reader, id: number): Promise<IntegrationRow | undefined> {
  return db.selectFrom('integration').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/**
 * In the order they were made.
 * @param which `inUse`: those that hold their name and path; `undeleted`: those too that were forced out of use
 */
export async function listIntegrations(
  db: Reader,
  which: 'inUse' | 'undeleted' | 'all' = 'inUse',
): Promise<IntegrationRow[]> {
  const all = db.selectFrom('integration').selectAll().orderBy('id')
  if (which === 'all') return all.execute()
  return all.where('status', 'not in', which === 'inUse' ? notInUse : ['deleted']).execute()
}

/** Their name and path are free, and nothing is done for them any more. */
const notInUse: readonly IntegrationStatus[] = ['deleted', 'disabled']

export function isInUse({ status }: Pick<IntegrationRow, 'status'>): boolean {
  return !notInUse.includes(status)
}

/** In force, so grants are created: an edit, under way or rolled back, leaves what was before it. */
const serving: readonly IntegrationStatus[] = ['enabled', 'editing', 'editError']

export function isServing({ status }: Pick<IntegrationRow, 'status'>): boolean {
  return serving.includes(status)
}

/** In use and at rest, so what AWS holds can be compared with what it should. */
export const comparedStatuses: readonly IntegrationStatus[] = ['enabled', 'editError', 'recurringValidationError']

/** What a person decides about an integration. */
export interface IntegrationConfig extends IntegrationEdit {
  readonly accountId: string
  readonly region: string
  /** Normalised. */
  readonly locationPath: string
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
  return moveIntegration(act, id, {
    from: ['createError'],
    to: 'creating',
    event: 'IntegrationCreationRestarted',
    also: { ...columnsOf(config), validation: JSON.stringify(validation), faults: '[]' },
    isEdit: true,
  })
}

export interface Move {
  readonly from: readonly IntegrationStatus[]
  readonly to: IntegrationStatus
  /** The audit event's type, e.g. `IntegrationEnabled`. */
  readonly event: string
  /** Why it is so and what to do; absent clears it. */
  readonly message?: string | undefined
  /** Columns that change with it. */
  readonly also?: Omit<Updateable<Database['integration']>, 'status' | 'status_message' | 'version' | 'updated_at'>
  /** Whether this is another configuration: who read the one before may not overwrite it unseen. */
  readonly isEdit?: boolean
  /** What the audit event says besides. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Undefined, and nothing changed, unless the integration is in one of the states that `from` names. */
export async function moveIntegration(act: Act, id: number, move: Move): Promise<IntegrationRow | undefined> {
  const before = await lockIntegration(act.tx, id)
  if (!before || !move.from.includes(before.status)) return undefined
  const row = await act.tx
    .updateTable('integration')
    .set({
      ...move.also,
      status: move.to,
      status_message: move.message ?? null,
      ...(move.isEdit ? { version: before.version + 1 } : {}),
      updated_at: new Date(act.now),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  sayChanged(act, row, move.to === 'creating' ? 'integration-created' : `integration-${move.to}`)
  act.audit({
    action: actionOf(move.to),
    targetType: 'INTEGRATION',
    targets: [targetOf(row)],
    payload: { type: move.event, before: describe(before), after: describe(row), ...move.detail },
  })
  return row
}

function actionOf(to: IntegrationStatus): 'CREATE' | 'UPDATE' | 'DELETE' {
  if (to === 'creating') return 'CREATE'
  return to === 'deleting' || to === 'deleted' || to === 'disabled' ? 'DELETE' : 'UPDATE'
}

/** Those whose creation, edit or deletion was begun and not ended. */
export async function unfinishedIntegrations(db: Reader): Promise<number[]> {
  const rows = await db
    .selectFrom('integration')
    .select('id')
    .where('status', 'in', ['creating', 'editing', 'deleting'])
    .orderBy('id')
    .execute()
  return rows.map(({ id }) => id)
}

function columnsOf(config: IntegrationConfig) {
  return {
    ...columnsOfEdit(config),
    account_id: config.accountId,
    region: config.region,
    location_path: config.locationPath,
  }
}

export function columnsOfEdit(config: IntegrationEdit) {
  return {
    name: config.name,
    location_role: config.locationRole,
    authentication_type: config.authenticationType,
    access_key_id: config.accessKeyId,
    secret_access_key: config.secretAccessKey === null ? null : JSON.stringify(config.secretAccessKey),
    assumed_role: config.assumedRole,
  }
}

/** Says the row as the fact it is. */
export function sayChanged(act: Act, row: IntegrationRow, cause: string): void {
  const { id, account_id: accountId, region, location_path: locationPath, subsume_equal: subsumeEqual } = row
  const vending = row.vends_to.length === 0 ? {} : { vendsTo: row.vends_to }
  const fact = { id, accountId, region, locationPath, subsumeEqual, ...vending, status: row.status }
  act.changed('integration', id, isInUse(row) ? fact : null, cause)
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
    awsRoleArn: row.assumed_role,
    status: row.status,
    statusMessage: row.status_message,
    awsLocationId: row.aws_location_id,
  }
}
