/**
 * Looking at data sources in AWS: whether the bucket can be reached and anything lies at the path. One call each.
 *
 * Each node takes what is due by moving the due time on, so that every data source is looked at by one of them; the
 * work is spread over the whole time between two looks. What AWS does not answer is told of nobody and tried next time.
 */
import { type Health, Problem } from '@headgate/core/api'
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import { isThere } from '../aws/listing.ts'
import type { DataSourceRow } from '../db/data-source.ts'
import {
  countActive,
  type Finding,
  findFailures,
  presentHealth,
  recordHealth,
  takeDue,
} from '../db/data-source-health.ts'
import { comparedStatuses, findIntegration } from '../db/integration.ts'
import { every, type Recurring } from '../every.ts'
import type { World } from '../world.ts'

type Looks = Pick<World, 'db' | 'aws' | 'config' | 'log'>

/** @throws Problem `integration-not-usable`, `aws-refused`, `aws-unreachable` */
export async function checkNow(world: Looks, row: DataSourceRow): Promise<Health> {
  const aws = await clientsFor(world, row.integration_id)
  if (aws === undefined) {
    const integration = await findIntegration(world.db.kysely, row.integration_id)
    throw new Problem('integration-not-usable', { id: row.integration_id, status: integration?.status ?? 'deleted' })
  }
  const finding = await look(aws, row).catch(error => {
    throw error instanceof AwsFailure ? problemOfAws(error) : error
  })
  const after = (await recordHealth(world.db.kysely, row.id, finding, everyMs(world))) ?? row
  return presentHealth(after, (await findFailures(world.db.kysely, [row.id])).get(row.id))
}

/** Looks at what is due. @returns how many were taken */
export async function checkDue(world: Looks, most: number): Promise<number> {
  const due = await world.db.transaction(tx => takeDue(tx, most, everyMs(world)))
  for (const [integration, rows] of Map.groupBy(due, row => row.integration_id)) {
    const aws = await clientsFor(world, integration)
    if (aws) await checkAll(world, aws, rows)
  }
  return due.length
}

/** The recurring check. */
export function startHealthChecks(world: Looks): Recurring {
  const interval = everyMs(world)
  if (interval === 0) return { stop: async () => {} }
  const turnMs = Math.min(longestTurnMs, interval / turnsBetween)
  return every({
    everyMs: turnMs,
    async look() {
      const share = Math.ceil(((await countActive(world.db.kysely)) * turnMs) / interval)
      await checkDue(world, Math.min(mostPerTurn, share + 1))
    },
    onFailure: err => world.log.warn({ err }, 'data sources could not be looked at'),
  })
}

const longestTurnMs = 10_000
const turnsBetween = 10
/** At one turn in ten seconds no more than 20 calls a second, whatever has piled up. */
const mostPerTurn = 200
/** Calls in flight: few, for grants come first. */
const parallel = 2

async function checkAll(world: Looks, aws: AwsClients, rows: readonly DataSourceRow[]): Promise<void> {
  const waiting = rows.values()
  const workers = Array.from({ length: parallel }, async () => {
    for (const row of waiting) {
      try {
        await recordHealth(world.db.kysely, row.id, await look(aws, row), everyMs(world))
      } catch (error) {
        if (!(error instanceof AwsFailure)) throw error
        world.log.info({ err: error, dataSource: row.id }, 'AWS did not answer for a data source')
        // Asking on would make it worse: the others wait for their next turn.
        if (error.kind === 'throttled') return
      }
    }
  })
  await Promise.all(workers)
}

/** @throws AwsFailure where AWS said nothing about the bucket */
async function look(aws: AwsClients, row: DataSourceRow): Promise<Finding> {
  try {
    if (await isThere(aws, row)) return { health: 'healthy' }
    const what = row.kind === 'object' ? 'the object is not there' : 'nothing lies below the path'
    return { health: 'path-missing', message: `${what} (yet): check it, unless that is right` }
  } catch (error) {
    const message = error instanceof AwsFailure ? whyUnreachable(error, aws, row.bucket) : undefined
    if (message === undefined) throw error
    return { health: 'bucket-unreachable', message }
  }
}

function whyUnreachable({ kind, status }: AwsFailure, aws: AwsClients, bucket: string): string | undefined {
  if (kind === 'notFound') return `bucket \`${bucket}\` does not exist any more`
  if (kind === 'denied') {
    return `the integration's credentials may not list bucket \`${bucket}\`: allow them \`s3:ListBucket\` on \`arn:aws:s3:::${bucket}\``
  }
  if (status === 301) return `bucket \`${bucket}\` is not in ${aws.region}`
  return undefined
}

async function clientsFor(world: Looks, id: number): Promise<AwsClients | undefined> {
  const integration = await findIntegration(world.db.kysely, id)
  return integration && comparedStatuses.includes(integration.status) ? world.aws.of(integration) : undefined
}

function everyMs({ config }: Looks): number {
  return config.HEADGATE_HEALTH_CHECK_MINUTES * 60_000
}
