/** Grants inside an integration's location that Headgate did not make. Looks only; never deletes one. */
import { type AwsGrant, intentTag, listGrants, tagsOf } from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import type { IntegrationRow } from '../db/integration.ts'
import { ownGrants } from '../db/integration-use.ts'
import type { World } from '../world.ts'

/** Throws AwsFailure. */
export async function foreignGrants(
  world: World,
  aws: AwsClients,
  integration: IntegrationRow,
): Promise<readonly AwsGrant[]> {
  const { aws_location_id: locationId } = integration
  if (locationId === null) return []
  const there: AwsGrant[] = []
  // AWS cannot filter by location.
  for await (const page of listGrants(aws)) there.push(...page.filter(grant => grant.locationId === locationId))
  // Read after AWS: a grant made meanwhile is in the ledger by now.
  const { awsGrantIds, openIntents } = await ownGrants(world.db.kysely, integration.id)
  const unknown = there.filter(grant => !awsGrantIds.has(grant.id))
  if (openIntents.size === 0) return unknown
  const foreign: AwsGrant[] = []
  for (const grant of unknown) {
    // Ours after a lost answer, when its row does not know AWS's id yet.
    const intent = await intentOf(aws, grant)
    if (intent === undefined || !openIntents.has(intent)) foreign.push(grant)
  }
  return foreign
}

async function intentOf(aws: AwsClients, grant: AwsGrant): Promise<string | undefined> {
  try {
    return (await tagsOf(aws, grant.arn)).get(intentTag)
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'notFound') return undefined
    throw error
  }
}
