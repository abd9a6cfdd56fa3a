/**
 * Finding out what became of a call whose answer was lost, or what is in the way of one. Looks only.
 *
 * A grant is ours only if its location and its tag say so; every other one is foreign, whoever made it. One that names
 * a row of ours that is over is a create that AWS carried out long after it was given up: ours too, and wanted by nobody.
 */
import { type GrantPermission, printScope } from '@headgate/core'
import { type AwsGrant, findGrants, intentTag, tagsOf } from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import type { StoredGrant } from '../db/ledger.ts'

/** `absent`: not seen; lists lag, so it may be there all the same. */
export type Found =
  | { readonly is: 'ours'; readonly awsGrantId: string }
  | { readonly is: 'late'; readonly awsGrantId: string }
  | { readonly is: 'foreign' | 'absent' }

/** Makes its calls through `pass`; throws AwsFailure. */
export async function lookUp(
  aws: AwsClients,
  locationId: string,
  row: StoredGrant,
  pass: <T>(call: () => Promise<T>) => Promise<T>,
  isOver: (intent: string) => Promise<boolean>,
): Promise<Found> {
  const { grantee, scope, intent } = row
  const permission: GrantPermission = row.permission
  const grants = await pass(() => findGrants(aws, { grantee, permission, grantScope: printScope(scope) }))
  let is: 'foreign' | 'absent' = 'absent'
  for (const grant of grants) {
    const carried = await pass(() => intentOf(aws, grant))
    if (carried === 'gone') continue
    const isHere = grant.locationId === locationId
    if (isHere && carried === intent) return { is: 'ours', awsGrantId: grant.id }
    if (isHere && carried !== undefined && (await isOver(carried))) return { is: 'late', awsGrantId: grant.id }
    is = 'foreign'
  }
  return { is }
}

async function intentOf(aws: AwsClients, { arn }: AwsGrant): Promise<string | undefined> {
  try {
    return (await tagsOf(aws, arn)).get(intentTag)
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'notFound') return 'gone'
    throw error
  }
}
