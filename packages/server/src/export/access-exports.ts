/**
 * Access summary exports as people set them up: the target is tried before anything is stored, and the first run is
 * begun with it. Never keeps anybody waiting for a whole export.
 */
import { randomUUID } from 'node:crypto'
import type { Instant } from '@headgate/core'
import { type api, Problem, type TargetTest } from '@headgate/core/api'
import type { z } from 'zod'
import {
  type AccessExportRow,
  endAccessExport,
  exportInto,
  findExport,
  hastenRun,
  insertExport,
  insertRun,
  lockOpenRun,
  type RunRow,
  updateExport,
} from '../db/access-export.ts'
import { type Act, type Actor, act } from '../db/act.ts'
import {
  auditTargetOf,
  describeTarget,
  endTarget,
  insertTarget,
  lockTarget,
  type TargetRow,
  updateTarget,
} from '../db/export-target.ts'
import { sequenceAt } from '../db/fact-history.ts'
import { momentRefused, pastMoment } from '../history/moment.ts'
import type { World } from '../world.ts'
import { nextDue, scheduleOf } from './schedule.ts'
import { type ExportTarget, openTarget, targetOfInput, targetOfRow, targetToStore } from './target.ts'

type Input = z.output<typeof api.accessExports.replace.body>
type Works = Pick<World, 'db' | 'vault' | 'aws'>

/** Throws Problem `export-target-failed`, `export-target-taken`, `schedule-invalid`, `time-zone-unknown`. */
export async function createExport(world: Works, actor: Actor, input: Input): Promise<number> {
  dueOf(input, Date.now())
  const target = targetOfInput(world.vault, input)
  await requireWorking(world, target)
  const intent = randomUUID()
  const columns = targetToStore(world.vault, target, intent)
  const { result } = await act(world.db, actor, async doing => {
    await refuseTaken(doing, columns)
    const row = await insertTarget(doing, 'accessSummary', intent, columns)
    await insertExport(doing.tx, row.id, settingsOf(input, doing.now))
    await insertRun(doing.tx, { exportId: row.id, cause: 'created', askedBy: actor.id })
    say(doing, 'CREATE', 'AccessSummaryExportCreated', row, { after: described(row, input) })
    return row.id
  })
  return result
}

/** Throws what creating does, and Problem `export-not-found`, `version-stale`. */
export async function replaceExport(
  world: Works,
  actor: Actor,
  id: number,
  version: number,
  input: Input,
): Promise<void> {
  const before = await getExport(world, id)
  dueOf(input, Date.now())
  const target = targetOfInput(world.vault, input, before)
  await requireWorking(world, target)
  await act(world.db, actor, async doing => {
    const locked = await lockTarget(doing.tx, 'accessSummary', id)
    if (!locked) throw new Problem('export-not-found', { id })
    const columns = targetToStore(world.vault, target, locked.intent)
    await refuseTaken(doing, columns, id)
    const after = await updateTarget(doing.tx, locked, version, columns)
    await updateExport(doing.tx, id, settingsOf(input, doing.now))
    const { format, schedule, time_zone: timeZone } = before
    say(doing, 'UPDATE', 'AccessSummaryExportChanged', after, {
      before: { ...describeTarget(locked), format, schedule, timeZone },
      after: described(after, input),
      secretChanged: input.authenticationType === 'accessKey' && input.secretAccessKey !== undefined,
    })
  })
}

/** Throws Problem `export-not-found`. */
export async function removeExport({ db }: Works, actor: Actor, id: number): Promise<void> {
  await act(db, actor, async doing => {
    const row = await lockTarget(doing.tx, 'accessSummary', id)
    if (!row) throw new Problem('export-not-found', { id })
    await endTarget(doing.tx, row)
    await endAccessExport(doing.tx, id)
    say(doing, 'DELETE', 'AccessSummaryExportDeleted', row, { before: describeTarget(row) })
  })
}

/**
 * What waits to be tried again is tried at once.
 * @param asked a moment of the past, as it was written; undefined: now
 * @throws Problem `export-not-found`, `export-running`; `request-invalid` where nothing is known of that moment
 */
export async function askForRun({ db }: Works, actor: Actor, id: number, asked?: string): Promise<RunRow> {
  const { result } = await act(db, actor, async doing => {
    const row = await lockTarget(doing.tx, 'accessSummary', id)
    if (!row) throw new Problem('export-not-found', { id })
    const asOf = asked === undefined ? undefined : await knownMoment(doing.tx, asked)
    const open = await lockOpenRun(doing.tx, id, { isPast: asOf !== undefined })
    const isSame = open?.state === 'waiting' && open.as_of === (asOf ?? null)
    if (open && !isSame) throw new Problem('export-running', { run: open.id })
    const run = open
      ? await hastenRun(doing.tx, open.id)
      : await insertRun(doing.tx, { exportId: id, cause: 'asked', askedBy: actor.id, asOf })
    if (!run) throw new Problem('export-running', { run: '' })
    const about = asOf === undefined ? {} : { asOf: new Date(asOf).toISOString() }
    say(doing, 'RUN', 'AccessSummaryExportAsked', row, { run: run.id, ...about })
    return run
  })
  return result
}

/** Throws Problem `export-not-found`. */
export async function testExport(world: Works, actor: Actor, id: number): Promise<TargetTest> {
  const row = await getExport(world, id)
  const found = await tested(world, targetOfRow(world.vault, row))
  await act(world.db, actor, async doing => {
    const failed = found.checks.flatMap(({ name, status }) => (status === 'failed' ? [name] : []))
    say(doing, 'TEST', 'AccessSummaryExportTested', row, { status: found.status, failed })
  })
  return found
}

/** Throws Problem `export-not-found`. */
export async function getExport({ db }: Pick<World, 'db'>, id: number): Promise<AccessExportRow> {
  const row = await findExport(db.kysely, id)
  if (!row) throw new Problem('export-not-found', { id })
  return row
}

async function knownMoment(tx: Act['tx'], asked: string): Promise<Instant> {
  const at = await pastMoment(tx, asked, 'asOf')
  if ((await sequenceAt(tx, at)) > 0) return at
  throw momentRefused('asOf', 'lies before the first change that Headgate knows of')
}

async function requireWorking(world: Works, target: ExportTarget): Promise<void> {
  const { status, checks } = await tested(world, target)
  if (status === 'passed') return
  const failed = checks.filter(check => check.status === 'failed')
  const reason = failed.map(({ name, message = '' }) => `${name}: ${message}`).join('; ')
  throw new Problem('export-target-failed', { reason, checks })
}

async function tested(world: Works, target: ExportTarget): Promise<TargetTest> {
  const open = openTarget(world, target)
  try {
    return await open.test()
  } finally {
    open.close()
  }
}

async function refuseTaken({ tx }: Act, place: Pick<TargetRow, 'bucket' | 'path'>, but?: number): Promise<void> {
  const id = await exportInto(tx, place, but)
  if (id !== undefined) throw new Problem('export-target-taken', { id, place: `s3://${place.bucket}/${place.path}` })
}

function settingsOf(input: Input, now: number) {
  const { format, schedule, timeZone } = input
  return { format, schedule: schedule ?? null, timeZone: timeZone ?? null, dueAt: dueOf(input, now) }
}

function dueOf({ schedule, timeZone, authenticationType: authentication_type }: Input, now: number): number {
  return nextDue(scheduleOf({ schedule: schedule ?? null, time_zone: timeZone ?? null, authentication_type }), now)
}

function described(row: TargetRow, { format, schedule, timeZone }: Input) {
  return { ...describeTarget(row), format, schedule: schedule ?? null, timeZone: timeZone ?? null }
}

function say({ audit }: Act, action: string, type: string, row: TargetRow, more: object): void {
  audit({ action, targetType: 'EXPORT', targets: [auditTargetOf(row)], payload: { type, ...more } })
}
