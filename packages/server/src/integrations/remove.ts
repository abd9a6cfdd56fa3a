/** Deleting an integration: in order, with its grants and its location; or by force, giving up what is in AWS. */
import { type IntegrationStatus, Problem } from '@headgate/core/api'
import type { AwsGrant } from '../aws/access-grants.ts'
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import { type Act, type Actor, act, type Done } from '../db/act.ts'
import { tenantId } from '../db/deployment.ts'
import { findIntegration, type IntegrationRow, lockIntegration, moveIntegration } from '../db/integration.ts'
import { abandonGrants, countActiveDataSources, deleteDataSources, disableDataSources } from '../db/integration-use.ts'
import type { World } from '../world.ts'
import { candidateOfRow, withoutSecret } from './candidate.ts'
import { foreignGrants } from './foreign-grants.ts'
import { carryOn } from './lifecycle.ts'
import { busy } from './refusals.ts'
import { type Validation, validateExisting } from './validate.ts'

export interface Removal {
  readonly disableSources: boolean
  /** The order to delete what Headgate did not make: each grant is named in the audit event. */
  readonly removeForeign: boolean
  readonly force: boolean
}

/**
 * Begins the deletion: our grants go (by the change loop), then the location (in the background).
 *
 * An integration that is `deleting` already is answered as it is. A failed test of role, instance or path is shown and
 * hinders nothing: removing what we made needs none of them, and a revocation waits for nothing (00). Without working
 * credentials there is no way but `force`.
 * @throws Problem `integration-not-found`, `integration-disabled`, `integration-busy`, `integration-has-data-sources`,
 *   `integration-has-foreign-grants`, `validation-failed`, `aws-unreachable`, `aws-refused`
 */
export async function removeIntegration(
  world: World,
  actor: Actor,
  id: number,
  removal: Removal,
): Promise<Done<IntegrationRow>> {
  const integration = await findIntegration(world.db.kysely, id)
  if (!integration) throw new Problem('integration-not-found', { id })
  if (removal.force) return forceOut(world, actor, integration, removal)
  if (integration.status === 'deleting') {
    carryOn(world, id)
    return { result: integration }
  }
  if (!deletable.includes(integration.status)) throw busy(integration)
  if (!removal.disableSources) await refuseDataSources(world.db.kysely, id)
  const aws = world.aws.of(integration)
  const owner = { tenantId: await tenantId(world.db.kysely), intent: integration.intent }
  const validation = await validateExisting(aws, candidateOfRow(integration), owner)
  if (validation.problem && hindersDeleting(validation)) throw validation.problem
  const foreign = validation.failed.includes(5) ? [] : await findForeign(world, integration)
  if (foreign.length > 0 && !removal.removeForeign) throw hasForeign(integration, foreign)

  const done = await act(world.db, actor, async act => {
    const moved = await moveIntegration(act, id, {
      from: deletable,
      to: 'deleting',
      event: 'IntegrationDeletionStarted',
      also: {
        validation: JSON.stringify(validation.results),
        edit: null,
        foreign_grants_to_remove: foreign.length === 0 ? null : JSON.stringify(foreign.map(grant => grant.id)),
      },
      ...(foreign.length === 0 ? {} : { detail: { foreignGrantsToRemove: foreign.map(named) } }),
    })
    if (!moved) throw busy((await lockIntegration(act.tx, id)) ?? integration)
    await endDataSources(act, id, removal)
    return moved
  })
  carryOn(world, id)
  return done
}

const deletable: readonly IntegrationStatus[] = [
  'enabled',
  'createError',
  'editing',
  'editError',
  'deleteError',
  'recurringValidationError',
]

/** Nothing is called: what is in AWS stays there, and is told no more to be ours to manage. */
async function forceOut(
  world: World,
  actor: Actor,
  integration: IntegrationRow,
  removal: Removal,
): Promise<Done<IntegrationRow>> {
  const { id } = integration
  const done = await act(world.db, actor, async act => {
    const moved = await moveIntegration(act, id, {
      from: [...deletable, 'deleting'],
      to: 'disabled',
      event: 'IntegrationForcedOut',
      message: 'forced out of use: what Headgate made in AWS is still there, tagged `headgate:tenant`',
      also: { ...withoutSecret(world.vault, integration), edit: null, foreign_grants_to_remove: null, faults: '[]' },
    })
    if (!moved) throw busy((await lockIntegration(act.tx, id)) ?? integration)
    await endDataSources(act, id, removal)
    await deleteDataSources(act, id)
    await abandonGrants(act, id)
    return moved
  })
  world.aws.forget(id)
  return done
}

async function endDataSources(act: Act, id: number, { disableSources }: Removal): Promise<void> {
  if (disableSources) await disableDataSources(act, id)
  else await refuseDataSources(act.tx, id)
}

/** 4 and whatever AWS would not answer; a missing instance (5) has no grants and no location any more. */
function hindersDeleting({ failed, problem }: Validation): boolean {
  return failed.includes(4) || (problem !== undefined && problem.code !== 'validation-failed')
}

async function refuseDataSources(db: World['db']['kysely'], id: number): Promise<void> {
  const count = await countActiveDataSources(db, id)
  if (count > 0) throw new Problem('integration-has-data-sources', { id, count })
}

async function findForeign(world: World, integration: IntegrationRow): Promise<readonly AwsGrant[]> {
  return foreignGrants(world, world.aws.of(integration), integration).catch(error => {
    throw error instanceof AwsFailure ? problemOfAws(error) : error
  })
}

/** How many of them an answer names. */
const shownGrants = 100

function hasForeign({ id, aws_location_id: location }: IntegrationRow, foreign: readonly AwsGrant[]): Problem {
  const grants = foreign.slice(0, shownGrants).map(named)
  return new Problem('integration-has-foreign-grants', { id, location, count: foreign.length, grants })
}

function named(grant: AwsGrant) {
  return {
    id: grant.id,
    grantee: grant.grantee.identifier,
    permission: grant.permission,
    scope: grant.grantScope,
  }
}
