/**
 * The bridge between the sandbox and `@headgate/iam`: gathers every policy that bears on a request, and its context.
 * Promises AWS's wording of the refusal by layer. Never lets through what the evaluation does not allow.
 */
import {
  denialText,
  evaluate,
  type NamedPolicy,
  type Policies,
  type PolicyDocument,
  type PolicyKind,
  type Principal,
  parsePolicy,
  type Request,
  type Verdict,
} from '@headgate/iam'
import type { Caller } from './caller.ts'
import { awsManagedPolicy } from './iam/aws-managed-policies.ts'
import type { AccessQuestion, World } from './service.ts'
import type { Account, IamRole, IamUser } from './state.ts'
import { AwsError, isoSeconds } from './wire.ts'

/** Returns when AWS would let the caller do it; throws AccessDenied in AWS's words otherwise. */
export function authorize(world: World, caller: Caller, question: AccessQuestion): void {
  const request = requestOf(world, caller, question)
  const { resourcePolicy, keyPolicy } = question
  const policies = {
    ...ownPolicies(world, caller),
    ...(resourcePolicy !== undefined && { resource: named('resource', resourcePolicy, 'resource') }),
    ...(keyPolicy !== undefined && { key: named('key', keyPolicy, 'resource') }),
  }
  refuseUnlessAllowed(request, evaluate(request, policies))
}

export interface TrustQuestion {
  readonly role: IamRole
  readonly action: 'sts:AssumeRole' | 'sts:SetSourceIdentity' | 'sts:SetContext' | 'sts:TagSession'
  readonly context?: AccessQuestion['context']
}

/** Whether the caller's own policies and the role's trust policy let it be assumed. Throws AccessDenied. */
export function authorizeAssume(world: World, caller: Caller, question: TrustQuestion): void {
  const { role, action, context } = question
  const asked = { action, resource: role.arn, resourceAccount: accountOf(role), context }
  const request = requestOf(world, caller, asked)
  refuseUnlessAllowed(request, evaluate(request, { ...ownPolicies(world, caller), trust: trustOf(role) }))
}

/** Whether a role's trust policy lets an AWS service (`access-grants.s3.amazonaws.com`) assume it. */
export function judgeServiceAssume(world: World, service: string, question: TrustQuestion): Verdict {
  const { role, action, context } = question
  const request: Request = {
    principal: { kind: 'service', service },
    action,
    resource: role.arn,
    resourceAccount: accountOf(role),
    context: { ...clockContext(world), 'aws:PrincipalIsAWSService': 'true', ...context },
  }
  return evaluate(request, { identity: [], trust: trustOf(role) })
}

function refuseUnlessAllowed(request: Request, verdict: Verdict): void {
  if (verdict.allowed) return
  const service = request.action.split(':')[0]
  const text = denialText(request, verdict, { quoteResource: service === 's3' })
  throw speakJson.has(service ?? '')
    ? new AwsError('AccessDeniedException', 400, text)
    : new AwsError('AccessDenied', 403, text)
}

const speakJson = new Set(['identitystore', 'sso', 'sso-oauth', 'kms'])

function requestOf(world: World, caller: Caller, question: AccessQuestion): Request {
  return {
    principal: principalOf(caller),
    action: question.action,
    resource: question.resource,
    resourceAccount: question.resourceAccount,
    context: {
      ...clockContext(world),
      ...callerContext(caller),
      'aws:ResourceAccount': question.resourceAccount,
      ...question.context,
    },
  }
}

function principalOf(caller: Caller): Principal {
  const { account, arn } = caller
  switch (caller.kind) {
    case 'anonymous':
      return { kind: 'anonymous' }
    case 'root':
      return { kind: 'root', account, arn }
    case 'iamUser':
      return { kind: 'user', account, arn, id: caller.userId }
    case 'roleSession':
      return { kind: 'roleSession', account, arn, roleArn: caller.roleArn ?? arn, id: caller.userId }
  }
}

function ownPolicies(world: World, caller: Caller): Policies {
  const account = world.state.accounts.get(caller.account)
  const holder = account && holderOf(account, caller)
  const session = (caller.sessionPolicies ?? []).map((text, i) => named(`session ${i + 1}`, text, 'identity'))
  return account && holder ? { ...attachedPolicies(account, holder), session } : { identity: [], session }
}

/** What hangs on a user or role itself: inline and managed policies, and the boundary. */
export function attachedPolicies(account: Account, holder: IamUser | IamRole): Pick<Policies, 'identity' | 'boundary'> {
  return {
    identity: [
      ...[...holder.inlinePolicies].map(([name, text]) => named(name, text, 'identity')),
      ...[...holder.attachedPolicies].flatMap(arn => managed(account, arn) ?? []),
    ],
    ...(holder.permissionsBoundary ? { boundary: boundaryOf(account, holder.permissionsBoundary) } : {}),
  }
}

function holderOf(account: Account, caller: Caller): IamUser | IamRole | undefined {
  if (caller.kind === 'iamUser' && caller.userName) return account.users.get(caller.userName)
  if (caller.kind === 'roleSession' && caller.roleName) return account.roles.get(caller.roleName)
  return undefined
}

function managed(account: Account, arn: string): NamedPolicy | undefined {
  const own = account.policies.get(arn)
  const text = own ? own.versions.get(own.defaultVersion)?.document : awsManagedPolicy(arn)
  return text === undefined ? undefined : named(arn, text, 'identity')
}

/** A boundary whose policy is gone allows nothing, rather than bounding nothing. */
function boundaryOf(account: Account, arn: string): NamedPolicy {
  return managed(account, arn) ?? { name: arn, document: { version: '2012-10-17', statements: [] } }
}

function trustOf(role: IamRole): NamedPolicy {
  return named(role.roleName, role.trustPolicy, 'trust')
}

function accountOf(role: IamRole): string {
  return role.arn.split(':')[4] ?? ''
}

function callerContext(caller: Caller): Request['context'] {
  if (caller.kind === 'anonymous') return { 'aws:PrincipalType': 'Anonymous' }
  const tags = [...(caller.tags ?? [])].map(([key, value]) => [`aws:PrincipalTag/${key}`, value] as const)
  return {
    'aws:PrincipalArn': caller.roleArn ?? caller.arn,
    'aws:PrincipalAccount': caller.account,
    'aws:PrincipalType': principalTypes[caller.kind],
    'aws:PrincipalIsAWSService': 'false',
    'aws:userid': caller.userId,
    'aws:username': caller.userName,
    'aws:TokenIssueTime': caller.issuedAt === undefined ? undefined : isoSeconds(caller.issuedAt),
    'aws:SourceIdentity': caller.sourceIdentity,
    's3:AccessGrantsInstanceArn': caller.accessGrantsInstanceArn,
    'identitystore:UserId': caller.identityCenter?.userId,
    ...Object.fromEntries(tags),
  }
}

const principalTypes = { root: 'Account', iamUser: 'User', roleSession: 'AssumedRole' } as const

export function clockContext(world: World): Request['context'] {
  const now = world.now()
  return {
    'aws:CurrentTime': isoSeconds(now),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    // The sandbox stands for AWS, which is reached over TLS; policies that insist on it must not break on localhost.
    'aws:SecureTransport': 'true',
  }
}

export function named(name: string, text: string, kind: PolicyKind): NamedPolicy {
  return { name, document: parsedOnce(text, kind) }
}

// Every request reads the same few documents again; a parsed one depends on nothing but its text and kind.
const parsed = new Map<string, PolicyDocument>()
const parsedAtMost = 10_000

function parsedOnce(text: string, kind: PolicyKind): PolicyDocument {
  const key = `${kind} ${text}`
  let document = parsed.get(key)
  if (!document) {
    document = parsePolicy(text, kind)
    if (parsed.size >= parsedAtMost) parsed.clear()
    parsed.set(key, document)
  }
  return document
}
