/** `/exports/access-summary`: who has what and why, put into a bucket on a schedule. */
import { type AccessExport, api, type ExportRun } from '@headgate/core/api'
import { type AccessExportRow, lastRuns, listExports, listRuns, type RunRow } from '../db/access-export.ts'
import { describeTarget } from '../db/export-target.ts'
import {
  askForRun,
  createExport,
  getExport,
  removeExport,
  replaceExport,
  testExport,
} from '../export/access-exports.ts'
import { scheduleOf } from '../export/schedule.ts'
import { setupOfTarget, setupOfWanted } from '../export/setup.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function accessExportRoutes(serve: Serve, world: World): void {
  const { kysely } = world.db
  const shown = async (id: number) => {
    const row = await getExport(world, id)
    return { body: present(row, (await lastRuns(kysely, [id])).get(id)), version: row.version }
  }

  serve(api.accessExports.list, async () => {
    const rows = await listExports(kysely)
    const runs = await lastRuns(
      kysely,
      rows.map(({ id }) => id),
    )
    return { body: rows.map(row => present(row, runs.get(row.id))) }
  })
  serve(api.accessExports.get, async ({ params }) => shown(params.id))
  serve(api.accessExports.create, async ({ body, caller }) => shown(await createExport(world, caller, body)))
  serve(api.accessExports.replace, async ({ params: { id }, body, version, caller }) => {
    await replaceExport(world, caller, id, version, body)
    return shown(id)
  })
  serve(api.accessExports.remove, async ({ params, caller }) => {
    await removeExport(world, caller, params.id)
    return { body: undefined }
  })
  serve(api.accessExports.test, async ({ params, caller }) => ({
    body: await testExport(world, caller, params.id),
  }))
  serve(api.accessExports.run, async ({ params, body, caller }) => ({
    body: presentRun(await askForRun(world, caller, params.id, body?.asOf)),
  }))
  serve(api.accessExports.runs, async ({ params: { id }, query }) => {
    await getExport(world, id)
    const page = await listRuns(kysely, id, query)
    return { body: { ...page, items: page.items.map(presentRun) } }
  })
  serve(api.accessExports.prepareSetup, async ({ query }) => ({ body: await setupOfWanted(world, query) }))
  serve(api.accessExports.setup, async ({ params }) => ({
    body: await setupOfTarget(world, await getExport(world, params.id)),
  }))
}

function present(row: AccessExportRow, lastRun: RunRow | undefined): AccessExport {
  const { cron, timeZone } = scheduleOf(row)
  return {
    id: row.id,
    ...describeTarget(row),
    format: row.format,
    schedule: cron,
    timeZone,
    isDefaultSchedule: row.schedule === null,
    isDefaultTimeZone: row.time_zone === null,
    nextRunAt: printTime(row.due_at ?? 0),
    ...(lastRun && { lastRun: presentRun(lastRun) }),
    version: row.version,
    createdAt: printTime(row.created_at),
  }
}

function presentRun(row: RunRow): ExportRun {
  const { id, cause, state, attempts, warnings, started_at: startedAt, finished_at: finishedAt } = row
  return {
    ...{ id, cause, state, attempts, warnings },
    ...(row.due_at === null ? {} : { dueAt: printTime(row.due_at) }),
    ...(row.as_of === null ? {} : { asOf: printTime(row.as_of) }),
    createdAt: printTime(row.created_at),
    ...(startedAt === null ? {} : { startedAt: printTime(startedAt) }),
    ...(finishedAt === null ? {} : { finishedAt: printTime(finishedAt) }),
    ...(startedAt === null || finishedAt === null ? {} : { durationMs: finishedAt - startedAt }),
    ...(state === 'waiting' && attempts > 0 ? { nextTryAt: printTime(row.next_at) } : {}),
    ...(row.export_date === null ? {} : { exportDate: row.export_date }),
    ...(row.place === null ? {} : { place: row.place }),
    ...given('sequence', row.sequence),
    ...given('files', row.files),
    ...given('rows', row.rows),
    ...given('bytes', row.bytes),
    ...(row.tables === null ? {} : { tables: [...row.tables] }),
    ...(row.error === null ? {} : { error: row.error }),
  }
}

function given<Name extends string>(name: Name, value: number | null): { [N in Name]?: number } {
  return (value === null ? {} : { [name]: value }) as { [N in Name]?: number }
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
