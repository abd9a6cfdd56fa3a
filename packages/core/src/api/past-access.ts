/** Who had what at a moment in the past (07). */
import { z } from 'zod'
import { reason } from './access.ts'
import { id, idParam, instant, instantInput, level, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'

/** A grant that AWS held then. */
const heldGrant = z.object({
  id,
  grantee: z.object({ type: z.enum(['IAM', 'DIRECTORY_USER']), identifier: z.string() }),
  scope: z.string(),
  permission: z.enum(['READ', 'READWRITE']),
  activeAt: instant,
  /** Absent: AWS still holds it. */
  revokedAt: instant.optional(),
})

const pastAccessRow = z.object({
  /** By the user name of then; the name is today's. */
  user: z.object({ id, userid: z.string(), name: z.string() }),
  dataSource: z.object({ id, name: z.string(), scope: z.string() }),
  /** What the facts of then gave; absent where only a grant was left that nobody was entitled to. */
  level: level.optional(),
  because: z.array(reason),
  /** When it would have ended by itself, as seen then. */
  until: instant.optional(),
  /** None: not in AWS, or not yet. A grant on a covering data source does for this one too, and is listed there. */
  grants: z.array(heldGrant),
})
export type PastAccessRow = z.output<typeof pastAccessRow>

export const pastAccess = {
  at: endpoint({
    method: 'GET',
    path: '/access',
    summary:
      'Who had what at a moment: of a person, of a data source, of one on the other, or all; by data source, then user',
    needs: rules.readPastAccess,
    query: pageQuery.omit({ search: true }).extend({
      /** Absent: now. A later page asks with the `at` of the first one's answer. */
      at: instantInput.optional(),
      user: idParam.optional(),
      dataSource: idParam.optional(),
    }),
    status: 200,
    response: z.object({
      at: instant,
      /** The last change of a fact that had begun by then. */
      sequence: z.number().int(),
      items: z.array(pastAccessRow),
      next: z.string().optional(),
    }),
    errors: ['user-not-found', 'data-source-not-found'],
  }),
}
