/** Drift as it is read: the last comparison of an integration and those before it, and its foreign grants. */
import type { DriftReport } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Act } from './act.ts'
import type { Place } from './drift-scan.ts'
import { comparedStatuses, type IntegrationRow } from './integration.ts'
import { type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

/** The integrations of a place that are compared, in the order they were made. */
export async function comparedIntegrations(db: Reader, { account, region }: Place): Promise<IntegrationRow[]> {
  return db
    .selectFrom('integration')
    .selectAll()
    .where('account_id', '=', account)
    .where('region', '=', region)
    .where('status', 'in', comparedStatuses)
    .orderBy('id')
    .execute()
}

/** The association that the last ended report saw; undefined: there is none. */
export async function lastIdentityCenter(db: Reader, integration: number): Promise<string | undefined> {
  const row = await db
    .selectFrom('drift_report')
    .select('identity_center_arn')
    .where('integration_id', '=', integration)
    .where('finished_at', 'is not', null)
    // What people had when it was last there: an association that is gone stays missing until it is back.
    .where('identity_center', 'in', ['equal', 'none'])
    .orderBy('id', 'desc')
    .executeTakeFirst()
  return row?.identity_center_arn ?? undefined
}

/** Grants to people of Identity Center that AWS holds. */
export async function countDirectoryGrants(db: Reader, integration: number): Promise<number> {
  const { count } = await db
    .selectFrom('ledger')
    .where('integration_id', '=', integration)
    .where('grantee_type', '=', 'DIRECTORY_USER')
    .where('state', '=', 'active')
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

export type ScanRow = Selectable<Database['drift_scan']>

/** The last one, ended or not; one that waits goes before. */
export async function lastScan(db: Reader, place: Place): Promise<ScanRow | undefined> {
  return db
    .selectFrom('drift_scan')
    .selectAll()
    .where('account_id', '=', place.account)
    .where('region', '=', place.region)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Newest first; those that ended. */
export async function listReports(db: Reader, integration: number, query: PageQuery): Promise<Page<DriftReport>> {
  const ended = db
    .selectFrom('drift_report')
    .where('integration_id', '=', integration)
    .where('finished_at', 'is not', null)
  const { total } = await ended.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const before = readCursor(query.cursor)
  const rows = await ended
    .$if(before !== undefined, it => it.where('id', '<', numberOf(before)))
    .selectAll()
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const page = toPage(rows, query.limit, total, row => String(row.id))
  return { ...page, items: page.items.map(toReport) }
}

/** A cursor of another list: begin where nothing is left rather than repeat. */
function numberOf(text: string | undefined): number {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : 0
}

function toReport(row: Selectable<Database['drift_report']>): DriftReport {
  const { id, checked, equal, missing, changed, orphans, foreign, unjudged, location } = row
  return {
    id,
    startedAt: printTime(row.started_at),
    finishedAt: printTime(row.finished_at ?? row.started_at),
    ...{ checked, equal, missing, changed, orphans, foreign, unjudged, location },
    identityCenter: row.identity_center,
    notCompared: ['S3PrefixType'],
  }
}

export async function listFindings(db: Reader, report: number) {
  const rows = await db.selectFrom('drift_finding').selectAll().where('report_id', '=', report).orderBy('id').execute()
  return rows.map(({ kind, done, detail, aws_grant_id, ledger_id, grantee, scope, permission }) => ({
    kind,
    done,
    detail,
    ...(aws_grant_id === null ? {} : { awsGrantId: aws_grant_id }),
    ...(ledger_id === null ? {} : { grantId: ledger_id }),
    ...(grantee === null ? {} : { grantee }),
    ...(scope === null ? {} : { scope }),
    ...(permission === null ? {} : { permission }),
  }))
}

export type StrayRow = Selectable<Database['stray_grant']>

/** Those that the last comparison still saw, by their ids. */
export async function listForeign(db: Reader, integration: number, query: PageQuery): Promise<Page<StrayRow>> {
  const there = foreignOf(db, integration)
  const { total } = await there.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await there
    .$if(after !== undefined, it => it.where(sql<boolean>`aws_grant_id collate "C" > ${after}`))
    .selectAll()
    .orderBy(sql`aws_grant_id collate "C"`)
    .limit(query.limit + 1)
    .execute()
  return toPage(rows, query.limit, total, row => row.aws_grant_id)
}

function foreignOf(db: Reader, integration: number) {
  return db
    .selectFrom('stray_grant')
    .where('integration_id', '=', integration)
    .where('kind', '=', 'foreign')
    .where('gone_at', 'is', null)
}

/**
 * Writes down that somebody ordered a foreign grant's removal, before AWS is asked. Undefined where there is no such
 * grant, or a row of the ledger stands for it by now.
 */
export async function orderRemoval(
  act: Act,
  integration: IntegrationRow,
  awsGrantId: string,
): Promise<StrayRow | undefined> {
  const known = await foreignOf(act.tx, integration.id)
    .where('aws_grant_id', '=', awsGrantId)
    .selectAll()
    .forUpdate()
    .executeTakeFirst()
  const own = await act.tx.selectFrom('ledger').select('id').where('aws_grant_id', '=', awsGrantId).executeTakeFirst()
  if (!known || own) return undefined
  if (known.removal_ordered_at === null) {
    await act.tx
      .updateTable('stray_grant')
      .set({ removal_ordered_at: new Date(act.now), removal_ordered_by: act.actor.id ?? null })
      .where('integration_id', '=', integration.id)
      .where('aws_grant_id', '=', awsGrantId)
      .execute()
  }
  act.audit({
    action: 'DELETE',
    targetType: 'FOREIGN_GRANT',
    targets: [{ type: 'FOREIGN_GRANT', id: awsGrantId }],
    relatedResources: [{ type: 'INTEGRATION', id: String(integration.id), name: integration.name }],
    payload: {
      type: 'ForeignGrantRemovalOrdered',
      grantee: known.grantee_id,
      scope: known.scope,
      permission: known.permission,
    },
  })
  return known
}

/** Takes an order back that AWS refused: it would be refused again. */
export async function withdrawRemoval(db: Reader, integration: number, awsGrantId: string): Promise<void> {
  await db
    .updateTable('stray_grant')
    .set({ removal_ordered_at: null, removal_ordered_by: null })
    .where('integration_id', '=', integration)
    .where('aws_grant_id', '=', awsGrantId)
    .execute()
}

export async function readStray(db: Reader, integration: number, awsGrantId: string): Promise<StrayRow> {
  return db
    .selectFrom('stray_grant')
    .selectAll()
    .where('integration_id', '=', integration)
    .where('aws_grant_id', '=', awsGrantId)
    .executeTakeFirstOrThrow()
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
