/**
 * The background half of deleting an integration: once none of our grants is left, its location goes.
 *
 * Level-based: may be started at any time and any number of times while the integration is `deleting`. Never deletes a
 * grant of others but those that the order to delete named, nor a location that holds more of them: AWS would take
 * access away that Headgate did not give.
 */
import {
  type AwsLocation,
  deleteGrant,
  deleteLocation,
  findLocationByIntent,
  intentTag,
  listLocations,
} from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import { retrying } from '../aws/retry.ts'
import type { Pause } from '../background.ts'
import { act, system } from '../db/act.ts'
import { findIntegration, type IntegrationRow, moveIntegration } from '../db/integration.ts'
import { deleteDataSources, hasLiveGrants } from '../db/integration-use.ts'
import type { World } from '../world.ts'
import { withoutSecret } from './candidate.ts'
import { foreignGrants } from './foreign-grants.ts'
import type { AtLifeBoundary } from './life-boundary.ts'

/** `deleting` → `deleted`, or `deleteError` with what to do. Returns at once while the ledger has live grants. */
export async function finishDeleting(
  world: World,
  id: number,
  pause: Pause,
  atBoundary: AtLifeBoundary,
): Promise<void> {
  const integration = await findIntegration(world.db.kysely, id)
  if (integration?.status !== 'deleting' || (await hasLiveGrants(world.db.kysely, id))) return
  const trouble = await removeLocation(world, integration, pause, atBoundary)
  await atBoundary('before outcome')
  await act(world.db, system, async act => {
    const from = ['deleting'] as const
    if (trouble !== undefined) {
      await moveIntegration(act, id, { from, to: 'deleteError', event: 'IntegrationDeleteFailed', message: trouble })
      return
    }
    const moved = await moveIntegration(act, id, {
      from,
      to: 'deleted',
      event: 'IntegrationDeleted',
      also: { ...withoutSecret(world.vault, integration), aws_location_id: null, foreign_grants_to_remove: null },
    })
    if (moved !== undefined) await deleteDataSources(act, id)
  })
  await atBoundary('after outcome')
  if (trouble === undefined) world.aws.forget(id)
}

/** What went wrong and what to do; undefined when the location is gone. */
async function removeLocation(
  world: World,
  integration: IntegrationRow,
  pause: Pause,
  atBoundary: AtLifeBoundary,
): Promise<string | undefined> {
  try {
    const aws = world.aws.of(integration)
    // Deleting again does no harm, so a lost answer is simply asked for again.
    const retry = { kinds: ['throttled', 'lostAnswer'], tries: 6, firstWaitMs: 300, pause } as const
    const ordered = new Set(integration.foreign_grants_to_remove)
    const foreign = Map.groupBy(await retrying(() => foreignGrants(world, aws, integration), retry), grant =>
      ordered.has(grant.id) ? 'ordered' : 'left',
    )
    const left = foreign.get('left') ?? []
    if (left.length > 0) {
      return `the location holds ${left.length} grants that Headgate did not make: remove them in AWS, then delete the integration again, or delete it with \`?removeForeign=true\``
    }
    for (const grant of foreign.get('ordered') ?? []) {
      await atBoundary('before call')
      await retrying(() => deleteGrant(aws, grant.id), retry)
      await atBoundary('after call')
      world.log.info({ integration: integration.id, grant: grant.id }, 'foreign grant removed as ordered')
    }
    const location = await retrying(() => findOurs(aws, integration), retry)
    if (location === undefined) return undefined
    if (location === 'untagged') {
      return `location \`${integration.aws_location_id}\` no longer carries the tag \`${intentTag}\` that makes it ours, so it was left alone: delete it in AWS if nobody uses it, then delete the integration again`
    }
    // Grants that were just deleted may count for some seconds more.
    await atBoundary('before call')
    await retrying(() => deleteLocation(aws, location.id), { ...retry, kinds: [...retry.kinds, 'eventual'], tries: 10 })
    await atBoundary('after call')
    return undefined
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    // Without an instance there is no location either.
    if (error.kind === 'notFound') return undefined
    world.log.warn({ err: error, integration: integration.id }, 'location not deleted')
    return adviceFor(error)
  }
}

/**
 * By its tag, not by the id alone: the location of `s3://` is always called `default`, whoever made it. The id may also
 * be unknown, when a creation never heard AWS's answer.
 */
async function findOurs(
  aws: AwsClients,
  { aws_location_id: id, location_path: path, intent }: IntegrationRow,
): Promise<AwsLocation | 'untagged' | undefined> {
  const ours = await findLocationByIntent(aws, { path, intent })
  if (ours || id === null) return ours
  const isThere = (await listLocations(aws)).some(location => location.id === id)
  return isThere ? 'untagged' : undefined
}

function adviceFor({ kind, operation, code, message }: AwsFailure): string {
  const said = `${operation} failed (${code}: ${message})`
  const then = 'then delete the integration again'
  if (kind === 'denied' && operation === 'DeleteAccessGrant') {
    return `${said}: give the credentials the statement that removes foreign grants, of the set-up documents, ${then}`
  }
  if (kind === 'denied') {
    return `${said}: allow the credentials \`s3:ListAccessGrants\`, \`s3:ListAccessGrantsLocations\` and \`s3:DeleteAccessGrantsLocation\`, ${then}`
  }
  if (kind === 'eventual') return `${said}: look for grants left in the location, ${then}`
  return `${said}: see what is wrong between this server and AWS, ${then}`
}
