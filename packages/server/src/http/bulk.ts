/** People in bulk, as files. */
import { api, Problem } from '@headgate/core/api'
import { writeCsv } from '../bulk/csv-write.ts'
import { importFile, kinds, tryImport } from '../bulk/import.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function bulkRoutes(serve: Serve, world: World): void {
  serve(api.bulk.export, async ({ params: { kind }, query: { bom } }) => {
    const { columns, export: rows } = kinds[kind]
    return { file: writeCsv(columns.names, rows(world.db.kysely), { bom }), name: `${kind}.csv` }
  })
  serve(api.bulk.import, async ({ params: { kind }, query: { dryRun, mode }, body, caller }) => {
    if (!kinds[kind].modes.includes(mode)) {
      const issue = { path: 'query.mode', message: `must be add: ${kind} are never deleted by a file` }
      throw new Problem('request-invalid', { reason: `\`${issue.path}\` ${issue.message}`, issues: [issue] })
    }
    const order = { kind, mode, file: body }
    if (dryRun) return { body: await tryImport(world, caller, order) }
    const { sequence, ...done } = await importFile(world, caller, order)
    return { body: done, sequence }
  })
}
