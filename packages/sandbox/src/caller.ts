/**
 * Who is calling: an access key, with or without a session token, becomes a `Caller`.
 * Proves nothing about the signature (sigv4.ts does) and decides nothing about access (authorize.ts does).
 */
import type { AccountId, IdentityContext, SandboxState } from './state.ts'
import type { Instant } from './wire.ts'

export interface Caller {
  readonly account: AccountId
  readonly kind: 'root' | 'iamUser' | 'roleSession' | 'anonymous'
  /** As GetCallerIdentity prints it: a role session's is `arn:aws:sts::…:assumed-role/R/session`. */
  readonly arn: string
  /** As GetCallerIdentity prints it: AIDA…, AROA…:session, or the account id of root. */
  readonly userId: string
  /** Of an IAM user, also one that calls with GetSessionToken credentials. */
  readonly userName?: string | undefined
  /** Of a role session: the role's own ARN with its path. */
  readonly roleArn?: string | undefined
  readonly roleName?: string | undefined
  /** JSON texts; absent or empty means that no session policy narrows the caller. */
  readonly sessionPolicies?: readonly string[] | undefined
  /** Principal tags: the user's or role's, overridden by session tags. */
  readonly tags?: ReadonlyMap<string, string> | undefined
  /** Of temporary credentials. */
  readonly issuedAt?: Instant | undefined
  readonly expiresAt?: Instant | undefined
  readonly sourceIdentity?: string | undefined
  readonly accessGrantsInstanceArn?: string | undefined
  readonly identityCenter?: IdentityContext | undefined
}

/** Why credentials are no good; each protocol has its own code for each. */
export type CredentialFlaw = 'unknown-key' | 'inactive-key' | 'unknown-token' | 'expired'

export type Credentials =
  | { readonly secretAccessKey: string; readonly caller: Caller }
  | { readonly flaw: CredentialFlaw }

export const ANONYMOUS: Caller = { account: '', kind: 'anonymous', arn: '', userId: '' }

/** Looks up the key and who stands behind it at `now`. A key whose user or role is gone is unknown, as on AWS. */
export function findCredentials(
  state: SandboxState,
  accessKeyId: string,
  sessionToken: string | undefined,
  now: Instant,
): Credentials {
  const session = state.sessions.get(accessKeyId)
  if (session !== undefined) {
    if (session.sessionToken !== sessionToken) return { flaw: 'unknown-token' }
    if (now >= session.expiresAt) return { flaw: 'expired' }
    const account = state.accounts.get(session.account)
    const temporary = {
      account: session.account,
      sessionPolicies: session.sessionPolicies,
      issuedAt: session.issuedAt,
      expiresAt: session.expiresAt,
      sourceIdentity: session.sourceIdentity,
      accessGrantsInstanceArn: session.accessGrantsInstanceArn,
      identityCenter: session.identityCenter,
    }
    if (session.of.kind === 'user') {
      const user = account?.users.get(session.of.userName)
      if (user === undefined) return { flaw: 'unknown-key' }
      return {
        secretAccessKey: session.secretAccessKey,
        caller: {
          ...temporary,
          kind: 'iamUser',
          arn: user.arn,
          userId: user.userId,
          userName: user.userName,
          tags: user.tags,
        },
      }
    }
    const role = account?.roles.get(session.of.roleName)
    if (role === undefined) return { flaw: 'unknown-key' }
    return {
      secretAccessKey: session.secretAccessKey,
      caller: {
        ...temporary,
        kind: 'roleSession',
        arn: `arn:aws:sts::${session.account}:assumed-role/${role.roleName}/${session.sessionName}`,
        userId: `${role.roleId}:${session.sessionName}`,
        roleArn: role.arn,
        roleName: role.roleName,
        tags: session.tags.size === 0 ? role.tags : new Map([...role.tags, ...session.tags]),
      },
    }
  }

  const key = state.accessKeys.get(accessKeyId)
  if (key === undefined) return { flaw: 'unknown-key' }
  if (sessionToken !== undefined) return { flaw: 'unknown-token' }
  if (key.status !== 'Active') return { flaw: 'inactive-key' }
  if (key.userName === undefined) {
    const caller: Caller = {
      account: key.account,
      kind: 'root',
      arn: `arn:aws:iam::${key.account}:root`,
      userId: key.account,
    }
    return { secretAccessKey: key.secretAccessKey, caller }
  }
  const user = state.accounts.get(key.account)?.users.get(key.userName)
  if (user === undefined) return { flaw: 'unknown-key' }
  return {
    secretAccessKey: key.secretAccessKey,
    caller: {
      account: key.account,
      kind: 'iamUser',
      arn: user.arn,
      userId: user.userId,
      userName: user.userName,
      tags: user.tags,
    },
  }
}
