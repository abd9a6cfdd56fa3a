/** Who AWS says we are. */
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

/** Needs no permission, so it tells good credentials from bad ones. Throws AwsFailure. */
export async function callerIdentity(aws: AwsClients): Promise<{ readonly accountId: string; readonly arn: string }> {
  const answer = await callAws('GetCallerIdentity', () => aws.sts.send(new GetCallerIdentityCommand()))
  return { accountId: answer.Account ?? '', arn: answer.Arn ?? '' }
}
