/**
 * GetDataAccess: from a caller and a target to temporary credentials for no more than one grant gives.
 * Never vends without a grant that covers the whole target at the level asked for, nor beyond what the role itself may.
 */
import { judgeServiceAssume } from '../authorize.ts'
import { issueSession } from '../issue-credentials.ts'
import type { AccessGrant, AccessGrantsInstance, IamRole, Permission, Session } from '../state.ts'
import { isoSeconds, queryValue } from '../wire.ts'
import {
  type ControlCall,
  type ControlHandler,
  findInstance,
  instanceArn,
  permit,
  requireInstance,
} from './control-call.ts'
import { controlError } from './errors.ts'
import { printGrantee } from './grant.ts'
import { type GrantIndex, grantIndexOf } from './grant-index.ts'
import { granteesOf, servesApplication } from './grantee.ts'
import { coveringScopes } from './scope.ts'
import { readNumber, readPermission, readS3Path } from './validate.ts'
import { MAX_SESSION_POLICY_CHARACTERS, vendedPolicy } from './vended-policy.ts'

export const getDataAccess: ControlHandler = call => {
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })
  const instance = requireInstance(call)
  const asked = readRequest(call)
  const grant = findGrant(call, instance, asked)
  if (grant === undefined) {
    throw controlError(
      'AccessDenied',
      `You do not have ${asked.permission} permissions to the requested S3 Prefix: ${asked.target}`,
    )
  }
  const scope = asked.isMinimal ? asked.target : grant.scope
  const session = vend(call, instance, grant, asked, scope)
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: isoSeconds(session.expiresAt),
    },
    MatchedGrantTarget: scope,
    Grantee: printGrantee(grant),
  }
}

interface DataAccessRequest {
  readonly target: string
  readonly permission: Permission
  readonly durationSeconds: number
  readonly isMinimal: boolean
}

const DEFAULT_DURATION_SECONDS = 3600

function readRequest(call: ControlCall): DataAccessRequest {
  const { request } = call
  const privilege = queryValue(request, 'privilege') ?? 'Default'
  if (privilege !== 'Default' && privilege !== 'Minimal') {
    throw controlError('InvalidRequest', 'The specified Privilege is invalid')
  }
  const targetType = queryValue(request, 'targetType')
  if (targetType !== undefined && targetType !== 'Object') {
    throw controlError('InvalidRequest', 'The specified TargetType is invalid')
  }
  const target = readS3Path(queryValue(request, 'target'), 'target')
  if (target === 's3://') throw controlError('InvalidRequest', 'The specified target is invalid')
  if (targetType === 'Object' && target.endsWith('*')) {
    throw controlError('InvalidRequest', 'The specified target is not an object')
  }
  return {
    target,
    permission: readPermission(queryValue(request, 'permission')),
    durationSeconds: readNumber(request, 'durationSeconds', 900, 43_200) ?? DEFAULT_DURATION_SECONDS,
    isMinimal: privilege === 'Minimal',
  }
}

/**
 * The grant that answers: the closest to the target among those of the caller. For a session that carries a person, the
 * person's (and groups') grants and the role's are asked separately and the narrower of the two answers wins.
 */
function findGrant(
  call: ControlCall,
  instance: AccessGrantsInstance,
  asked: DataAccessRequest,
): AccessGrant | undefined {
  const grantees = granteesOf(call, instance)
  const index = grantIndexOf(instance, call.world.unknowns)
  const closest = (keys: readonly string[]) =>
    keys.length === 0
      ? undefined
      : closestGrant(call, instance, index, keys, asked, grant =>
          servesApplication(grant.applicationArn, grantees.applicationArn),
        )
  const ofPerson = closest(grantees.directory)
  const ofRole = closest(grantees.iam)
  if (ofPerson === undefined || ofRole === undefined) return ofPerson ?? ofRole
  if (ofPerson.scope.length !== ofRole.scope.length)
    return ofPerson.scope.length > ofRole.scope.length ? ofPerson : ofRole
  return breadth(ofRole) < breadth(ofPerson) ? ofRole : ofPerson
}

/** Ties on one scope go to the exact level, then to the person before a group, then to the older grant. */
function closestGrant(
  call: ControlCall,
  instance: AccessGrantsInstance,
  index: GrantIndex,
  grantees: readonly string[],
  asked: DataAccessRequest,
  isUsable: (grant: AccessGrant) => boolean,
): AccessGrant | undefined {
  const halves: Partial<Record<Permission, AccessGrant>> = {}
  for (const scope of scopesToTry(call, asked.target)) {
    const usable = grantees
      .flatMap(grantee => index.held(grantee, scope))
      .filter(grant => isUsable(grant) && stillVends(call, instance, grant))
    const serving = usable.filter(grant => serves(grant.permission, asked.permission))
    const exact = serving.find(grant => grant.permission === asked.permission)
    if (serving.length > 0) return exact ?? serving[0]
    if (asked.permission === 'READWRITE' && call.world.unknowns.readPlusWriteIsReadWrite) {
      for (const grant of usable) halves[grant.permission] ??= grant
      // Both halves are held from here up; the narrower of them, found first, is as far as both reach.
      if (halves.READ !== undefined && halves.WRITE !== undefined) {
        return halves.READ.scope.length > halves.WRITE.scope.length ? halves.READ : halves.WRITE
      }
    }
  }
  return undefined
}

function* scopesToTry(call: ControlCall, target: string): Generator<string> {
  const isBareBucket = /^s3:\/\/[^/*]+$/.test(target)
  if (isBareBucket && call.world.unknowns.bareBucketInsideBucketScope) yield `${target}/*`
  yield* coveringScopes(target)
}

const serves = (held: Permission, asked: Permission): boolean => held === asked || held === 'READWRITE'

const breadth = (grant: AccessGrant): number => (grant.permission === 'READWRITE' ? 2 : 1)

/** A new grant takes its time to vend, and a deleted one to stop, when a fault says so. */
function stillVends(call: ControlCall, instance: AccessGrantsInstance, grant: AccessGrant): boolean {
  const { faults, now } = call.world
  if (instance.grants.has(grant.id)) return faults.isPropagated('grant', grant.createdAt, now())
  const lingering = instance.lingering.get(grant.id)
  return lingering !== undefined && lingering.until > now()
}

function vend(
  call: ControlCall,
  instance: AccessGrantsInstance,
  grant: AccessGrant,
  asked: DataAccessRequest,
  scope: string,
): Session {
  const role = assumableRole(call, instance, grant)
  if (asked.durationSeconds > role.maxSessionDuration) {
    throw controlError(
      'StsValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  }
  const level = call.world.unknowns.readVendIsReadOnly ? asked.permission : levelOf(grant, asked.permission)
  const policy = vendedPolicy(scope, level, call.region, call.world.unknowns)
  if (policy.length > MAX_SESSION_POLICY_CHARACTERS) throw controlError('StsPackedPolicyTooLargeError')
  return issueSession(
    call.world,
    {
      account: instance.account,
      of: { kind: 'role', roleName: role.roleName },
      sessionName: `access-grants-${call.world.random.uuid()}`,
      sessionPolicies: [policy],
      tags: new Map(),
      accessGrantsInstanceArn: instance.arn,
      identityCenter: call.caller.identityCenter,
    },
    asked.durationSeconds,
  )
}

const levelOf = (grant: AccessGrant, asked: Permission): Permission =>
  grant.permission === 'READWRITE' ? 'READWRITE' : asked

/** The location's role, if its trust policy lets Access Grants assume it for this instance and this kind of grantee. */
function assumableRole(call: ControlCall, instance: AccessGrantsInstance, grant: AccessGrant): IamRole {
  const arn = instance.locations.get(grant.locationId)?.roleArn ?? ''
  const role = call.world.state.accounts.get(instance.account)?.roles.get(arn.slice(arn.lastIndexOf('/') + 1))
  const refusal = (action: string) =>
    controlError(
      'StsNotAuthorizedError',
      `User: access-grants.s3.amazonaws.com is not authorized to perform: ${action} on resource: ${arn}`,
    )
  if (role?.arn !== arn) throw refusal('sts:AssumeRole')
  const source = { 'aws:SourceAccount': instance.account, 'aws:SourceArn': instance.arn }
  const isTrusted = (action: 'sts:AssumeRole' | 'sts:SetSourceIdentity' | 'sts:SetContext', more = {}) =>
    judgeServiceAssume(call.world, 'access-grants.s3.amazonaws.com', { role, action, context: { ...source, ...more } })
      .allowed
  if (!isTrusted('sts:AssumeRole')) throw refusal('sts:AssumeRole')
  if (call.world.unknowns.setSourceIdentityRequired && !isTrusted('sts:SetSourceIdentity')) {
    throw refusal('sts:SetSourceIdentity')
  }
  const provider = { 'sts:RequestContextProviders': ['arn:aws:iam::aws:contextProvider/IdentityCenter'] }
  if (grant.granteeType !== 'IAM' && !isTrusted('sts:SetContext', provider)) throw refusal('sts:SetContext')
  return role
}
