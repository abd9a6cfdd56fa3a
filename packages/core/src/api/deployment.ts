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
