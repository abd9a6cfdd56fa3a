/** How much room AWS has left in each account and region, with the trend and when it runs out. */
import { type Forecast, forecastOf } from '@headgate/core'
import type { CapacityOfPlace } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { samplesOf, type Usage, usages } from '../db/capacity.ts'
import { currentMoment } from '../db/facts.ts'

export async function capacityOfEveryPlace(tx: Tx): Promise<CapacityOfPlace[]> {
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
