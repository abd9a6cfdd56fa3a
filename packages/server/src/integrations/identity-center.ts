/**
 * Identity Center behind an integration: shown as AWS has it, associated and dissociated only when asked (03).
 *
 * The association is one of the account and region, so every integration there has the same. Nothing of it is stored:
 * AWS is asked each time.
 */
import { type IdentityCenterAssociation, Problem } from '@headgate/core/api'
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import { associate, dissociate, identityStoreOf, readAssociation } from '../aws/identity-center.ts'
import { type Act, type Actor, act, type Done } from '../db/act.ts'
import { countDirectoryGrants, identityCenterAssociated, integrationsAt } from '../db/identity-center.ts'
import { findIntegration, type IntegrationRow, sayChanged } from '../db/integration.ts'
import type { World } from '../world.ts'
import { busy } from './refusals.ts'

/** Throws Problem `integration-not-found`, `integration-disabled`, `aws-refused`, `aws-unreachable`. */
export async function readIdentityCenter(world: World, id: number): Promise<IdentityCenterAssociation> {
  return present(world, await requireConnected(world, id))
}

/** Associating again with the same is no change. Throws Problem, `identity-center-associated` with another besides. */
export async function associateIdentityCenter(
  world: World,
  actor: Actor,
  id: number,
  instanceArn: string,
): Promise<Done<IdentityCenterAssociation>> {
  const integration = await requireConnected(world, id)
  const aws = world.aws.of(integration)
  const known = await asking(() => readAssociation(aws))
  if (known && known.instanceArn !== instanceArn) {
    throw new Problem('identity-center-associated', { id, instanceArn: known.instanceArn })
  }
  if (!known) {
    await act(world.db, actor, async act => ordered(act, integration, 'IdentityCenterAssociationOrdered', instanceArn))
    await asking(() => associate(aws, instanceArn))
  }
  const { sequence } = await act(world.db, actor, async act => {
    if (!known) ordered(act, integration, 'IdentityCenterAssociated', instanceArn)
    // Whoever AWS did not know before is tried again at once.
    for (const row of await integrationsAt(act.tx, integration)) sayChanged(act, row, identityCenterAssociated)
  })
  return { result: await present(world, integration), ...(sequence === undefined ? {} : { sequence }) }
}

/** Dissociating what is not associated is no change. Throws Problem, `identity-center-in-use` besides. */
export async function dissociateIdentityCenter(
  world: World,
  actor: Actor,
  id: number,
): Promise<Done<IdentityCenterAssociation>> {
  const integration = await requireConnected(world, id)
  const aws = world.aws.of(integration)
  const known = await asking(() => readAssociation(aws))
  if (!known) return { result: await present(world, integration) }
  const grants = await countDirectoryGrants(world.db.kysely, integration)
  if (grants > 0) throw new Problem('identity-center-in-use', { id, grants })
  await act(world.db, actor, async act =>
    ordered(act, integration, 'IdentityCenterDissociationOrdered', known.instanceArn),
  )
  await asking(() => dissociate(aws))
  await act(world.db, actor, async act => ordered(act, integration, 'IdentityCenterDissociated', known.instanceArn))
  return { result: await present(world, integration) }
}

/**
 * Where people of the directory are looked up, for an integration: the setting, or what AWS tells of the association.
 * Undefined where neither does; throws AwsFailure where AWS will not tell.
 */
export async function identityStoreFor(
  world: Pick<World, 'aws' | 'config'>,
  integration: IntegrationRow,
): Promise<string | undefined> {
  const { HEADGATE_IDENTITY_STORE_ID: named } = world.config
  if (named !== undefined) return named
  const aws = world.aws.of(integration)
  const association = await readAssociation(aws)
  return association && identityStoreOf(aws, association.instanceArn)
}

async function requireConnected(world: World, id: number): Promise<IntegrationRow> {
  const integration = await findIntegration(world.db.kysely, id)
  if (!integration) throw new Problem('integration-not-found', { id })
  if (integration.status === 'deleted' || integration.status === 'disabled') throw busy(integration)
  return integration
}

async function present(world: World, integration: IntegrationRow): Promise<IdentityCenterAssociation> {
  const association = await asking(() => readAssociation(world.aws.of(integration)))
  if (!association) return {}
  return { ...association, ...(await storeOf(world, integration)) }
}

/** Not being allowed to ask for the store hinders nothing but looking people up by name. */
async function storeOf(world: World, integration: IntegrationRow): Promise<IdentityCenterAssociation> {
  try {
    return { identityStoreId: await identityStoreFor(world, integration) }
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const message = `AWS answered ${error.operation} with ${error.code}: allow it, or set HEADGATE_IDENTITY_STORE_ID`
    return { identityStoreMessage: message }
  }
}

async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof AwsFailure) throw problemOfAws(error)
    throw error
  }
}

function ordered(act: Act, { id, name }: IntegrationRow, type: string, instanceArn: string): void {
  const target = { type: 'INTEGRATION', id: String(id), name } as const
  act.audit({ action: 'UPDATE', targetType: target.type, targets: [target], payload: { type, instanceArn } })
}
