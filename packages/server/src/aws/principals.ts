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
  /** `identifier`: what to store; `uniqueId`: AIDA…, AROA…; `trustPolicy` of a role: JSON */
  | { readonly found: true; readonly identifier: string; readonly uniqueId?: string; readonly trustPolicy?: string }
  /** `isCaseWrong`: the name is known in other letters, so that it can never be made as it was written. */
  | { readonly found: false; readonly reason: string; readonly isCaseWrong?: true }
  /** `later`: AWS did not answer at all, so that nothing is known, not even why. */
  | { readonly unknown: string; readonly later?: true }

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
    const isSilent = silences.has(error.kind)
    return { unknown: `AWS answered ${error.operation} with ${error.code}`, ...(isSilent ? { later: true } : {}) }
  }
}

const silences: ReadonlySet<AwsFailure['kind']> = new Set(['throttled', 'unreachable', 'lostAnswer'])

const words = { iamUser: 'IAM user', iamRole: 'IAM role', identityCenterUser: 'Identity Center user' } as const

async function findInIam(aws: AwsClients, kind: 'iamUser' | 'iamRole', arn: string): Promise<PrincipalLookUp> {
  if (arn.split(':')[4] !== aws.accountId) return { unknown: `\`${arn}\` is in another account than this integration` }
  const name = nameIn(arn)
  const known: {
    readonly arn?: string | undefined
    readonly uniqueId?: string | undefined
    readonly trustPolicy?: string
  } =
    kind === 'iamRole'
      ? await callAws('GetRole', async () => {
          const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName: name }))
          const trustPolicy = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')
          return { arn: Role?.Arn, uniqueId: Role?.RoleId, trustPolicy }
        })
      : await callAws('GetUser', async () => {
          const { User } = await aws.iam.send(new GetUserCommand({ UserName: name }))
          return { arn: User?.Arn, uniqueId: User?.UserId }
        })
  const { uniqueId, trustPolicy } = known
  // IAM finds by name alone and whatever its case, but a grant is matched by the whole ARN, byte for byte.
  if (known.arn !== arn) {
    const isCaseWrong = known.arn?.toLowerCase() === arn.toLowerCase()
    return { found: false, reason: `its full ARN is \`${known.arn}\``, ...(isCaseWrong ? { isCaseWrong } : {}) }
  }
  return {
    found: true,
    identifier: arn,
    ...(uniqueId === undefined ? {} : { uniqueId }),
    ...(trustPolicy === undefined ? {} : { trustPolicy }),
  }
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
