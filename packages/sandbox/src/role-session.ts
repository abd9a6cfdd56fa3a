/** A session of a role without anybody who assumes it: how a demo or a test becomes a person. AWS has no such door. */
import { readFields, readText, readTextIfAny } from './fields.ts'
import { issueSession } from './issue-credentials.ts'
import type { World } from './service.ts'
import type { AccountId, IdentityContext, SandboxState } from './state.ts'

export interface RoleSessionRequest {
  readonly accountId: AccountId
  readonly roleName: string
  readonly sessionName: string
  /** A user of the account's Identity Center, for whom the session then speaks. */
  readonly directoryUserId?: string
}

export interface SessionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

/** Good for 12 hours, or for as long as the role's sessions may be. Throws TypeError on what does not exist. */
export function makeRoleSession(world: World, asked: unknown): SessionCredentials {
  const { accountId, roleName, sessionName, directoryUserId } = readRequest(asked)
  const role = world.state.accounts.get(accountId)?.roles.get(roleName)
  if (role === undefined) throw new TypeError(`account \`${accountId}\` has no role \`${roleName}\``)
  const identityCenter = directoryUserId === undefined ? undefined : identityOf(world.state, accountId, directoryUserId)
  const facts = {
    account: accountId,
    of: { kind: 'role', roleName },
    sessionName,
    sessionPolicies: [],
    tags: new Map(),
    identityCenter,
  } as const
  const session = issueSession(world, facts, Math.min(LONGEST_SECONDS, role.maxSessionDuration))
  const { accessKeyId, secretAccessKey, sessionToken } = session
  return { accessKeyId, secretAccessKey, sessionToken }
}

const LONGEST_SECONDS = 12 * 3600

function readRequest(asked: unknown): RoleSessionRequest {
  const fields = readFields(asked, 'role session', ['accountId', 'roleName', 'sessionName', 'directoryUserId'])
  const sessionName = readText(fields, 'sessionName')
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw new TypeError('`sessionName` has 2 to 64 letters, digits and signs of `_+=,.@-`')
  }
  const directoryUserId = readTextIfAny(fields, 'directoryUserId')
  return {
    accountId: readText(fields, 'accountId'),
    roleName: readText(fields, 'roleName'),
    sessionName,
    ...(directoryUserId === undefined ? {} : { directoryUserId }),
  }
}

function identityOf(state: SandboxState, accountId: AccountId, userId: string): IdentityContext {
  for (const store of state.identityStores.values()) {
    if (store.account === accountId && store.users.has(userId)) {
      return { identityStoreId: store.identityStoreId, userId }
    }
  }
  throw new TypeError(`no Identity Center of account \`${accountId}\` has a user \`${userId}\``)
}
