/**
 * STS: who am I, assume a role, a session for a user.
 * Never says whether a role exists: to those who may not assume it, one that is missing is refused in the same words.
 */
import { deflateRawSync } from 'node:zlib'
import { PolicySyntaxError, parsePolicy } from '@headgate/iam'
import { authErrorOf } from './auth-errors.ts'
import { authorizeAssume, type TrustQuestion } from './authorize.ts'
import { awsManagedPolicy } from './iam/aws-managed-policies.ts'
import { identityCenterContextProvider, readAssertion } from './identity-center.ts'
import { issueSession } from './issue-credentials.ts'
import {
  checkPattern,
  type Form,
  listField,
  numberField,
  queryAnswer,
  queryError,
  readForm,
  requiredField,
  tagsField,
  validationError,
} from './query-protocol.ts'
import type { Service, ServiceCall } from './service.ts'
import type { IamRole, IdentityContext, Session } from './state.ts'
import { AwsError, isoSeconds, type XmlFields } from './wire.ts'

const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

export const stsService: Service = {
  name: 'sts',
  operationOf: request => {
    const action = readForm(request).get('Action') ?? ''
    return Object.hasOwn(handlers, action) ? action : undefined
  },
  handle: call =>
    queryAnswer(namespace, call.operation, handlers[call.operation]?.(call, readForm(call.request)), call.requestId),
  printError: (error, _request, requestId) => queryError(namespace, error, requestId),
  unknownOperation: request =>
    new AwsError(
      'InvalidAction',
      400,
      `Could not find operation ${readForm(request).get('Action')} for version 2011-06-15`,
    ),
  authError: flaw => authErrorOf('query', flaw),
  throttled: () => new AwsError('Throttling', 400, 'Rate exceeded'),
}

const handlers: Readonly<Record<string, (call: ServiceCall, form: Form) => XmlFields>> = {
  GetCallerIdentity: getCallerIdentity,
  AssumeRole: assumeRole,
  GetSessionToken: getSessionToken,
}

/** Needs no permission: AWS lets everybody ask who they are. */
function getCallerIdentity({ caller }: ServiceCall): XmlFields {
  return { UserId: caller.userId, Account: caller.account, Arn: caller.arn }
}

function assumeRole(call: ServiceCall, form: Form): XmlFields {
  const { world, caller } = call
  const sessionName = requiredField(form, 'RoleSessionName')
  checkPattern('RoleSessionName', sessionName, /^[\w+=,.@-]{2,}$/, 64)
  const roleArn = requiredField(form, 'RoleArn')
  const durationSeconds = numberField(form, 'DurationSeconds', 900, 43_200) ?? 3600
  const sourceIdentity = sourceIdentityOf(call, form)
  const tags = tagsField(form)
  if (caller.kind === 'root') throw new AwsError('AccessDenied', 403, 'Roles may not be assumed by root accounts.')

  const role = findRole(call, roleArn)
  const identityCenter = providedContext(call, form)
  authorizeSession(call, form, role, { sessionName, sourceIdentity, tags, identityCenter })

  if (caller.kind === 'roleSession' && durationSeconds > 3600) {
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  }
  if (durationSeconds > role.maxSessionDuration) {
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  }
  const sessionPolicies = sessionPoliciesOf(call, form)
  const packed = packedPolicyPercent(sessionPolicies, tags)
  if (packed > 100) {
    throw new AwsError(
      'PackedPolicyTooLarge',
      400,
      `Packed policy consumes ${packed}% of allotted space, please use smaller policy.`,
    )
  }
  const session = issueSession(
    world,
    {
      account: role.arn.split(':')[4] ?? '',
      of: { kind: 'role', roleName: role.roleName },
      sessionName,
      sessionPolicies,
      tags,
      sourceIdentity,
      identityCenter,
    },
    durationSeconds,
  )
  return {
    Credentials: credentialFields(session),
    AssumedRoleUser: {
      AssumedRoleId: `${role.roleId}:${sessionName}`,
      Arn: `arn:aws:sts::${session.account}:assumed-role/${role.roleName}/${sessionName}`,
    },
    PackedPolicySize: sessionPolicies.length + tags.size > 0 ? packed : undefined,
    SourceIdentity: sourceIdentity,
  }
}

function getSessionToken({ world, caller }: ServiceCall, form: Form): XmlFields {
  const durationSeconds = numberField(form, 'DurationSeconds', 900, 129_600) ?? 43_200
  if (caller.issuedAt !== undefined) {
    throw new AwsError('AccessDenied', 403, 'Cannot call GetSessionToken with session credentials')
  }
  if (caller.userName === undefined) {
    throw new AwsError('AccessDenied', 403, 'This sandbox gives session tokens to IAM users only')
  }
  const session = issueSession(
    world,
    {
      account: caller.account,
      of: { kind: 'user', userName: caller.userName },
      sessionPolicies: [],
      tags: new Map(),
    },
    durationSeconds,
  )
  return { Credentials: credentialFields(session) }
}

function credentialFields(session: Session): XmlFields {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: isoSeconds(session.expiresAt),
  }
}

function findRole({ world, caller }: ServiceCall, roleArn: string): IamRole {
  checkPattern('RoleArn', roleArn, /^arn:aws[a-z-]*:iam::\d{12}:role\/[\u0021-\u007E]+$/, 2048)
  const [, , , , account = '', path = ''] = roleArn.split(':')
  const role = world.state.accounts.get(account)?.roles.get(path.slice(path.lastIndexOf('/') + 1))
  const isThere = role?.arn === roleArn && world.faults.isPropagated('role', role.createdAt, world.now())
  if (role && isThere) return role
  throw new AwsError(
    'AccessDenied',
    403,
    `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
  )
}

/** A source identity, once set, stays through every role assumed after. */
function sourceIdentityOf({ caller }: ServiceCall, form: Form): string | undefined {
  const asked = form.get('SourceIdentity')
  if (asked !== undefined) checkPattern('SourceIdentity', asked, /^[\w+=,.@-]{2,}$/, 64)
  const kept = caller.sourceIdentity
  if (kept !== undefined && asked !== undefined && asked !== kept) {
    throw new AwsError('AccessDenied', 403, 'The source identity of a session cannot be changed.')
  }
  return kept ?? asked
}

function providedContext({ world }: ServiceCall, form: Form): IdentityContext | undefined {
  const contexts = listField(form, 'ProvidedContexts')
  if (contexts.length === 0) return undefined
  const [context] = contexts
  if (contexts.length > 1 || context?.get('ProviderArn') !== identityCenterContextProvider) {
    throw validationError(`The one context provider is ${identityCenterContextProvider}.`)
  }
  return readAssertion(world.state, context.get('ContextAssertion') ?? '', world.now())
}

interface Asked {
  readonly sessionName: string
  readonly sourceIdentity: string | undefined
  readonly tags: ReadonlyMap<string, string>
  readonly identityCenter: IdentityContext | undefined
}

/** Each thing that a session may carry is an action of its own, which the role must trust the caller with. */
function authorizeSession({ world, caller }: ServiceCall, form: Form, role: IamRole, asked: Asked): void {
  const { sessionName, sourceIdentity, tags, identityCenter } = asked
  const context = {
    'sts:RoleSessionName': sessionName,
    'sts:ExternalId': form.get('ExternalId'),
    'sts:SourceIdentity': sourceIdentity,
    'sts:RequestContextProviders': identityCenter ? [identityCenterContextProvider] : undefined,
    'aws:TagKeys': tags.size > 0 ? [...tags.keys()] : undefined,
    ...Object.fromEntries([...tags].map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    ...Object.fromEntries([...role.tags].map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
  }
  const actions: readonly TrustQuestion['action'][] = [
    'sts:AssumeRole',
    ...(sourceIdentity === undefined ? [] : (['sts:SetSourceIdentity'] as const)),
    ...(tags.size === 0 ? [] : (['sts:TagSession'] as const)),
    ...(identityCenter === undefined ? [] : (['sts:SetContext'] as const)),
  ]
  for (const action of actions) authorizeAssume(world, caller, { role, action, context })
}

function sessionPoliciesOf({ world, caller }: ServiceCall, form: Form): readonly string[] {
  const inline = form.get('Policy')
  const managed = listField(form, 'PolicyArns').map(member => {
    const arn = member.get('arn') ?? ''
    const policy = world.state.accounts.get(arn.split(':')[4] ?? caller.account)?.policies.get(arn)
    const text = policy ? policy.versions.get(policy.defaultVersion)?.document : awsManagedPolicy(arn)
    if (text !== undefined) return text
    throw new AwsError('MalformedPolicyDocument', 400, `Policy ARN ${arn} does not exist or is not attachable.`)
  })
  if (inline === undefined) return managed
  if (inline.length > 2048) {
    throw validationError(
      `1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048`,
    )
  }
  try {
    parsePolicy(inline, 'identity')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw new AwsError('MalformedPolicyDocument', 400, error.message)
    throw error
  }
  return [inline, ...managed]
}

/**
 * How much of the room for policies and tags in a session token they take, in percent. AWS does not publish its
 * packing; deflate into 2,048 bytes is a stand-in that grows and gives way in the same direction.
 */
function packedPolicyPercent(policies: readonly string[], tags: ReadonlyMap<string, string>): number {
  if (policies.length + tags.size === 0) return 0
  const packed = deflateRawSync(JSON.stringify([policies, [...tags]]))
  return Math.ceil((packed.length / 2048) * 100)
}
