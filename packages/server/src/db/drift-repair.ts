/**
 * The ledger and the stray grants as a scan reads and marks them. Marks only: the change loop, or the removal of strays,
 * does what a mark asks for.
 *
 * A mark is put on a row only while the row is as it was judged and the leadership that was read with it lasts.
 */
import type { IntegrationId, LedgerState, ListedGrant, Marked, RecordedGrant, Scope } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { findIntegration, sayChanged } from './integration.ts'
import type { Db } from './open.ts'
import type { Database } from './schema.ts'

export interface LedgerGrant extends RecordedGrant {
  readonly ledgerId: number
  readonly integration: IntegrationId
  readonly awsGrantId: string
}

interface StoredRow {
  readonly id: number
  readonly integration_id: number
  readonly aws_grant_id: string
  readonly state: LedgerState
  readonly grantee_type: 'IAM' | 'DIRECTORY_USER'
  readonly grantee_id: string
  readonly bucket: string
  readonly key: string
  readonly kind: Scope['kind']
  readonly permission: string
  readonly updated_at: number
}

const columns = sql.raw(`l.id, l.integration_id, l.aws_grant_id, l.state, l.grantee_type, l.grantee_id, l.bucket, l.key,
  l.kind, l.permission, l.updated_at`)

/** The rows of these ids in the ledger of any integration of the place, and the time of the look. */
export async function readRecorded(
  db: Db,
  integrations: readonly number[],
  awsGrantIds: readonly string[],
): Promise<{ readonly now: number; readonly rows: ReadonlyMap<string, LedgerGrant> }> {
  const { rows } = await sql<StoredRow>`
    select ${columns} from ledger l
    where l.aws_grant_id = any(${awsGrantIds}) and l.integration_id = any(${integrations})
    order by l.id`.execute(db.kysely)
  // Of several rows with one id the last one speaks.
  return { now: await readNow(db), rows: new Map(rows.map(row => [row.aws_grant_id, recorded(row)])) }
}

/** What the rows of these intents are doing, whichever integration they are of. */
export async function readIntents(db: Db, intents: readonly string[]): Promise<ReadonlyMap<string, Marked>> {
  if (intents.length === 0) return new Map()
  const { rows } = await sql<{ intent: string; state: LedgerState; updated_at: number }>`
    select intent, state, updated_at from ledger where intent::text = any(${intents})`.execute(db.kysely)
  return new Map(rows.map(row => [row.intent, { state: row.state, changedAt: row.updated_at }]))
}

/** The integration's active rows in the order of their ids, a thousand at a time. */
export async function activeRows(db: Db, integration: number, after: number): Promise<LedgerGrant[]> {
  const { rows } = await sql<StoredRow>`
    select ${columns} from ledger l
    where l.integration_id = ${integration} and l.state = 'active' and l.aws_grant_id is not null and l.id > ${after}
    order by l.id limit 1000`.execute(db.kysely)
  return rows.map(recorded)
}

function recorded(row: StoredRow): LedgerGrant {
  return {
    ledgerId: row.id,
    integration: row.integration_id as IntegrationId,
    awsGrantId: row.aws_grant_id,
    state: row.state,
    grantee: { type: row.grantee_type, identifier: row.grantee_id },
    scope: { bucket: row.bucket, key: row.key, kind: row.kind },
    permission: row.permission,
    changedAt: row.updated_at,
  }
}

async function readNow(db: Db): Promise<number> {
  const { rows } = await sql<{ now: number }>`select clock_timestamp() as now`.execute(db.kysely)
  return rows[0]?.now ?? 0
}

/** Under which a row was judged. */
export interface Guard {
  readonly integration: number
  readonly epoch: number
  /** Rows that changed after this are left alone. */
  readonly judgedBefore: number
}

/**
 * Not seen in AWS: `creating`, as after a lost answer, so that each is looked up, and made again only if it is not
 * there. Answers the ids of the rows that were marked.
 */
export async function markMissing(tx: Tx, guard: Guard, ledgerIds: readonly number[]): Promise<number[]> {
  if (ledgerIds.length === 0) return []
  const { rows } = await sql<{ id: number }>`
    update ledger l set state = 'creating', cause = 'audit', attempts = 0, next_try_at = null, error_code = null,
      error_text = null, active_at = null, updated_at = clock_timestamp()
    where l.id = any(${ledgerIds}) and l.state = 'active' and ${isGuarded(guard)} returning l.id`.execute(tx)
  return rows.map(({ id }) => id)
}

/** What AWS holds in a row's place, in the ledger's terms. */
export interface Actual {
  readonly ledgerId: number
  readonly granteeType: 'IAM' | 'DIRECTORY_USER'
  readonly granteeId: string
  readonly scope: Scope
  readonly permission: 'READ' | 'READWRITE'
}

/**
 * The row says from now on what AWS holds: nobody wants that, so the next plan revokes it and makes what is wanted, under
 * mode and brake like any other. Answers the ids of the rows that were marked.
 */
export async function markChanged(tx: Tx, guard: Guard, actual: readonly Actual[]): Promise<number[]> {
  const marked: number[] = []
  for (const { ledgerId, granteeType, granteeId, scope, permission } of actual) {
    const { rows } = await sql<{ id: number }>`
      update ledger l set grantee_type = ${granteeType}, grantee_id = ${granteeId}, bucket = ${scope.bucket},
        key = ${scope.key}, kind = ${scope.kind}, permission = ${permission}, cause = 'audit',
        updated_at = clock_timestamp()
      where l.id = ${ledgerId} and l.state = 'active' and ${isGuarded(guard)}
        and not exists (select 1 from ledger o where o.integration_id = l.integration_id and o.id <> l.id
          and o.grantee_type = ${granteeType} and o.grantee_id = ${granteeId} and o.bucket = ${scope.bucket}
          and o.key = ${scope.key} and o.kind = ${scope.kind} and o.permission = ${permission}
          and o.state not in ('revoked', 'abandoned'))
      returning l.id`.execute(tx)
    marked.push(...rows.map(({ id }) => id))
  }
  return marked
}

function isGuarded({ integration, epoch, judgedBefore }: Guard) {
  return sql`l.integration_id = ${integration} and l.updated_at <= ${new Date(judgedBefore)}
    and exists (select 1 from leadership where integration_id = ${integration} and epoch = ${epoch})`
}

/** Which of them are known as foreign already: their tags need not be read again. */
export async function knownForeign(
  db: Db,
  integrations: readonly number[],
  awsGrantIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.kysely
    .selectFrom('stray_grant')
    .select('aws_grant_id')
    .where('integration_id', '=', sql<number>`any(${integrations})`)
    .where('aws_grant_id', '=', sql<string>`any(${awsGrantIds})`)
    .where('kind', '=', 'foreign')
    .execute()
  return new Set(rows.map(({ aws_grant_id: id }) => id))
}

/** What was seen in the integration's location and belongs to no live row. */
export async function noteStrays(
  tx: Tx,
  integration: number,
  kind: 'foreign' | 'orphan',
  grants: readonly ListedGrant[],
): Promise<void> {
  if (grants.length === 0) return
  const rows = grants.map(({ id, grantee, grantScope, permission }) => ({ id, ...grantee, grantScope, permission }))
  await sql`
    insert into stray_grant (integration_id, aws_grant_id, kind, grantee_type, grantee_id, scope, permission)
    select ${integration}, id, ${kind}, type, identifier, "grantScope", permission
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g(id text, type text, identifier text,
      "grantScope" text, permission text)
    on conflict (integration_id, aws_grant_id) do update
      set kind = excluded.kind, last_seen_at = clock_timestamp(), gone_at = null`.execute(tx)
}

/** What a whole listing no longer showed. */
export async function noteGone(db: Db, integrations: readonly number[], before: number): Promise<void> {
  await sql`update stray_grant set gone_at = clock_timestamp()
    where integration_id = any(${integrations}) and gone_at is null and last_seen_at < ${new Date(before)}`.execute(
    db.kysely,
  )
}

export interface Removal {
  readonly integration: number
  readonly awsGrantId: string
}

/**
 * What is to be deleted in AWS: orphans, where the mode is `enforce` by now, and what an order names; once more when
 * lists show it for long after AWS said that it is gone. Never a grant that a live row of the ledger stands for.
 */
export async function readRemovals(db: Db, integration: number, listLagMs: number): Promise<Removal[]> {
  const { rows } = await sql<{ aws_grant_id: string }>`
    select s.aws_grant_id from stray_grant s
    where s.integration_id = ${integration} and s.gone_at is null
      and (s.kind = 'orphan' and exists (select from integration i where i.id = s.integration_id and i.mode = 'enforce')
        or s.removal_ordered_at is not null)
      and (s.removed_at is null or s.removed_at < clock_timestamp() - ${listLagMs}::float8 * interval '1 ms')
      and not exists (select 1 from ledger l where l.aws_grant_id = s.aws_grant_id
        and l.state not in ('revoked', 'abandoned'))
    order by s.first_seen_at limit 1000`.execute(db.kysely)
  return rows.map(row => ({ integration, awsGrantId: row.aws_grant_id }))
}

/** AWS deleted it. */
export async function noteRemoved(act: Act, { integration, awsGrantId }: Removal): Promise<void> {
  const { kind, grantee_id, scope, permission } = await act.tx
    .updateTable('stray_grant')
    .set({ removed_at: sql<Date>`clock_timestamp()`, error_code: null, error_text: null })
    .where('integration_id', '=', integration)
    .where('aws_grant_id', '=', awsGrantId)
    .returningAll()
    .executeTakeFirstOrThrow()
  act.audit({
    action: 'DELETE',
    targetType: kind === 'foreign' ? 'FOREIGN_GRANT' : 'ORPHAN_GRANT',
    targets: [{ type: kind === 'foreign' ? 'FOREIGN_GRANT' : 'ORPHAN_GRANT', id: awsGrantId }],
    relatedResources: [{ type: 'INTEGRATION', id: String(integration) }],
    payload: {
      type: kind === 'foreign' ? 'ForeignGrantRemoved' : 'OrphanGrantRemoved',
      grantee: grantee_id,
      scope,
      permission,
    },
  })
}

/** It is tried again with the next scan. */
export async function noteNotRemoved(
  db: Kysely<Database>,
  { integration, awsGrantId }: Removal,
  { code, message }: { readonly code: string; readonly message: string },
): Promise<void> {
  await db
    .updateTable('stray_grant')
    .set({ error_code: code, error_text: message })
    .where('integration_id', '=', integration)
    .where('aws_grant_id', '=', awsGrantId)
    .execute()
}

/** The integration is to be planned anew: so many of its rows were marked. */
export async function sayAudited(act: Act, integration: number, rows: number): Promise<void> {
  const row = await findIntegration(act.tx, integration)
  if (!row) throw new Error(`integration ${integration} has no row`)
  sayChanged(act, row, 'audit')
  act.audit({
    action: 'UPDATE',
    targetType: 'INTEGRATION',
    targets: [{ type: 'INTEGRATION', id: String(row.id), name: row.name }],
    payload: { type: 'DriftRepairOrdered', grants: rows },
  })
}
