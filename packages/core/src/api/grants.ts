/** The ledger as people see it: every grant that Headgate intended, made or removed (05). */
import { z } from 'zod'
import { grant, grantStates } from './access.ts'
import { idParam, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'

export const grants = {
  list: endpoint({
    method: 'GET',
    path: '/grants',
    summary: 'Grants with their states, newest first; those of the caller only, unless GOVERNANCE or AUDIT',
    needs: rules.listGrants,
    query: pageQuery.omit({ search: true }).extend({
      integrationId: idParam.optional(),
      dataSourceId: idParam.optional(),
      userId: idParam.optional(),
      state: z.enum(grantStates).optional(),
      /** Live ones only: neither revoked nor abandoned. */
      live: z.stringbool().optional(),
      /** Only those that the brake or the mode keeps in AWS, or only the others. */
      held: z.stringbool().optional(),
      /** Only revoked ones under which credentials vended before may still be alive. */
      lingering: z.literal('true').optional(),
    }),
    status: 200,
    response: page(grant),
    errors: [],
  }),
}
