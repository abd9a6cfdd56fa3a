/** `/capacity`: how much room AWS has left, and how long it lasts. */
import { api, type CapacityOfPlace, Problem } from '@headgate/core/api'
import { act } from '../db/act.ts'
import { setQuotas } from '../db/capacity.ts'
import { capacityOfEveryPlace } from '../runs/capacity.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function capacityRoutes(serve: Serve, { db }: World): void {
  serve(api.capacity.list, async () => ({ body: await db.snapshot(capacityOfEveryPlace) }))

  serve(api.capacity.setQuotas, async ({ params, body, caller }) => {
    const place = { accountId: params.awsAccountId, region: params.awsRegion }
    const { result, sequence } = await act(db, caller, async done => {
      const of = ({ awsAccountId, awsRegion }: CapacityOfPlace) =>
        awsAccountId === place.accountId && awsRegion === place.region
      const before = (await capacityOfEveryPlace(done.tx)).find(of)
      if (!before) throw new Problem('capacity-not-found', { account: place.accountId, region: place.region })
      await setQuotas(done.tx, place, body)
      done.audit({
        action: 'UPDATE',
        targetType: 'CAPACITY',
        targets: [{ type: 'CAPACITY', id: `${place.accountId}/${place.region}` }],
        payload: {
          type: 'QuotasSet',
          before: { grants: before.grants.of, locations: before.locations.of },
          after: body,
        },
      })
      return (await capacityOfEveryPlace(done.tx)).find(of) ?? before
    })
    return { body: result, sequence }
  })
}
