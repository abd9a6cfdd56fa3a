/** `/exports/audit`: where the audit trail is exported to, how often, and what was written there. */
import { randomUUID } from 'node:crypto'
import {
  type AuditExport,
  type AuditExportRange,
  api,
  type ExportTargetInput,
  Problem,
  type TargetTest,
} from '@headgate/core/api'
import { exportNow } from '../audit/export.ts'
import { type Act, act } from '../db/act.ts'
import {
  countRanges,
  type ExportSettings,
  findAuditExport,
  insertAuditExport,
  listRanges,
  type RangeRow,
  updateAuditExport,
} from '../db/audit-export.ts'
import {
  auditTargetOf,
  describeTarget,
  endTarget,
  findTarget,
  insertTarget,
  listTargets,
  lockTarget,
  type TargetRow,
  updateTarget,
} from '../db/export-target.ts'
import { readCursor, readNumber, toPage } from '../db/page.ts'
import { setupOfTarget, setupOfWanted } from '../export/setup.ts'
import {
  type ExportTarget,
  type OpenTarget,
  openTarget,
  targetOfInput,
  targetOfRow,
  targetToStore,
} from '../export/target.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function auditExportRoutes(serve: Serve, world: World): void {
  const { db, vault, background } = world

  async function requireTarget(id: number): Promise<TargetRow> {
    const row = await findTarget(db.kysely, 'audit', id)
    if (!row) throw new Problem('export-not-found', { id })
    return row
  }

  async function lockExisting({ tx }: Act, id: number): Promise<TargetRow> {
    const row = await lockTarget(tx, 'audit', id)
    if (!row) throw new Problem('export-not-found', { id })
    return row
  }

  async function present(row: TargetRow): Promise<AuditExport> {
    const found = await findAuditExport(db.kysely, row.id)
    if (!found) throw new Problem('export-not-found', { id: row.id })
    const [last] = await listRanges(db.kysely, row.id, Number.MAX_SAFE_INTEGER, 1)
    const { intervalHours, enabled, exportedThrough, nextAt } = found
    return {
      id: row.id,
      ...describeTarget(row),
      intervalHours: intervalHours as AuditExport['intervalHours'],
      enabled,
      exportedThrough,
      nextRunAt: new Date(nextAt).toISOString(),
      ...(last && { lastObject: presentRange(last) }),
      version: row.version,
      createdAt: new Date(row.created_at).toISOString(),
    }
  }

  async function withOpen<T>(target: ExportTarget, work: (open: OpenTarget) => Promise<T>): Promise<T> {
    const open = openTarget(world, target)
    try {
      return await work(open)
    } finally {
      open.close()
    }
  }

  function testOf(target: ExportTarget): Promise<TargetTest> {
    return withOpen(target, open => open.test())
  }

  /**
   * @param before what it replaces
   * @throws Problem `export-target-failed`, `export-target-taken`
   */
  async function requireUsable(target: ExportTarget, before?: TargetRow): Promise<void> {
    const isAt = (row: TargetRow) => row.bucket === target.bucketName && row.path === target.path
    for (const row of await listTargets(db.kysely, 'audit')) {
      if (row.id === before?.id || !isAt(row)) continue
      throw new Problem('export-target-taken', { id: row.id, place: `s3://${row.bucket}/${row.path}` })
    }
    const { status, checks } = await testOf(target)
    if (status === 'passed') {
      if (!before || !isAt(before)) await withOpen(target, refuseEvents)
      return
    }
    const failed = checks.filter(check => check.status === 'failed')
    const reason = failed.map(({ name, message }) => `${name}: ${message ?? 'failed'}`).join('; ')
    throw new Problem('export-target-failed', { reason, checks: failed })
  }

  function begin(id: number): void {
    background.run(`audit export ${id}`, () => exportNow(world, id))
  }

  serve(api.auditExports.list, async () => {
    return { body: await Promise.all((await listTargets(db.kysely, 'audit')).map(present)) }
  })

  serve(api.auditExports.get, async ({ params: { id } }) => {
    const row = await requireTarget(id)
    return { body: await present(row), version: row.version }
  })

  serve(api.auditExports.create, async ({ body, caller }) => {
    const { settings, input } = partsOf(body)
    const target = targetOfInput(vault, input)
    await requireUsable(target)
    const { result: row } = await act(db, caller, async doing => {
      const intent = randomUUID()
      const made = await insertTarget(doing, 'audit', intent, targetToStore(vault, target, intent))
      await insertAuditExport(doing.tx, made, settings)
      tell(doing, made, 'CREATE', { type: 'AuditExportCreated', after: { ...describeTarget(made), ...settings } })
      return made
    })
    if (settings.enabled) begin(row.id)
    return { body: await present(row), version: row.version }
  })

  serve(api.auditExports.replace, async ({ params: { id }, body, version, caller }) => {
    const before = await requireTarget(id)
    const { settings, input } = partsOf(body)
    const target = targetOfInput(vault, input, before)
    await requireUsable(target, before)
    const { result: row } = await act(db, caller, async doing => {
      const locked = await lockExisting(doing, id)
      const was = await findAuditExport(doing.tx, id)
      const after = await updateTarget(doing.tx, locked, version, targetToStore(vault, target, locked.intent))
      await updateAuditExport(doing.tx, id, settings)
      tell(doing, after, 'UPDATE', {
        type: 'AuditExportChanged',
        before: { ...describeTarget(locked), intervalHours: was?.intervalHours, enabled: was?.enabled },
        after: { ...describeTarget(after), ...settings },
      })
      return after
    })
    return { body: await present(row), version: row.version }
  })

  serve(api.auditExports.remove, async ({ params: { id }, caller }) => {
    await act(db, caller, async doing => {
      const row = await lockExisting(doing, id)
      await endTarget(doing.tx, row)
      await updateAuditExport(doing.tx, id, { intervalHours: 24, enabled: false })
      tell(doing, row, 'DELETE', { type: 'AuditExportDeleted', before: describeTarget(row) })
    })
    return { body: undefined }
  })

  serve(api.auditExports.test, async ({ params: { id }, caller }) => {
    const row = await requireTarget(id)
    const tested = await testOf(targetOfRow(vault, row))
    await act(db, caller, async doing => {
      tell(doing, row, 'TEST', { type: 'AuditExportTested', status: tested.status })
    })
    return { body: tested }
  })

  serve(api.auditExports.run, async ({ params: { id }, caller }) => {
    const row = await requireTarget(id)
    await act(db, caller, async doing => tell(doing, row, 'RUN', { type: 'AuditExportRequested' }))
    begin(id)
    return { body: await present(row) }
  })

  serve(api.auditExports.prepareSetup, async ({ query }) => ({ body: await setupOfWanted(world, query) }))

  serve(api.auditExports.setup, async ({ params: { id } }) => ({
    body: await setupOfTarget(world, await requireTarget(id)),
  }))

  serve(api.auditExports.objects, async ({ params: { id }, query: { limit, cursor } }) => {
    await requireTarget(id)
    const below = readNumber(readCursor(cursor)) ?? Number.MAX_SAFE_INTEGER
    const rows = await listRanges(db.kysely, id, below, limit + 1)
    const page = toPage(rows, limit, await countRanges(db.kysely, id), row => String(row.id))
    return { body: { ...page, items: page.items.map(presentRange) } }
  })
}

/** An export that is no more may have left them: together with those of another, events would be there twice. */
async function refuseEvents(open: OpenTarget): Promise<void> {
  for await (const { key } of open.list('audit/date=')) {
    const reason = `\`${open.keyOf(key)}\` holds events that were exported there before: choose another path, or move them away`
    throw new Problem('export-target-failed', { reason })
  }
}

function partsOf<B extends ExportSettings>(body: B) {
  const { intervalHours, enabled, ...input } = body
  return { settings: { intervalHours, enabled }, input: input as unknown as ExportTargetInput }
}

function tell(
  { audit }: Act,
  row: TargetRow,
  action: string,
  payload: { type: string } & Record<string, unknown>,
): void {
  audit({ action, targetType: 'EXPORT', targets: [auditTargetOf(row)], payload })
}

function presentRange(row: RangeRow): AuditExportRange {
  const { id, firstPosition, lastPosition, attempts, chosenAt, finishedAt, bytes, error } = row
  return {
    id,
    state: finishedAt !== null ? 'done' : error !== null ? 'failed' : 'open',
    ...{ firstPosition, lastPosition, events: lastPosition - firstPosition + 1, attempts },
    startedAt: new Date(chosenAt).toISOString(),
    ...(finishedAt !== null && { finishedAt: new Date(finishedAt).toISOString(), durationMs: finishedAt - chosenAt }),
    ...(bytes !== null && { bytes }),
    ...(error !== null && { error }),
  }
}
