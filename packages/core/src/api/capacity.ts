/** How much room AWS has left for grants and locations, and how long it lasts (05). */
import { z } from 'zod'
import { instant } from './common.ts'
import { endpoint } from './endpoint.ts'
import { integrationInput } from './integrations.ts'

const count = z.number().int()
const { awsAccountId, awsRegion } = integrationInput.shape.config.options[0].shape

const place = z.object({
  awsAccountId: z.string(),
  awsRegion: z.string(),
  grants: z.object({
    used: count,
    /** Of these, those that Headgate made. */
    ours: count,
    of: count,
    percent: z.number(),
    /** The highest of these marks that is passed. */
    warning: z.literal([80, 95, 100]).optional(),
    /** Grants a day, over the last 30 days; absent until there is a day of samples. */
    perDay: z.number().optional(),
    /** When the quota is reached if it goes on like this. */
    runsOutAt: instant.optional(),
  }),
  locations: z.object({
    used: count,
    of: count,
    percent: z.number(),
    warning: z.literal([80, 95, 100]).optional(),
  }),
  /** When all of AWS was last counted; absent: only what Headgate made is known. */
  listedAt: instant.optional(),
  /** Since when AWS refuses new grants: creations wait, revocations go on. */
  fullSince: instant.optional(),
  message: z.string().optional(),
})
export type CapacityOfPlace = z.output<typeof place>

export const capacity = {
  list: endpoint({
    method: 'GET',
    path: '/capacity',
    summary: 'Grants and locations used per account and region, the trend, and when the room runs out',
    needs: ['APPLICATION_ADMIN', 'GOVERNANCE', 'AUDIT'],
    status: 200,
    response: z.array(place),
    errors: [],
  }),
  setQuotas: endpoint({
    method: 'PUT',
    path: '/capacity/{awsAccountId}/{awsRegion}',
    summary: 'Say what AWS has raised the quotas of an account and region to',
    needs: ['APPLICATION_ADMIN'],
    params: z.object({ awsAccountId, awsRegion }),
    body: z.strictObject({
      grants: z.number().int().min(1).max(100_000_000),
      locations: z.number().int().min(1).max(1_000_000),
    }),
    status: 200,
    response: place,
    errors: ['capacity-not-found'],
  }),
}
