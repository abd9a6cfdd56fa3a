/**
 * An edit on its way: kept beside the configuration in force until AWS has followed it, then put in its place, or
 * dropped. Says each step as a fact and as an audit event; no secret goes into either.
 */
import type { IntegrationStatus, ValidationResults } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Vault } from '../secrets.ts'
import type { Act } from './act.ts'
import { columnsOfEdit, type IntegrationRow, lockIntegration, moveIntegration } from './integration.ts'
import type { Db } from './open.ts'
import type { IntegrationEdit } from './schema.ts'

/** Undefined, and nothing changed, in a status that no edit starts from. */
export async function beginEdit(
  act: Act,
  { id }: Pick<IntegrationRow, 'id'>,
  edit: IntegrationEdit,
  validation: ValidationResults,
): Promise<IntegrationRow | undefined> {
  return moveIntegration(act, id, {
    from: editable,
    to: 'editing',
    event: 'IntegrationEditStarted',
    also: { edit: JSON.stringify(edit), validation: JSON.stringify(validation), foreign_grants_to_remove: null },
    detail: { edit: described(edit) },
  })
}

export const editable: readonly IntegrationStatus[] = [
  'enabled',
  'createError',
  'editError',
  'deleting',
  'deleteError',
  'recurringValidationError',
]

/** The edit is in force. Throws PostgreSQL's 23505 when its name was taken meanwhile. */
export async function finishEdit(
  act: Act,
  { id }: Pick<IntegrationRow, 'id'>,
  found: { readonly locationId: string; readonly maxSessionSeconds: number | null },
): Promise<IntegrationRow | undefined> {
  const { edit } = (await lockIntegration(act.tx, id)) ?? {}
  if (!edit) return undefined
  return moveIntegration(act, id, {
    from: ['editing'],
    to: 'enabled',
    event: 'IntegrationEdited',
    also: {
      ...columnsOfEdit(edit),
      edit: null,
      faults: '[]',
      aws_location_id: found.locationId,
      max_session_seconds: found.maxSessionSeconds,
    },
    isEdit: true,
  })
}

/** The configuration from before stays in force. */
export async function dropEdit(
  act: Act,
  { id }: Pick<IntegrationRow, 'id'>,
  message: string,
): Promise<IntegrationRow | undefined> {
  return moveIntegration(act, id, {
    from: ['editing'],
    to: 'editError',
    event: 'IntegrationEditFailed',
    message,
    also: { edit: null },
  })
}

/**
 * Every stored secret under the newest key. Safe to run twice and on several nodes at once: a row that changed
 * meanwhile is left to whoever changed it. One that does not open is told and left as it is, so that it hinders no
 * other. Answers how many were wrapped anew.
 */
export async function rewrapSecrets(
  db: Db,
  vault: Vault,
  contextOf: (intent: string) => string,
  onFailure: (integration: number, error: unknown) => void,
): Promise<number> {
  const rows = await db.kysely
    .selectFrom('integration')
    .select(['id', 'intent', 'secret_access_key', 'edit'])
    .where(({ or, eb }) => or([eb('secret_access_key', 'is not', null), eb('edit', 'is not', null)]))
    .execute()
  let wrapped = 0
  for (const row of rows) {
    try {
      wrapped += await rewrapRow(db, vault, row, contextOf(row.intent))
    } catch (error) {
      onFailure(row.id, error)
    }
  }
  return wrapped
}

type SecretRow = Pick<IntegrationRow, 'id' | 'secret_access_key' | 'edit'>

async function rewrapRow(db: Db, vault: Vault, row: SecretRow, context: string): Promise<number> {
  const { id, secret_access_key: secret, edit } = row
  let wrapped = 0
  if (secret) {
    const now = vault.rewrap(secret, context)
    if (now !== secret) wrapped += await replace(db, id, 'secret_access_key', secret, now)
  }
  if (edit?.secretAccessKey) {
    const now = vault.rewrap(edit.secretAccessKey, context)
    if (now !== edit.secretAccessKey) wrapped += await replace(db, id, 'edit', edit, { ...edit, secretAccessKey: now })
  }
  return wrapped
}

async function replace(
  db: Db,
  id: number,
  column: 'secret_access_key' | 'edit',
  before: object,
  after: object,
): Promise<number> {
  const { numAffectedRows } = await sql`
    update integration set ${sql.ref(column)} = ${JSON.stringify(after)}::jsonb
    where id = ${id} and ${sql.ref(column)} = ${JSON.stringify(before)}::jsonb`.execute(db.kysely)
  return Number(numAffectedRows ?? 0)
}

function described({ secretAccessKey: _, ...edit }: IntegrationEdit) {
  return {
    name: edit.name,
    awsLocationRole: edit.locationRole,
    authenticationType: edit.authenticationType,
    awsAccessKeyId: edit.accessKeyId,
    awsRoleArn: edit.assumedRole,
  }
}
