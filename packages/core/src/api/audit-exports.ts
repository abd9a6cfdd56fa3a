/** The audit trail, put into a bucket every few hours: each event once. */
import { z } from 'zod'
import { id, idParam, instant, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { setupQuery, targetAnswer, targetEdit, targetInput, targetSetup, targetTest } from './export-target.ts'

export const auditIntervals = [2, 4, 6, 12, 24] as const

const intervalHours = z.union(auditIntervals.map(hours => z.literal(hours)))
const settings = { intervalHours: intervalHours.default(24), enabled: z.boolean().default(true) }

/** One object in the bucket, with all the times that it was tried. */
const range = z.object({
  id,
  state: z.enum(['open', 'done', 'failed']),
  firstPosition: id,
  lastPosition: id,
  events: z.number().int(),
  attempts: z.number().int(),
  startedAt: instant,
  finishedAt: instant.optional(),
  durationMs: z.number().int().optional(),
  bytes: z.number().int().optional(),
  /** What the last try ended with. */
  error: z.string().optional(),
})
export type AuditExportRange = z.output<typeof range>

const auditExport = z.object({
  id,
  ...targetAnswer,
  intervalHours,
  enabled: z.boolean(),
  /** Position of the last event that is there. */
  exportedThrough: z.number().int(),
  nextRunAt: instant,
  lastObject: range.optional(),
  version: z.number().int(),
  createdAt: instant,
})
export type AuditExport = z.output<typeof auditExport>

const params = z.object({ id: idParam })
const needs = ['AUDIT'] as const

export const auditExports = {
  list: endpoint({
    method: 'GET',
    path: '/exports/audit',
    summary: 'The exports of the audit trail there are',
    needs,
    status: 200,
    response: z.array(auditExport),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/exports/audit/{id}',
    summary: 'One export of the audit trail',
    needs,
    params,
    status: 200,
    response: auditExport,
    errors: ['export-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/exports/audit',
    summary: 'Tries the target, stores the export and begins with the oldest event; a target that fails is not stored',
    needs,
    body: targetInput(settings),
    status: 201,
    response: auditExport,
    errors: ['export-target-failed', 'export-target-taken'],
  }),
  replace: endpoint({
    method: 'PUT',
    path: '/exports/audit/{id}',
    summary: 'Another target or interval, tried before it is stored; it goes on behind what was exported',
    needs,
    params,
    body: targetEdit(settings),
    ifMatch: true,
    status: 200,
    response: auditExport,
    errors: ['export-not-found', 'export-target-failed', 'export-target-taken', 'version-stale'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/exports/audit/{id}',
    summary: 'Exports there no more; what was written stays',
    needs,
    params,
    status: 204,
    response: nothing,
    errors: ['export-not-found'],
  }),
  test: endpoint({
    method: 'POST',
    path: '/exports/audit/{id}/test',
    summary: 'Writes, lists and deletes a small object, and names each permission that is missing',
    needs,
    params,
    status: 200,
    response: targetTest,
    errors: ['export-not-found'],
  }),
  run: endpoint({
    method: 'POST',
    path: '/exports/audit/{id}/run',
    summary: 'Export now what has happened since the last time',
    needs,
    params,
    status: 202,
    response: auditExport,
    errors: ['export-not-found'],
  }),
  objects: endpoint({
    method: 'GET',
    path: '/exports/audit/{id}/objects',
    summary: 'The objects that were written, and tries in vain, newest first',
    needs,
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: page(range),
    errors: ['export-not-found'],
  }),
  prepareSetup: endpoint({
    method: 'GET',
    path: '/exports/audit/setup',
    summary: 'The policies that a target would need, filled in; stores nothing',
    needs,
    query: setupQuery,
    status: 200,
    response: targetSetup,
    errors: [],
  }),
  setup: endpoint({
    method: 'GET',
    path: '/exports/audit/{id}/setup',
    summary: 'The policies that its target needs, filled in',
    needs,
    params,
    status: 200,
    response: targetSetup,
    errors: ['export-not-found'],
  }),
}
