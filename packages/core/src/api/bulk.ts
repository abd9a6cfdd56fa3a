/** People in bulk: CSV files out and in (03). What an export wrote, an import takes back and finds nothing to change. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'

/** Bytes of a file. */
export const maxFileBytes = 64 * 1024 * 1024

const kind = z.enum(['people', 'groups', 'memberships', 'attributes', 'principals'])
const params = z.object({ kind })

export const bulk = {
  export: endpoint({
    method: 'GET',
    path: '/bulk/{kind}',
    summary: 'All of a kind as CSV; `?bom=true` for Excel',
    needs: ['USER_ADMIN', 'AUDIT'],
    params,
    query: z.strictObject({ bom: z.stringbool().default(false) }),
    gives: 'text/csv',
    status: 200,
    response: z.string(),
    errors: [],
  }),
  import: endpoint({
    method: 'POST',
    path: '/bulk/{kind}',
    summary:
      'Take in a CSV file, all of it or nothing; `?dryRun=true` tells what it would do. `replace` also takes away what was given by hand and is in no line',
    needs: ['USER_ADMIN'],
    params,
    query: z.strictObject({
      dryRun: z.stringbool().default(false),
      mode: z.enum(['add', 'replace']).default('add'),
    }),
    takes: 'text/csv',
    body: z.string(),
    bodyLimit: maxFileBytes,
    status: 200,
    response: z.object({
      /** Without the header and empty ones. */
      lines: z.number().int(),
      added: z.number().int(),
      changed: z.number().int(),
      removed: z.number().int(),
      /** Lines that say what is so already. */
      unchanged: z.number().int(),
      /** Lines of another source: an identity provider alone changes its own. */
      leftAlone: z.number().int(),
      /** The first hundred. */
      changes: z.array(
        z.object({
          line: z.number().int().optional(),
          change: z.enum(['added', 'changed', 'removed']),
          what: z.string(),
        }),
      ),
      /** Of a dry run: how many grants would go; absent for more than 5,000 changes. */
      revocations: z.number().int().optional(),
    }),
    errors: ['import-refused', 'last-admin'],
  }),
}
