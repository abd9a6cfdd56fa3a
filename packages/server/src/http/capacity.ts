/** `/capacity`: how much room AWS has left, and how long it lasts. */
import { type Forecast, forecastOf } from '@headgate/core'
import { api, type CapacityOfPlace, Problem } from '@headgate/core/api'
import { act, type Tx } from '../db/act.ts'
import { samplesOf, setQuotas, type Usage, usages } from '../db/capacity.ts'
import { currentMoment } from '../db/facts.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function capacityRoutes(serve: Serve, { db }: World): void {
  serve(api.capacity.list, async () => ({ body: await db.snapshot(everyPlace) }))

  serve(api.capacity.setQuotas, async ({ params, body, caller }) => {
    const place = { accountId: params.awsAccountId, region: params.awsRegion }
    const { result, sequence } = await act(db, caller, async done => {
      const of = ({ awsAccountId, awsRegion }: CapacityOfPlace) =>
        awsAccountId === place.accountId && awsRegion === place.region
      const before = (await everyPlace(done.tx)).find(of)
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
      return (await everyPlace(done.tx)).find(of) ?? before
    })
    return { body: result, sequence }
  })
}

async function everyPlace(tx: Tx): Promise<CapacityOfPlace[]> {
  const { now } = await currentMoment(tx)
  const found = await usages(tx)
  return Promise.all(
    found.map(async usage => {
      const grants = forecastOf(await samplesOf(tx, usage), usage.grants, now)
      return present(usage, grants, forecastOf([], usage.locations, now))
    }),
  )
}

function present(usage: Usage, grants: Forecast, locations: Forecast): CapacityOfPlace {
  const { accountId, region, listedAt, fullSince } = usage
  const { runsOutAt, ...trend } = grants
  const message = messageOf(usage, grants)
  return {
    awsAccountId: accountId,
    awsRegion: region,
    grants: {
      ...usage.grants,
      percent: percentOf(usage.grants),
      ...trend,
      ...(runsOutAt === undefined ? {} : { runsOutAt: printTime(runsOutAt) }),
    },
    locations: {
      ...usage.locations,
      percent: percentOf(usage.locations),
      ...(locations.warning === undefined ? {} : { warning: locations.warning }),
    },
    ...(listedAt === null ? {} : { listedAt: printTime(listedAt) }),
    ...(fullSince === null ? {} : { fullSince: printTime(fullSince) }),
    ...(message === undefined ? {} : { message }),
  }
}

function messageOf({ fullSince, grants: { used, of } }: Usage, { warning }: Forecast): string | undefined {
  const advice = 'ask AWS to raise the quota of the instance, then say so here'
  if (fullSince !== null) {
    return `AWS takes no more grants: new ones wait, revocations go on and make room; ${advice}`
  }
  return warning === undefined ? undefined : `${used} of ${of} grants are in use: ${advice}`
}

function percentOf({ used, of }: { readonly used: number; readonly of: number }): number {
  return Math.round((used * 1000) / of) / 10
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
