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
  try {
    const aws = world.aws.of(integration)
    const location = await ensureLocation(aws, integration, await tenantId(world.db.kysely), pause)
    const maxSession = await readMaxSession(aws, integration.location_role)
    await act(world.db, system, act =>
      moveIntegration(act, id, {
        from: ['creating'],
        to: 'enabled',
        event: 'IntegrationEnabled',
        awsLocationId: location.id,
        maxSessionSeconds: maxSession,
      }),
    )
  } catch (error) {
    if (!(error instanceof AwsFailure) && !(error instanceof UnusableLocation)) throw error
    world.log.warn({ err: error, integration: id }, 'location not registered')
    await act(world.db, system, act =>
      moveIntegration(act, id, {
        from: ['creating'],
        to: 'createError',
        event: 'IntegrationCreateFailed',
        message: adviceFor(error, integration),
      }),
    )
  }
}

/** AWS has something on the path that cannot be ours. */
class UnusableLocation extends Error {}

async function ensureLocation(
  aws: AwsClients,
  integration: IntegrationRow,
  tenantId: string,
  pause: Pause,
): Promise<AwsLocation> {
  const { intent, location_path: path, location_role: roleArn } = integration
  // A new role takes AWS some seconds to notice; throttles pass sooner.
  const retry = { kinds: ['throttled', 'eventual'], tries: 8, firstWaitMs: 300, pause } as const
  const lookUp = () =>
    retrying(() => findLocationByIntent(aws, { path, intent }), { ...retry, kinds: ['throttled', 'lostAnswer'] })
  const create = async (): Promise<AwsLocation> => {
    const found = await lookUp()
    if (found) return found
    try {
      return await createLocation(aws, { path, roleArn, marks: { tenantId, intent } })
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      if (error.kind !== 'lostAnswer' && error.kind !== 'alreadyExists') throw error
      const made = await lookUp()
      if (made) return made
      throw error
    }
  }
  const location = await retrying(create, { ...retry, kinds: [...retry.kinds, 'lostAnswer'] })
  if (isLocationOf(location.scope, path)) return location
  await deleteLocation(aws, location.id)
  throw new UnusableLocation(
    `AWS registered \`${location.scope}\` where \`${path}\` was asked for; it was removed again`,
  )
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

function adviceFor(error: AwsFailure | UnusableLocation, { location_role: role, location_path: path }: IntegrationRow) {
  if (error instanceof UnusableLocation)
    return `${error.message}: choose another path, then create the integration again`
  const said = `${error.operation} failed (${error.code}: ${error.message})`
  const then = 'then create the integration again'
  switch (error.kind) {
    case 'throttled':
    case 'unreachable':
      return `${said}: nothing was left behind; check the way from this server to AWS, ${then}`
    case 'lostAnswer':
      return `${said}: a location may have been made; creating the integration again will find it`
    case 'eventual':
      return `${said}: nothing was left behind; check that \`${role}\` exists and trusts \`access-grants.s3.amazonaws.com\`, ${then}`
    case 'alreadyExists':
      return `${said}: somebody else registered \`${path}\` meanwhile; delete that location in AWS or choose another path`
    case 'quota':
      return `${said}: nothing was left behind; ask AWS to raise the quota or delete unused locations, ${then}`
    case 'denied':
      return `${said}: nothing was left behind; allow the credentials \`s3:CreateAccessGrantsLocation\`, \`s3:TagResource\`, \`s3:ListAccessGrantsLocations\` and \`iam:PassRole\` on \`${role}\`, ${then}`
    default:
      return `${said}: nothing was left behind; see what AWS asks for, ${then}`
  }
}
