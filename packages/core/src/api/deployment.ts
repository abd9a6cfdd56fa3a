/** What this deployment is, and whether it is well. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'

const health = z.object({ status: z.literal('ok') })

export const deployment = {
  tenant: endpoint({
    method: 'GET',
    path: '/deployment/tenant',
    summary: 'The tenant id: the external id of every role that Headgate assumes',
    needs: 'signedIn',
    status: 200,
    response: z.object({ id: z.uuid() }),
    errors: [],
  }),
  verifyIndex: endpoint({
    method: 'POST',
    path: '/deployment/verify-index',
    summary: "Hold this node's index against the tables; a difference is an alarm, and a new index takes its place",
    needs: ['APPLICATION_ADMIN'],
    status: 200,
    response: z.object({
      /** The change as of which both were compared. */
      sequence: z.number().int(),
      isRight: z.boolean(),
      /** The first hundred, in words such as `user 12`. */
      differences: z.array(z.string()),
      count: z.number().int(),
      /** Since this node started, this one included. */
      verifications: z.number().int(),
      mismatches: z.number().int(),
    }),
    errors: ['not-ready'],
  }),
  live: endpoint({
    method: 'GET',
    path: '/health/live',
    summary: 'The process runs',
    needs: 'nobody',
    status: 200,
    response: health,
    errors: [],
  }),
  ready: endpoint({
    method: 'GET',
    path: '/health/ready',
    summary: 'The database answers and the change loop runs',
    needs: 'nobody',
    status: 200,
    response: health,
    errors: ['not-ready'],
  }),
}
