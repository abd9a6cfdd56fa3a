/** What an account and its Access Grants instance say of themselves as a whole. Asks only. Throws AwsFailure. */
import { GetAccountSummaryCommand } from '@aws-sdk/client-iam'
import { GetAccessGrantsInstanceResourcePolicyCommand } from '@aws-sdk/client-s3-control'
import { AwsFailure, callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

/** How many IAM roles there are, and may be. */
export async function countRoles(aws: AwsClients): Promise<{ readonly roles: number; readonly quota: number }> {
  const { SummaryMap = {} } = await callAws('GetAccountSummary', () => aws.iam.send(new GetAccountSummaryCommand()))
  return { roles: SummaryMap.Roles ?? 0, quota: SummaryMap.RolesQuota ?? defaultRolesQuota }
}

/** Unless AWS says otherwise. */
const defaultRolesQuota = 1000

/** The resource policy of the Access Grants instance, as JSON; null where it has none. */
export async function readResourcePolicy(aws: AwsClients): Promise<string | null> {
  const command = new GetAccessGrantsInstanceResourcePolicyCommand({ AccountId: aws.accountId })
  try {
    const { Policy } = await callAws('GetAccessGrantsInstanceResourcePolicy', () => aws.s3Control.send(command))
    return Policy ?? null
  } catch (error) {
    // Neither without a policy nor without an instance can anybody of another account vend.
    if (error instanceof AwsFailure && error.kind === 'notFound') return null
    throw error
  }
}
