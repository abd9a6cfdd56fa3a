/**
 * The background half of an edit: AWS follows first, then the edit takes the place of the configuration before.
 *
 * Level-based: it looks at the location and makes it as the edit wants it, so it may be started again after a crash at
 * any point. What fails is rolled back: the location gets its role back, one that the edit made goes again, and the
 * message says so.
 */
import { deleteLocation, findLocationByIntent, updateLocationRole } from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import { retrying } from '../aws/retry.ts'
import type { Pause } from '../background.ts'
import { act, system } from '../db/act.ts'
import { tenantId } from '../db/deployment.ts'
import { findIntegration, type IntegrationRow } from '../db/integration.ts'
import { dropEdit, finishEdit } from '../db/integration-edit.ts'
import type { IntegrationEdit } from '../db/schema.ts'
import type { World } from '../world.ts'
import { accessAfter } from './candidate.ts'
import type { AtLifeBoundary } from './life-boundary.ts'
import { ensureLocation, readMaxSession } from './register-location.ts'

/** `editing` → `enabled`, or `editError` with what was rolled back and what to do. Does nothing in any other state. */
export async function finishEditing(world: World, id: number, pause: Pause, atBoundary: AtLifeBoundary): Promise<void> {
  const integration = await findIntegration(world.db.kysely, id)
  if (integration?.status !== 'editing' || integration.edit === null) return
  const { edit } = integration
  // Beside those in use: calls under way must not lose their credentials to an edit that may fail.
  await world.aws.aside(accessAfter(integration, edit), aws =>
    carryOut(world, integration, edit, aws, pause, atBoundary),
  )
}

async function carryOut(
  world: World,
  integration: IntegrationRow,
  edit: IntegrationEdit,
  aws: AwsClients,
  pause: Pause,
  atBoundary: AtLifeBoundary,
): Promise<void> {
  const { id, intent, location_path: path } = integration
  const marks = { tenantId: await tenantId(world.db.kysely), intent }
  const outcome = await ensureLocation(aws, { path, roleArn: edit.locationRole, marks }, pause, atBoundary)
  await atBoundary('before outcome')
  if ('trouble' in outcome) {
    const { said, remedy } = outcome.trouble
    world.log.warn({ err: outcome.cause, integration: id }, 'edit failed')
    await undo(world, integration, aws, `${said}: ${remedy}`, pause, atBoundary)
    return
  }
  const found = { locationId: outcome.location.id, maxSessionSeconds: await readMaxSession(aws, edit.locationRole) }
  try {
    const { result } = await act(world.db, system, act => finishEdit(act, integration, found))
    // Somebody began to delete it meanwhile: that goes on from the role that the row tells.
    if (result === undefined && (await isDeleting(world, id))) await giveBackRole(integration, aws, pause)
  } catch (error) {
    if (!isNameTaken(error)) throw error
    const trouble = `the name \`${edit.name}\` was taken meanwhile: choose another`
    await undo(world, integration, aws, trouble, pause, atBoundary)
  }
  await atBoundary('after outcome')
}

async function isDeleting(world: World, id: number): Promise<boolean> {
  return (await findIntegration(world.db.kysely, id))?.status === 'deleting'
}

async function undo(
  world: World,
  integration: IntegrationRow,
  aws: AwsClients,
  trouble: string,
  pause: Pause,
  atBoundary: AtLifeBoundary,
): Promise<void> {
  await atBoundary('before call')
  const rolledBack = await giveBackRole(integration, aws, pause)
  await atBoundary('after call')
  const message = `the edit failed, and ${rolledBack}; ${trouble}, then edit the integration again`
  await act(world.db, system, act => dropEdit(act, integration, message))
  await atBoundary('after outcome')
}

/** What was done about what the edit may have changed in AWS, to be told. */
async function giveBackRole(integration: IntegrationRow, aws: AwsClients, pause: Pause): Promise<string> {
  const { location_path: path, location_role: role, intent, aws_location_id: known } = integration
  const retry = { kinds: ['throttled', 'lostAnswer', 'eventual'], tries: 5, firstWaitMs: 300, pause } as const
  try {
    const location = await retrying(() => findLocationByIntent(aws, { path, intent }), retry)
    if (location === undefined) return 'nothing of it is in AWS'
    if (known === null) {
      await retrying(() => deleteLocation(aws, location.id), retry)
      return `location \`${location.id}\`, which it had made, was removed again`
    }
    if (location.roleArn === role) return 'AWS is as it was before'
    await retrying(() => updateLocationRole(aws, location.id, role), retry)
    return `location \`${location.id}\` got its role \`${role}\` back`
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const { operation, code } = error
    return `whether the location has its role \`${role}\` could not be made sure of (${operation} answered ${code})`
  }
}

function isNameTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'integration_name'
}
