/** AWS: room left against its quotas, and what comparing it with the ledger found over time; what ends by itself. */
import { Problem } from '@headgate/core/api'
import { findIntegration } from '../db/integration.ts'
import { printCursor, readCursor, readNumber } from '../db/page.ts'
import { comparisons, type Ending, endingWithin } from '../db/report.ts'
import { capacityOfEveryPlace } from '../runs/capacity.ts'
import { pageOf, printTime, type Report } from './report.ts'

export const grantsAgainstQuota: Report<'grants-against-quota'> = async ({ db }, question) => {
  const places = await db.snapshot(capacityOfEveryPlace)
  return pageOf(
    places,
    question,
    ({ awsAccountId, awsRegion }) => [awsAccountId, awsRegion],
    ({ awsAccountId, awsRegion, grants }) => ({
      account: awsAccountId,
      region: awsRegion,
      grants: grants.used,
      ours: grants.ours,
      quota: grants.of,
      percent: grants.percent,
      perDay: grants.perDay ?? null,
      runsOutAt: grants.runsOutAt ?? null,
    }),
  )
}

export const driftHistory: Report<'drift-history'> = async ({ db }, { asked, limit, cursor }) => {
  const { integration } = asked
  if (integration !== undefined && !(await findIntegration(db.kysely, integration))) {
    throw new Problem('integration-not-found', { id: integration })
  }
  const found = await comparisons(db.kysely, asked, { limit: limit + 1, before: readNumber(readCursor(cursor)) })
  const page = found.slice(0, limit)
  return {
    rows: page.map(({ id: _, at, ...row }) => ({ at: printTime(at), ...row })),
    ...nextOf(found.length > limit ? page.at(-1)?.id : undefined),
  }
}

/** Without a number: a month. */
const defaultDays = 30

export const expiringSoon: Report<'expiring-soon'> = async ({ db }, { asked, limit, cursor }) => {
  const after = readPlace(readCursor(cursor))
  const found = await endingWithin(db.kysely, asked.days ?? defaultDays, { limit: limit + 1, after })
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  return {
    rows: page.map(({ id: _, until, ...row }) => ({ ...row, until: printTime(until) })),
    ...nextOf(last && `${last.until} ${last.kind} ${last.id}`),
  }
}

function readPlace(text: string | undefined): Pick<Ending, 'until' | 'kind' | 'id'> | undefined {
  const [, until, kind, id] = /^(\d{1,15}) (member|membership) (\d{1,15})$/.exec(text ?? '') ?? []
  return until === undefined ? undefined : { until: Number(until), kind: kind as Ending['kind'], id: Number(id) }
}

function nextOf(key: string | number | undefined): { next?: string } {
  return key === undefined ? {} : { next: printCursor(String(key)) }
}
