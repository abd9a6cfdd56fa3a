/**
 * An integration's Access Grants location: made once, recognised by its tag, bound to the role that it is to have.
 *
 * Level-based: it looks for the location before it makes one, so it may be started again after a crash at any point.
 * A location that carries neither our intent nor, left behind by an integration that is gone, our tenant is never used
 * or touched.
 */
import {
  type AwsLocation,
  createLocation,
  deleteLocation,
  isLocationOf,
  listLocations,
  type Marks,
  markLocation,
  ownerOfLocation,
  updateLocationRole,
} from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import { retrying } from '../aws/retry.ts'
import { findRole, nameIn } from '../aws/roles.ts'
import type { Pause } from '../background.ts'
import { act, system } from '../db/act.ts'
import { tenantId } from '../db/deployment.ts'
import { findIntegration, moveIntegration } from '../db/integration.ts'
import type { World } from '../world.ts'
import type { AtLifeBoundary } from './life-boundary.ts'

/** `creating` → `enabled`, or `createError` with what to do. Does nothing in any other state. */
export async function registerLocation(
  world: World,
  id: number,
  pause: Pause,
  atBoundary: AtLifeBoundary,
): Promise<void> {
  const integration = await findIntegration(world.db.kysely, id)
  if (integration?.status !== 'creating') return
  const aws = world.aws.of(integration)
  const marks = { tenantId: await tenantId(world.db.kysely), intent: integration.intent }
  const wanted = { path: integration.location_path, roleArn: integration.location_role, marks }
  const outcome = await ensureLocation(aws, wanted, pause, atBoundary)
  await atBoundary('before outcome')
  if ('trouble' in outcome) {
    world.log.warn({ err: outcome.cause, integration: id }, 'location not registered')
    const left = outcome.perhapsMade
      ? 'a location may have been made all the same, and will be found'
      : 'nothing was left behind in AWS'
    const message = `${outcome.trouble.said}; ${left}: ${outcome.trouble.remedy}, then create the integration again`
    const move = { from: ['creating'], to: 'createError', event: 'IntegrationCreateFailed' } as const
    await act(world.db, system, act => moveIntegration(act, id, { ...move, message }))
    return
  }
  const maxSession = await readMaxSession(aws, integration.location_role)
  await act(world.db, system, act =>
    moveIntegration(act, id, {
      from: ['creating'],
      to: 'enabled',
      event: 'IntegrationEnabled',
      also: { aws_location_id: outcome.location.id, max_session_seconds: maxSession },
    }),
  )
  await atBoundary('after outcome')
}

export interface WantedLocation {
  /** Normalised. */
  readonly path: string
  readonly roleArn: string
  readonly marks: Marks
}

export type Ensured =
  | { readonly location: AwsLocation }
  | {
      readonly trouble: { readonly said: string; readonly remedy: string }
      /** Whether a location may have been made all the same. */
      readonly perhapsMade: boolean
      readonly cause?: AwsFailure
    }

/** The location with its role, made or adopted where it is not ours yet. */
export async function ensureLocation(
  aws: AwsClients,
  wanted: WantedLocation,
  pause: Pause,
  atBoundary: AtLifeBoundary,
): Promise<Ensured> {
  const { path, roleArn, marks } = wanted
  // Until a look says otherwise: an earlier run may have been cut off after its call.
  let perhapsMade = true
  const find = async () => {
    const found = await findOurs(aws, wanted)
    perhapsMade = false
    return found
  }
  const findOrMake = async (): Promise<AwsLocation> => {
    const found = await find()
    if (found) {
      if (found.location.roleArn !== roleArn) {
        await atBoundary('before call')
        await updateLocationRole(aws, found.location.id, roleArn)
        await atBoundary('after call')
      }
      // Last, so that a location is ours for good only once it is as it is to be.
      if (found.isLost) await markLocation(aws, found.location, marks)
      return found.location
    }
    try {
      perhapsMade = true
      await atBoundary('before call')
      const made = await createLocation(aws, { path, roleArn, marks })
      await atBoundary('after call')
      return made
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      if (error.kind !== 'lostAnswer' && error.kind !== 'alreadyExists') {
        perhapsMade = false
        throw error
      }
      const made = await find()
      if (made) return made.location
      throw error
    }
  }
  try {
    // A new role takes AWS some seconds to notice: eight tries last about twenty.
    const kinds = ['throttled', 'eventual', 'lostAnswer'] as const
    const location = await retrying(findOrMake, { kinds, tries: 8, firstWaitMs: 300, pause })
    if (isLocationOf(location.scope, path)) return { location }
    await deleteLocation(aws, location.id)
    const said = `AWS registered \`${location.scope}\` where \`${path}\` was asked for, so it was removed again`
    return { trouble: { said, remedy: 'choose another path' }, perhapsMade: false }
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const said = `${error.operation} failed (${error.code}: ${error.message})`
    return { trouble: { said, remedy: remedyFor(error, wanted) }, perhapsMade, cause: error }
  }
}

async function findOurs(
  aws: AwsClients,
  { path, marks }: WantedLocation,
): Promise<{ readonly location: AwsLocation; readonly isLost: boolean } | undefined> {
  for (const location of await listLocations(aws)) {
    if (!isLocationOf(location.scope, path)) continue
    const whose = await ownerOfLocation(aws, location, marks)
    if (whose !== 'foreign') return { location, isLost: whose === 'lost' }
  }
  return undefined
}

/** Reading the role is a courtesy: what it would tell is taken as unknown when AWS does not say. */
export async function readMaxSession(aws: AwsClients, roleArn: string): Promise<number | null> {
  try {
    return (await findRole(aws, nameIn(roleArn)))?.maxSessionSeconds ?? null
  } catch (error) {
    if (error instanceof AwsFailure) return null
    throw error
  }
}

function remedyFor({ kind, operation }: AwsFailure, { roleArn: role, path }: WantedLocation): string {
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
      return operation === 'UpdateAccessGrantsLocation'
        ? `allow the credentials \`s3:UpdateAccessGrantsLocation\`, and \`iam:PassRole\` on \`${role}\``
        : `allow the credentials \`s3:CreateAccessGrantsLocation\`, \`s3:TagResource\`, \`s3:ListAccessGrantsLocations\`, \`s3:ListTagsForResource\`, and \`iam:PassRole\` on \`${role}\``
    default:
      return 'do what AWS asks for'
  }
}
