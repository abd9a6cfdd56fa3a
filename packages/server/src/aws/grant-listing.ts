/**
 * What the audit asks AWS: all grants of an account and region, page by page, and what the instance is tied to.
 *
 * Each function is one call; none retries. All throw AwsFailure.
 */
import { GetAccessGrantsInstanceCommand, ListAccessGrantsCommand } from '@aws-sdk/client-s3-control'
import { type AwsGrant, presentGrant } from './access-grants.ts'
import { AwsFailure, callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

/** The most that AWS gives at once. */
const pageSize = 1000

export interface GrantPage {
  readonly grants: readonly AwsGrant[]
  /** The token of the page after; undefined: this was the last. */
  readonly next: string | undefined
}

/** Every grant of the instance, whoever made it; a page may be asked for again. */
export async function grantPage(aws: AwsClients, token: string | undefined): Promise<GrantPage> {
  const command = new ListAccessGrantsCommand({
    AccountId: aws.accountId,
    MaxResults: pageSize,
    ...(token === undefined ? {} : { NextToken: token }),
  })
  const { AccessGrantsList = [], NextToken } = await callAws('ListAccessGrants', () => aws.s3Control.send(command))
  return { grants: AccessGrantsList.map(presentGrant), next: NextToken || undefined }
}

/** The Identity Center instance that is associated; `none` where none is, undefined without an Access Grants instance. */
export async function identityCenterOf(aws: AwsClients): Promise<string | undefined> {
  const command = new GetAccessGrantsInstanceCommand({ AccountId: aws.accountId })
  try {
    const answer = await callAws('GetAccessGrantsInstance', () => aws.s3Control.send(command))
    return answer.IdentityCenterInstanceArn || answer.IdentityCenterArn || 'none'
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'notFound') return undefined
    throw error
  }
}
