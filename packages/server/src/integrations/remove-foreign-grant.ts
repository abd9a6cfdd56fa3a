/**
 * Deleting one grant that Headgate did not make, because somebody ordered just that. The order is stored before AWS is
 * asked, so that a crash in between leaves it to the next comparison; what AWS refuses is told, and the order is off.
 */
import { Problem } from '@headgate/core/api'
import { deleteGrant } from '../aws/access-grants.ts'
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import { type Actor, act } from '../db/act.ts'
import { orderRemoval, readStray, type StrayRow, withdrawRemoval } from '../db/drift.ts'
import { noteNotRemoved, noteRemoved } from '../db/drift-repair.ts'
import type { IntegrationRow } from '../db/integration.ts'
import type { World } from '../world.ts'

/**
 * @param awsGrantId one that the last comparison saw in the integration's location
 * @throws Problem `foreign-grant-not-found`, `aws-refused`, `aws-unreachable` (then it is tried again later)
 */
export async function removeForeignGrant(
  world: World,
  actor: Actor,
  integration: IntegrationRow,
  awsGrantId: string,
): Promise<StrayRow> {
  const { db } = world
  const removal = { integration: integration.id, awsGrantId }
  const { result: ordered } = await act(db, actor, done => orderRemoval(done, integration, awsGrantId))
  if (!ordered) throw new Problem('foreign-grant-not-found', { id: integration.id, grantId: awsGrantId })
  try {
    await deleteGrant(world.aws.of(integration), awsGrantId)
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const problem = problemOfAws(error)
    await noteNotRemoved(db.kysely, removal, error)
    if (problem.code === 'aws-refused') await withdrawRemoval(db.kysely, integration.id, awsGrantId)
    throw problem
  }
  await act(db, actor, done => noteRemoved(done, removal))
  return readStray(db.kysely, integration.id, awsGrantId)
}
