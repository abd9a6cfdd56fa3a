/**
 * The background half of creating an integration: its Access Grants location, made once, recognised by its tag.
 *
 * Level-based: it looks for the location before it makes one, so it may be started again after a crash at any point.
 * A location that does not carry our tag is never used or touched.
 */
import {
  type AwsLocation,
  createLocation,
  deleteLocation,
  findLocationByIntent,
  isLocationOf,
} from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import { maxSessionSeconds } from '../aws/principals.ts'
import { retrying } from '../aws/retry.ts'
import type { Pause } from '../background.ts'
import { act, system } from '../db/act.ts'
import { tenantId } from '../db/deployment.ts'
import { findIntegration, type IntegrationRow, moveIntegration } from '../db/integration.ts'
import type { World } from '../world.ts'

/** `creating` → `enabled`, or `createError` with what to do. Does nothing in any other state. */
export async function registerLocation(world: World, id: number, pause: Pause): Promise<void> {
  const integration = await findIntegration(world.db.kysely, id)
  if (integration?.status !== 'creating') return
  const aws = world.aws.of(integration)
  const outcome = await ensureLocation(aws, integration, await tenantId(world.db.kysely), pause)
  if ('trouble' in outcome) {
    world.log.warn({ err: outcome.cause, integration: id }, 'location not registered')
    const move = { from: ['creating'], to: 'createError', event: 'IntegrationCreateFailed' } as const
    await act(world.db, system, act => moveIntegration(act, id, { ...move, message: outcome.trouble }))
    return
  }
  const maxSession = await readMaxSession(aws, integration.location_role)
  await act(world.db, system, act =>
    moveIntegration(act, id, {
      from: ['creating'],
      to: 'enabled',
      event: 'IntegrationEnabled',
      awsLocationId: outcome.location.id,
      maxSessionSeconds: maxSession,
    }),
  )
}

type Outcome =
  | { readonly location: AwsLocation }
  /** `trouble`: what went wrong, what is left in AWS, what to do. */
  | { readonly trouble: string; readonly cause?: AwsFailure }

async function ensureLocation(
  aws: AwsClients,
  integration: IntegrationRow,
  tenantId: string,
  pause: Pause,
): Promise<Outcome> {
  const { intent, location_path: path, location_role: roleArn } = integration
  // Until a look says otherwise: an earlier run may have been cut off after its call.
  let perhapsMade = true
  const find = async () => {
    const found = await findLocationByIntent(aws, { path, intent })
    perhapsMade = false
    return found
  }
  const findOrMake = async (): Promise<AwsLocation> => {
    const found = await find()
    if (found) return found
    try {
      perhapsMade = true
      return await createLocation(aws, { path, roleArn, marks: { tenantId, intent } })
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      if (error.kind !== 'lostAnswer' && error.kind !== 'alreadyExists') {
        perhapsMade = false
        throw error
      }
      const made = await find()
      if (made) return made
      throw error
    }
  }
  try {
    // A new role takes AWS some seconds to notice: eight tries last about twenty.
    const kinds = ['throttled', 'eventual', 'lostAnswer'] as const
    const location = await retrying(findOrMake, { kinds, tries: 8, firstWaitMs: 300, pause })
    if (isLocationOf(location.scope, path)) return { location }
    await deleteLocation(aws, location.id)
    const trouble = `AWS registered \`${location.scope}\` where \`${path}\` was asked for, so it was removed again: choose another path`
    return { trouble }
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    return { trouble: adviceFor(error, integration, perhapsMade), cause: error }
  }
}

/** Reading the role is a courtesy: what it would tell is taken as unknown when AWS does not say. */
async function readMaxSession(aws: AwsClients, roleArn: string): Promise<number | null> {
  try {
    return (await maxSessionSeconds(aws, roleArn)) ?? null
  } catch (error) {
    if (error instanceof AwsFailure) return null
    throw error
  }
}

function adviceFor(failure: AwsFailure, integration: IntegrationRow, perhapsMade: boolean): string {
  const { operation, code, message } = failure
  const left = perhapsMade
    ? 'a location may have been made all the same, and will be found'
    : 'nothing was left behind in AWS'
  const remedy = remedyFor(failure, integration)
  return `${operation} failed (${code}: ${message}); ${left}: ${remedy}, then create the integration again`
}

function remedyFor({ kind }: AwsFailure, { location_role: role, location_path: path }: IntegrationRow): string {
  switch (kind) {
    case 'throttled':
      return 'wait a minute'
    case 'unreachable':
    case 'lostAnswer':
      return 'check the way from this server to AWS'
    case 'eventual':
      return `check that \`${role}\` exists and trusts \`access-grants.s3.amazonaws.com\``
    case 'alreadyExists':
      return `somebody else registered \`${path}\` meanwhile, so delete that location in AWS`
    case 'quota':
      return 'ask AWS to raise the quota or delete unused locations'
    case 'denied':
      return `allow the credentials \`s3:CreateAccessGrantsLocation\`, \`s3:TagResource\`, \`s3:ListAccessGrantsLocations\`, \`s3:ListTagsForResource\`, and \`iam:PassRole\` on \`${role}\``
    default:
      return 'do what AWS asks for'
  }
}
