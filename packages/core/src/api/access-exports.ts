/** The access summary, put into a bucket day by day: who has what, and why, as tables (07). */
import { z } from 'zod'
import { id, idParam, instant, instantInput, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { setupQuery, targetAnswer, targetEdit, targetInput, targetSetup, targetTest } from './export-target.ts'

export const exportFormats = ['csv', 'jsonl', 'parquet'] as const
export type ExportFormat = (typeof exportFormats)[number]
const exportCauses = ['created', 'schedule', 'asked'] as const
export type ExportCause = (typeof exportCauses)[number]
const exportRunStates = ['waiting', 'running', 'succeeded', 'failed'] as const
export type ExportRunState = (typeof exportRunStates)[number]

const settings = {
  format: z.enum(exportFormats).default('csv'),
  /** Five fields of cron. Without it every day at 03:00 with an access key, 05:00 with a role. */
  schedule: z.string().trim().min(1).max(100).optional(),
  /** IANA, such as `Europe/Paris`; without it the server's own. */
  timeZone: z.string().min(1).max(100).optional(),
}

const exportedTable = z.object({
  name: z.string(),
  rows: z.number().int(),
  files: z.array(
    z.object({
      key: z.string(),
      rows: z.number().int(),
      bytes: z.number().int(),
      /** Of the file as it lies in the bucket; hex. */
      sha256: z.string(),
    }),
  ),
})
export type ExportedTable = z.output<typeof exportedTable>

const run = z.object({
  id,
  cause: z.enum(exportCauses),
  state: z.enum(exportRunStates),
  /** The time in the schedule that it was done for. */
  dueAt: instant.optional(),
  /** The moment that was asked for; absent: that of the run. */
  asOf: instant.optional(),
  createdAt: instant,
  startedAt: instant.optional(),
  finishedAt: instant.optional(),
  durationMs: z.number().int().optional(),
  /** How often it was tried. */
  attempts: z.number().int(),
  /** When it is tried again. */
  nextTryAt: instant.optional(),
  /** The day in whose folder it lies; absent with `asOf`, which has a folder of its own. */
  exportDate: z.iso.date().optional(),
  /** Where it lies, even if the export goes elsewhere by now: `s3://bucket/path/export_date=2026-11-23/`. */
  place: z.string().optional(),
  /** The last change that it shows. */
  sequence: z.number().int().optional(),
  /** While it runs: so far. */
  files: z.number().int().optional(),
  rows: z.number().int().optional(),
  bytes: z.number().int().optional(),
  tables: z.array(exportedTable).optional(),
  /** What the last try ended with. */
  error: z.string().optional(),
  warnings: z.array(z.string()),
})
export type ExportRun = z.output<typeof run>

const accessExport = z.object({
  id,
  ...targetAnswer,
  format: z.enum(exportFormats),
  /** As it applies, given or not. */
  schedule: z.string(),
  timeZone: z.string(),
  /** Whether schedule and zone were given. */
  isDefaultSchedule: z.boolean(),
  isDefaultTimeZone: z.boolean(),
  nextRunAt: instant,
  lastRun: run.optional(),
  version: z.number().int(),
  createdAt: instant,
})
export type AccessExport = z.output<typeof accessExport>

const params = z.object({ id: idParam })
const needs = ['GOVERNANCE'] as const
const ofSchedule = ['schedule-invalid', 'time-zone-unknown'] as const

export const accessExports = {
  list: endpoint({
    method: 'GET',
    path: '/exports/access-summary',
    summary: 'The access summary exports there are',
    needs,
    status: 200,
    response: z.array(accessExport),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/exports/access-summary/{id}',
    summary: 'One access summary export',
    needs,
    params,
    status: 200,
    response: accessExport,
    errors: ['export-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/exports/access-summary',
    summary: 'Tries the target, stores the export and begins its first run; a target that fails is not stored',
    needs,
    body: targetInput(settings),
    status: 201,
    response: accessExport,
    errors: ['export-target-failed', 'export-target-taken', ...ofSchedule],
  }),
  replace: endpoint({
    method: 'PUT',
    path: '/exports/access-summary/{id}',
    summary: 'Another target or schedule, tried before it is stored; a secret left out stays as it is',
    needs,
    params,
    body: targetEdit(settings),
    ifMatch: true,
    status: 200,
    response: accessExport,
    errors: ['export-not-found', 'export-target-failed', 'export-target-taken', 'version-stale', ...ofSchedule],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/exports/access-summary/{id}',
    summary: 'Exports there no more; what was written stays',
    needs,
    params,
    status: 204,
    response: nothing,
    errors: ['export-not-found'],
  }),
  test: endpoint({
    method: 'POST',
    path: '/exports/access-summary/{id}/test',
    summary: 'Writes, lists and deletes a small object, and names each permission that is missing',
    needs,
    params,
    status: 200,
    response: targetTest,
    errors: ['export-not-found'],
  }),
  run: endpoint({
    method: 'POST',
    path: '/exports/access-summary/{id}/run',
    summary:
      'Exports now, or who had what at a moment of the past (`asOf`); a run that waits to be tried again is tried at once',
    needs,
    params,
    body: z
      .strictObject({
        /** Not in the future, and not before the first change that Headgate knows of. Absent: now, all tables. */
        asOf: instantInput.optional(),
      })
      .optional(),
    status: 202,
    response: run,
    errors: ['export-not-found', 'export-running'],
  }),
  runs: endpoint({
    method: 'GET',
    path: '/exports/access-summary/{id}/runs',
    summary: 'What was exported, the newest first',
    needs,
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: page(run),
    errors: ['export-not-found'],
  }),
  prepareSetup: endpoint({
    method: 'GET',
    path: '/exports/access-summary/setup',
    summary: 'The policies that a target would need, filled in; stores nothing',
    needs,
    query: setupQuery,
    status: 200,
    response: targetSetup,
    errors: [],
  }),
  setup: endpoint({
    method: 'GET',
    path: '/exports/access-summary/{id}/setup',
    summary: 'The policies that its target needs, filled in',
    needs,
    params,
    status: 200,
    response: targetSetup,
    errors: ['export-not-found'],
  }),
}
