/**
 * The association of an account's Access Grants instance with IAM Identity Center, and the identity store behind it.
 * Asks, associates and dissociates; never makes an Identity Center, and never touches what is in its directory.
 */
import {
  AssociateAccessGrantsIdentityCenterCommand,
  DissociateAccessGrantsIdentityCenterCommand,
  GetAccessGrantsInstanceCommand,
} from '@aws-sdk/client-s3-control'
import { DescribeInstanceCommand } from '@aws-sdk/client-sso-admin'
import { callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

export interface Association {
  readonly instanceArn: string
  readonly applicationArn: string | undefined
}

/** Undefined where the instance is associated with none. Throws AwsFailure, `notFound` without an instance. */
export async function readAssociation(aws: AwsClients): Promise<Association | undefined> {
  const command = new GetAccessGrantsInstanceCommand({ AccountId: aws.accountId })
  const answer = await callAws('GetAccessGrantsInstance', () => aws.s3Control.send(command))
  const { IdentityCenterInstanceArn: instanceArn, IdentityCenterApplicationArn: applicationArn } = answer
  return instanceArn === undefined ? undefined : { instanceArn, applicationArn }
}

/** Throws AwsFailure, e.g. where the Identity Center is none of the region's. */
export async function associate(aws: AwsClients, instanceArn: string): Promise<void> {
  const asked = { AccountId: aws.accountId, IdentityCenterArn: instanceArn }
  const command = new AssociateAccessGrantsIdentityCenterCommand(asked)
  await callAws('AssociateAccessGrantsIdentityCenter', () => aws.s3Control.send(command))
}

export async function dissociate(aws: AwsClients): Promise<void> {
  const command = new DissociateAccessGrantsIdentityCenterCommand({ AccountId: aws.accountId })
  await callAws('DissociateAccessGrantsIdentityCenter', () => aws.s3Control.send(command))
}

/** The id of the identity store behind an instance (`d-…`). Throws AwsFailure. */
export async function identityStoreOf(aws: AwsClients, instanceArn: string): Promise<string | undefined> {
  const command = new DescribeInstanceCommand({ InstanceArn: instanceArn })
  return (await callAws('DescribeInstance', () => aws.ssoAdmin.send(command))).IdentityStoreId
}
