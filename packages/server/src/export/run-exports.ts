/**
 * Access summaries on time: what is due becomes a run, and a run is done by one node, whoever takes it first.
 *
 * What was missed while every node was down is made up for once. A run that fails is tried again, a while later each
 * time; then somebody is told. One whose node was killed is taken over once that node has been silent for a lease.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsFailure } from '../aws/aws-error.ts'
import {
  type AccessExportRow,
  endRun,
  failRun,
  findExport,
  giveRunBack,
  insertRun,
  lockDueExports,
  renewRun,
  type SoFar,
  setDue,
  type TakenRun,
  takeRun,
  type Written,
} from '../db/access-export.ts'
import { act, system } from '../db/act.ts'
import { auditTargetOf } from '../db/export-target.ts'
import { currentMoment } from '../db/facts.ts'
import { isUnreachable } from '../db/unreachable.ts'
import { notify } from '../notify/notify.ts'
import type { World } from '../world.ts'
import { nextDue, scheduleOf } from './schedule.ts'
import { openTarget, targetOfRow } from './target.ts'
import { type SummaryOptions, writeSummary } from './write-summary.ts'

type Exports = Pick<World, 'db' | 'index' | 'vault' | 'aws' | 'log'>

export interface ExportTimes {
  /** How long a node may be silent. */
  readonly leaseMs: number
  /** Between two tries: one more than there are. */
  readonly waitsMs: readonly number[]
}

const minute = 60_000
const usual: ExportTimes = { leaseMs: minute, waitsMs: [minute, 5 * minute, 30 * minute] }

/** Looks every two seconds, until stopped; what is under way then is left to another node or to the next start. */
export function startExports(world: Exports): { stop(): Promise<void> } {
  const stopping = new AbortController()
  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      await runDueExports(world, usual, stopping.signal).catch(error =>
        world.log.error({ err: error }, 'exports could not be looked at, trying again'),
      )
      await sleep(2000, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  const working = work()
  return {
    async stop() {
      stopping.abort()
      await working
    },
  }
}

/** Everything that is due by now, one after the other. */
export async function runDueExports(
  world: Exports,
  times: ExportTimes = usual,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  await queueDue(world)
  for (;;) {
    if (signal.aborted) return
    const run = await takeRun(world.db.kysely, times.leaseMs)
    if (!run) return
    await runOne(world, run, times, signal)
  }
}

/** However many times were missed, it is done once. */
async function queueDue({ db, log }: Exports): Promise<void> {
  await db.transaction(async tx => {
    const { now } = await currentMoment(tx)
    for (const row of await lockDueExports(tx)) {
      await insertRun(tx, { exportId: row.id, cause: 'schedule', dueAt: row.due_at ?? now })
      try {
        await setDue(tx, row.id, nextDue(scheduleOf(row), now))
      } catch (err) {
        // A zone that this server no longer knows.
        log.error({ err, export: row.id }, 'the schedule of an export cannot be read, trying again tomorrow')
        await setDue(tx, row.id, now + 24 * 60 * minute)
      }
    }
  })
}

class Stopped extends Error {}
class Lost extends Error {}

async function runOne(world: Exports, run: TakenRun, times: ExportTimes, signal: AbortSignal): Promise<void> {
  const { db, log } = world
  const row = await findExport(db.kysely, run.export_id)
  if (!row) return void (await failRun(db.kysely, run, 'the export was deleted'))
  const soFar = { files: 0, rows: 0, bytes: 0 }
  const lease = keepRun(world, run, times.leaseMs, soFar)
  try {
    if (run.attempts > times.waitsMs.length + 1) throw new Error('the process that wrote it ended every time')
    const goOn = () => {
      if (signal.aborted) throw new Stopped('the server stops')
      lease.requireHeld()
    }
    const written = await write(world, row, { asOf: run.as_of ?? undefined, soFar, goOn })
    await finish(world, row, run, written)
  } catch (error) {
    if (error instanceof Stopped) await giveRunBack(db.kysely, run)
    else if (error instanceof Lost) log.warn({ run: run.id }, 'an export was taken over by another node')
    else await fail(world, row, run, error, times)
  } finally {
    lease.end()
  }
}

async function write(
  world: Exports,
  row: AccessExportRow,
  how: Pick<SummaryOptions, 'asOf' | 'soFar' | 'goOn'>,
): Promise<Written> {
  const open = openTarget(world, targetOfRow(world.vault, row))
  try {
    return await writeSummary(world, open, { format: row.format, timeZone: scheduleOf(row).timeZone, ...how })
  } finally {
    open.close()
  }
}

async function finish({ db }: Exports, row: AccessExportRow, run: TakenRun, written: Written): Promise<void> {
  await act(db, system, async ({ tx, audit }) => {
    if (!(await endRun(tx, run, written))) return
    const { tables: _, ...told } = written
    audit({
      action: 'EXPORT',
      targetType: 'EXPORT',
      targets: [auditTargetOf(row)],
      payload: { type: 'AccessSummaryExported', run: run.id, cause: run.cause, ...told },
    })
  })
}

async function fail(
  { db, log }: Exports,
  row: AccessExportRow,
  run: TakenRun,
  error: unknown,
  { waitsMs }: ExportTimes,
): Promise<void> {
  const againMs = waitsMs[run.attempts - 1]
  const problem = problemOf(error)
  log.error({ err: error, export: row.id, run: run.id, againMs }, 'an access summary could not be exported')
  await act(db, system, async doing => {
    if (!(await failRun(doing.tx, run, problem, againMs)) || againMs !== undefined) return
    doing.audit({
      actionStatus: 'FAILURE',
      action: 'EXPORT',
      targetType: 'EXPORT',
      targets: [auditTargetOf(row)],
      payload: { type: 'AccessSummaryExportFailed', run: run.id, cause: run.cause, attempts: run.attempts, problem },
    })
    const { name = '' } = auditTargetOf(row)
    await notify(doing, {
      kind: 'export.failed',
      to: { permission: 'GOVERNANCE' },
      about: { type: 'exportTarget', id: row.id },
      facts: { of: { id: row.id, name }, problem },
    })
  })
}

/** What AWS said, or that it was us: never more, as anything may stand in an error. */
function problemOf(error: unknown): string {
  if (error instanceof AwsFailure) {
    const { operation, code, message } = error
    return `AWS answered ${operation} with ${code}${message === '' ? '' : ` (${message})`}`
  }
  if (error instanceof Error && error.message.startsWith('the process that')) return error.message
  if (isUnreachable(error))
    return 'the database did not answer, or has no room on its disk: the log of the server says which'
  return 'it could not be made: the log of the server says why'
}

/**
 * Says again and again that this node is there, and how far it is; `requireHeld` throws once another one has been given
 * the run.
 */
function keepRun({ db, log }: Exports, run: TakenRun, leaseMs: number, soFar: SoFar) {
  let isHeld = true
  const timer = setInterval(() => {
    renewRun(db.kysely, run, leaseMs, soFar).then(
      held => {
        isHeld &&= held
      },
      error => log.warn({ err: error, run: run.id }, 'an export could not say that it goes on'),
    )
  }, leaseMs / 12).unref()
  return {
    requireHeld() {
      if (!isHeld) throw new Lost('another node has the run')
    },
    end: () => clearInterval(timer),
  }
}
