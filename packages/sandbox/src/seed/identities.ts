/** IAM users and roles of a seed: made with one inline policy, or left as they are. */
import { newSecret, newUniqueId } from '../issue-credentials.ts'
import type { World } from '../service.ts'
import type { Account, AccountId, IamRole, IamUser } from '../state.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const POLICY_NAME = 'seeded'

export function makeUser({ now, random }: World, account: Account, userName: string, permissions: string): IamUser {
  const known = account.users.get(userName)
  if (known !== undefined) return known
  const user: IamUser = {
    userName,
    path: '/',
    arn: `arn:aws:iam::${account.id}:user/${userName}`,
    userId: newUniqueId(random, 'AIDA'),
    createdAt: now(),
    inlinePolicies: new Map([[POLICY_NAME, permissions]]),
    attachedPolicies: new Set(),
    tags: new Map(),
  }
  account.users.set(userName, user)
  return user
}

export interface RoleTerms {
  readonly trustPolicy: string
  readonly permissions: string
  /** Seconds. */
  readonly maxSessionDuration: number
}

export function makeRole({ now, random }: World, account: Account, roleName: string, terms: RoleTerms): IamRole {
  const known = account.roles.get(roleName)
  if (known !== undefined) return known
  const role: IamRole = {
    roleName,
    path: '/',
    arn: `arn:aws:iam::${account.id}:role/${roleName}`,
    roleId: newUniqueId(random, 'AROA'),
    createdAt: now(),
    trustPolicy: terms.trustPolicy,
    maxSessionDuration: terms.maxSessionDuration,
    inlinePolicies: new Map([[POLICY_NAME, terms.permissions]]),
    attachedPolicies: new Set(),
    tags: new Map(),
  }
  account.roles.set(roleName, role)
  return role
}

/** The user's first key that works, made when there is none. */
export function keyOf({ state, now, random }: World, account: AccountId, userName: string): Credentials {
  const isTheirs = (key: { account: string; userName?: string | undefined; status: string }) =>
    key.account === account && key.userName === userName && key.status === 'Active'
  const known = state.accessKeys.values().find(isTheirs)
  const key = known ?? {
    accessKeyId: newUniqueId(random, 'AKIA', 16),
    secretAccessKey: newSecret(random),
    account,
    userName,
    status: 'Active' as const,
    createdAt: now(),
  }
  state.accessKeys.set(key.accessKeyId, key)
  return { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey }
}
