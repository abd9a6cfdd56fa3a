/** A sandbox with one account for a test file, and real AWS clients that speak to it. */
import { S3ControlClient } from '@aws-sdk/client-s3-control'
import { type Bootstrap, type Sandbox, type SandboxOptions, startSandbox } from '../src/index.ts'
import type { IamRole, IamUser } from '../src/state.ts'

export const ACCOUNT = '111122223333'
export const REGION = 'eu-west-1'

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** Starts a sandbox whose own bugs are told on standard error; the client sees them as InternalError, which no test expects unasked. */
export async function startTestSandbox(options: SandboxOptions = {}): Promise<{ sandbox: Sandbox; admin: Bootstrap }> {
  const sandbox = await startSandbox({
    onBug: error => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
    ...options,
  })
  return { sandbox, admin: sandbox.makeAccount(ACCOUNT) }
}

export function controlClient(
  sandbox: Pick<Sandbox, 'url'>,
  keys: Keys,
  options: { readonly region?: string; readonly maxAttempts?: number } = {},
): S3ControlClient {
  const region = options.region ?? REGION
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  return new S3ControlClient({
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    maxAttempts: options.maxAttempts ?? 1,
    disableHostPrefix: true,
    endpointProvider: () => ({
      url: new URL(sandbox.url),
      properties: {
        authSchemes: [
          { name: 'sigv4', signingName: 's3', signingRegion: region, disableDoubleEncoding: true, properties: {} },
        ],
      },
      headers: {},
    }),
  })
}

/** Trusted by Access Grants, as the user guide sets it up. */
export const LOCATION_TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'access-grants.s3.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
      Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
    },
    {
      Effect: 'Allow',
      Principal: { Service: 'access-grants.s3.amazonaws.com' },
      Action: 'sts:SetContext',
      Condition: {
        'ForAllValues:ArnEquals': { 'sts:RequestContextProviders': 'arn:aws:iam::aws:contextProvider/IdentityCenter' },
      },
    },
  ],
})

export const ALLOW_ALL = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
})

/** Puts a role into the account as CreateRole would; these tests are about S3 Control, not IAM. */
export function putRole(
  sandbox: Pick<Sandbox, 'state'>,
  roleName: string,
  given: Partial<IamRole> & { account?: string } = {},
): IamRole {
  const { account = ACCOUNT, path = '/', ...rest } = given
  const role: IamRole = {
    roleName,
    path,
    arn: `arn:aws:iam::${account}:role${path}${roleName}`,
    roleId: `AROA${roleName.toUpperCase()}`,
    createdAt: Date.now(),
    trustPolicy: LOCATION_TRUST,
    maxSessionDuration: 3600,
    inlinePolicies: new Map([['all', ALLOW_ALL]]),
    attachedPolicies: new Set(),
    tags: new Map(),
    ...rest,
  }
  sandbox.state.accounts.get(account)?.roles.set(roleName, role)
  return role
}

export function putUser(
  sandbox: Pick<Sandbox, 'state'>,
  userName: string,
  policy: string | undefined = ALLOW_ALL,
  given: Partial<IamUser> & { account?: string } = {},
): { user: IamUser; keys: Keys } {
  const { account = ACCOUNT, ...rest } = given
  const user: IamUser = {
    userName,
    path: '/',
    arn: `arn:aws:iam::${account}:user/${userName}`,
    userId: `AIDA${userName.toUpperCase()}`,
    createdAt: Date.now(),
    inlinePolicies: new Map(policy === undefined ? [] : [['inline', policy]]),
    attachedPolicies: new Set(),
    tags: new Map(),
    ...rest,
  }
  sandbox.state.accounts.get(account)?.users.set(userName, user)
  const keys = { accessKeyId: `AKIA${account}${userName}`.toUpperCase(), secretAccessKey: `secret of ${userName}` }
  sandbox.state.accessKeys.set(keys.accessKeyId, {
    ...keys,
    account,
    userName,
    status: 'Active',
    createdAt: user.createdAt,
  })
  return { user, keys }
}

export function putBucket(
  sandbox: Pick<Sandbox, 'state'>,
  name: string,
  given: { account?: string; region?: string } = {},
): void {
  const { account = ACCOUNT, region = REGION } = given
  sandbox.state.buckets.set(name, {
    name,
    account,
    region,
    createdAt: Date.now(),
    tags: new Map(),
    objects: new Map(),
  })
}

/** Credentials of a session of the role, as AssumeRole would hand them out. */
export function putSession(
  sandbox: Pick<Sandbox, 'state'>,
  role: IamRole,
  given: {
    expiresAt?: number
    identityCenter?: { identityStoreId: string; userId: string; applicationArn?: string }
  } = {},
): Required<Keys> {
  const accessKeyId = `ASIA${sandbox.state.sessions.size}`
  const keys = { accessKeyId, secretAccessKey: 'session secret', sessionToken: `token of ${accessKeyId}` }
  sandbox.state.sessions.set(accessKeyId, {
    ...keys,
    account: role.arn.split(':')[4] as string,
    of: { kind: 'role', roleName: role.roleName },
    sessionName: 'test',
    sessionPolicies: [],
    tags: new Map(),
    issuedAt: Date.now(),
    expiresAt: given.expiresAt ?? Date.now() + 3_600_000,
    identityCenter: given.identityCenter,
  })
  return keys
}

/** The name and status a call was refused with; throws when it was not refused. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; status: number; message: string }> {
  try {
    await call
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
    return { name, message, status: $metadata?.httpStatusCode ?? 0 }
  }
  throw new Error('the call was not refused')
}
