/**
 * Whether AWS knows a principal, and by which id of its own. Asks only; a principal that is not there may yet be made.
 *
 * Not being allowed to ask, or not reaching AWS, is `unknown` and never "not found".
 */

import { GetRoleCommand, GetUserCommand } from '@aws-sdk/client-iam'
import { DescribeUserCommand, GetUserIdCommand } from '@aws-sdk/client-identitystore'
import type { PrincipalKind } from '@headgate/core'
import { AwsFailure, callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'
import { nameIn } from './roles.ts'

export type PrincipalLookUp =
  /** `identifier`: what to store; `uniqueId`: AIDA…, AROA… */
  | { readonly found: true; readonly identifier: string; readonly uniqueId?: string }
  | { readonly found: false; readonly reason: string }
  | { readonly unknown: string }

/** Asks IAM of the account. `identifier`: a full ARN. */
export async function lookUpIam(aws: AwsClients, kind: 'iamUser' | 'iamRole', arn: string): Promise<PrincipalLookUp> {
  return answered(kind, () => findInIam(aws, kind, arn))
}

/**
 * Asks an identity store.
 *
 * @param storeId of the store to ask; where it gives none, its users are unknown
 * @param identifier a user id, user name or e-mail address
 */
export async function lookUpInDirectory(
  aws: AwsClients,
  storeId: () => Promise<string | undefined>,
  identifier: string,
): Promise<PrincipalLookUp> {
  return answered('identityCenterUser', async () => {
    const id = await storeId()
    if (id !== undefined) return findInDirectory(aws, id, identifier)
    return { unknown: 'the Access Grants instance is associated with no Identity Center' }
  })
}

async function answered(kind: PrincipalKind, ask: () => Promise<PrincipalLookUp>): Promise<PrincipalLookUp> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    if (error.kind === 'notFound') return { found: false, reason: `AWS knows no such ${words[kind]}` }
    return { unknown: `AWS answered ${error.operation} with ${error.code}` }
  }
}

const words = { iamUser: 'IAM user', iamRole: 'IAM role', identityCenterUser: 'Identity Center user' } as const

async function findInIam(aws: AwsClients, kind: 'iamUser' | 'iamRole', arn: string): Promise<PrincipalLookUp> {
  if (arn.split(':')[4] !== aws.accountId) return { unknown: `\`${arn}\` is in another account than this integration` }
  const name = nameIn(arn)
  const known =
    kind === 'iamRole'
      ? await callAws('GetRole', async () => {
          const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName: name }))
          return { arn: Role?.Arn, uniqueId: Role?.RoleId }
        })
      : await callAws('GetUser', async () => {
          const { User } = await aws.iam.send(new GetUserCommand({ UserName: name }))
          return { arn: User?.Arn, uniqueId: User?.UserId }
        })
  // IAM finds by name alone, but a grant is matched by the whole ARN, path included.
  if (known.arn !== arn) return { found: false, reason: `its full ARN is \`${known.arn}\`` }
  return { found: true, identifier: arn, ...(known.uniqueId === undefined ? {} : { uniqueId: known.uniqueId }) }
}

async function findInDirectory(aws: AwsClients, IdentityStoreId: string, identifier: string): Promise<PrincipalLookUp> {
  if (isDirectoryUserId(identifier)) {
    const command = new DescribeUserCommand({ IdentityStoreId, UserId: identifier })
    await callAws('DescribeUser', () => aws.identityStore.send(command))
    return { found: true, identifier }
  }
  const AttributePath = identifier.includes('@') ? ['emails.value', 'userName'] : ['userName']
  for (const path of AttributePath) {
    const UniqueAttribute = { AttributePath: path, AttributeValue: identifier }
    const command = new GetUserIdCommand({ IdentityStoreId, AlternateIdentifier: { UniqueAttribute } })
    const id = await callAws('GetUserId', () => aws.identityStore.send(command)).catch(ifNotFound)
    if (id?.UserId !== undefined) return { found: true, identifier: id.UserId }
  }
  return { found: false, reason: 'the Identity Store knows nobody by that user name or e-mail address' }
}

/** A GUID, in older stores led by ten hexadecimal digits. */
export function isDirectoryUserId(text: string): boolean {
  return /^([0-9a-f]{10}-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

function ifNotFound(error: unknown): undefined {
  if (error instanceof AwsFailure && error.kind === 'notFound') return undefined
  throw error
}
