/** Where exports are put, as it is stored. The secret is sealed, and leaves this file in no other form. */
import { Problem } from '@headgate/core/api'
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import type { Sealed } from '../secrets.ts'
import type { Act, AuditTarget, Tx } from './act.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type TargetRow = Selectable<Database['export_target']>
export type TargetPurpose = TargetRow['purpose']
/** What somebody may choose about a target. */
export type TargetColumns = Pick<
  TargetRow,
  | 'bucket'
  | 'region'
  | 'path'
  | 'authentication_type'
  | 'access_key_id'
  | 'secret_access_key'
  | 'role_arn'
  | 'kms_key_arn'
>

/** @param intent names the row for its secret before it has an id */
export async function insertTarget(
  { tx, actor }: Act,
  purpose: TargetPurpose,
  intent: string,
  columns: TargetColumns,
): Promise<TargetRow> {
  const createdBy = actor.type === 'user' ? (actor.id ?? null) : null
  return tx
    .insertInto('export_target')
    .values({ purpose, intent, created_by: createdBy, ...stored(columns) })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Undefined where there is none of this purpose, or it has ended. */
export async function findTarget(db: Reader, purpose: TargetPurpose, id: number): Promise<TargetRow | undefined> {
  return existing(db, purpose).where('id', '=', id).executeTakeFirst()
}

/** Nobody else changes it until the transaction ends. */
export async function lockTarget(tx: Tx, purpose: TargetPurpose, id: number): Promise<TargetRow | undefined> {
  return existing(tx, purpose).where('id', '=', id).forUpdate().executeTakeFirst()
}

/** By id. */
export async function listTargets(db: Reader, purpose: TargetPurpose): Promise<TargetRow[]> {
  return existing(db, purpose).orderBy('id').execute()
}

/** @throws Problem `version-stale` unless `version` is the stored one */
export async function updateTarget(
  tx: Tx,
  before: TargetRow,
  version: number,
  columns: TargetColumns,
): Promise<TargetRow> {
  if (before.version !== version) throw new Problem('version-stale', { version: before.version })
  return tx
    .updateTable('export_target')
    .set({ ...stored(columns), version: version + 1, updated_at: sql<Date>`now()` })
    .where('id', '=', before.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** What was done there can still be told; the secret goes. */
export async function endTarget(tx: Tx, { id }: Pick<TargetRow, 'id'>): Promise<void> {
  await tx
    .updateTable('export_target')
    .set({ deleted_at: sql<Date>`now()`, updated_at: sql<Date>`now()`, secret_access_key: null })
    .where('id', '=', id)
    .execute()
}

export function auditTargetOf({ id, bucket, path }: Pick<TargetRow, 'id' | 'bucket' | 'path'>): AuditTarget {
  return { type: 'EXPORT', id: String(id), name: `s3://${bucket}/${path}` }
}

/** For audit events: never the secret. */
export function describeTarget(row: TargetRow) {
  const { bucket, region, path, authentication_type, access_key_id, role_arn, kms_key_arn } = row
  return {
    ...{ bucketName: bucket, region, path, authenticationType: authentication_type },
    ...(access_key_id === null ? {} : { accessKeyId: access_key_id }),
    ...(role_arn === null ? {} : { roleArn: role_arn }),
    ...(kms_key_arn === null ? {} : { kmsKeyArn: kms_key_arn }),
  }
}

export async function targetSecrets(db: Reader): Promise<{ id: number; intent: string; secret: Sealed }[]> {
  const rows = await db
    .selectFrom('export_target')
    .where('secret_access_key', 'is not', null)
    .select(['id', 'intent', 'secret_access_key'])
    .execute()
  return rows.flatMap(({ id, intent, secret_access_key: secret }) => (secret ? [{ id, intent, secret }] : []))
}

/** Whether it was still the one before. */
export async function replaceTargetSecret(db: Reader, id: number, before: Sealed, after: Sealed): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update export_target set secret_access_key = ${JSON.stringify(after)}::jsonb
    where id = ${id} and secret_access_key = ${JSON.stringify(before)}::jsonb`.execute(db)
  return Number(numAffectedRows ?? 0) > 0
}

function existing(db: Reader, purpose: TargetPurpose) {
  return db.selectFrom('export_target').selectAll().where('purpose', '=', purpose).where('deleted_at', 'is', null)
}

function stored({ secret_access_key: secret, ...rest }: TargetColumns) {
  return { ...rest, secret_access_key: secret && JSON.stringify(secret) } satisfies Partial<
    Insertable<Database['export_target']>
  >
}
