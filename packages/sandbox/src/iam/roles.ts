/** IAM roles: made with their trust policy, read, changed, listed, deleted once nothing hangs on them. */
import { parsePolicy } from '@headgate/iam'
import { newUniqueId } from '../issue-credentials.ts'
import { numberField, requiredField, tagsField } from '../query-protocol.ts'
import type { IamRole, SandboxState } from '../state.ts'
import { AwsError, isoSeconds, type XmlFields } from '../wire.ts'
import { boundaryField, boundaryFields } from './boundaries.ts'
import {
  authorizeIam,
  checkedPolicy,
  checkName,
  deleteConflict,
  entityAlreadyExists,
  findRole,
  type IamCall,
  type IamHandler,
  iamArn,
  limitExceeded,
  namedAnyhow,
  pageOf,
  pathField,
  policySize,
  tagContext,
  tagFields,
} from './iam-call.ts'

export const createRole: IamHandler = iam => {
  const { form, account, world } = iam
  const roleName = checkName('RoleName', requiredField(form, 'RoleName'), 64)
  const path = pathField(form)
  const tags = tagsField(form)
  const permissionsBoundary = boundaryField(iam)
  const maxSessionDuration = numberField(form, 'MaxSessionDuration', 3600, 43_200) ?? 3600
  const arn = iamArn(account, 'role', path + roleName)
  authorizeIam(iam, arn, { ...tagContext(tags), 'iam:PermissionsBoundary': permissionsBoundary })
  if (namedAnyhow(account.roles, roleName)) throw entityAlreadyExists(`Role with name ${roleName} already exists.`)
  const role: IamRole = {
    roleName,
    path,
    arn,
    roleId: newUniqueId(world.random, 'AROA'),
    createdAt: world.now(),
    description: form.get('Description'),
    trustPolicy: trustPolicyField(iam, 'AssumeRolePolicyDocument'),
    maxSessionDuration,
    inlinePolicies: new Map(),
    attachedPolicies: new Set(),
    permissionsBoundary,
    tags: new Map(tags),
  }
  account.roles.set(roleName, role)
  return { Role: roleFields(role) }
}

export const getRole: IamHandler = iam => {
  const role = authorizedRole(iam)
  return { Role: roleFields(role) }
}

export const listRoles: IamHandler = iam => {
  const prefix = iam.form.get('PathPrefix') ?? '/'
  authorizeIam(iam, iamArn(iam.account, 'role', prefix))
  const roles = [...iam.account.roles.values()].filter(role => role.path.startsWith(prefix))
  const page = pageOf(iam.form, roles, role => role.roleName)
  // Lists leave tags and boundaries out, as AWS does.
  return { Roles: { member: page.items.map(bareFields) }, ...page.fields }
}

export const updateRole: IamHandler = iam => {
  const role = authorizedRole(iam)
  role.maxSessionDuration = numberField(iam.form, 'MaxSessionDuration', 3600, 43_200) ?? role.maxSessionDuration
  role.description = iam.form.get('Description') ?? role.description
  return {}
}

export const updateAssumeRolePolicy: IamHandler = iam => {
  const role = authorizedRole(iam)
  role.trustPolicy = trustPolicyField(iam, 'PolicyDocument')
  return undefined
}

export const deleteRole: IamHandler = iam => {
  const role = authorizedRole(iam)
  if (role.attachedPolicies.size > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.')
  if (role.inlinePolicies.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.')
  iam.account.roles.delete(role.roleName)
  return undefined
}

/** Permission first, so that who may not look does not learn whether the role is there. */
function authorizedRole(iam: IamCall): IamRole {
  const roleName = requiredField(iam.form, 'RoleName')
  const role = namedAnyhow(iam.account.roles, roleName)
  authorizeIam(iam, role?.arn ?? iamArn(iam.account, 'role', `/${roleName}`), tagContext(new Map(), role?.tags))
  return findRole(iam, roleName)
}

function trustPolicyField({ form, world }: IamCall, field: string): string {
  const text = checkedPolicy(requiredField(form, field), 'trust')
  if (policySize(text) > 2048) throw limitExceeded('Cannot exceed quota for ACLSizePerRole: 2048')
  for (const statement of parsePolicy(text, 'trust').statements) {
    for (const { type, value } of statement.principals?.names ?? []) {
      if (type === 'AWS' && !exists(world.state, value)) {
        throw new AwsError('MalformedPolicyDocument', 400, `Invalid principal in policy: "AWS":"${value}"`)
      }
    }
  }
  return text
}

/** AWS takes users and roles into a trust policy only while they exist; accounts it takes as they are. */
function exists(state: SandboxState, principal: string): boolean {
  const [, account = '', kind, name = ''] =
    /^arn:[^:]+:iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/.exec(principal) ?? []
  if (kind === undefined) return true
  const holder = state.accounts.get(account)
  return (kind === 'user' ? holder?.users.get(name) : holder?.roles.get(name))?.arn === principal
}

/** All that AWS tells of one role. */
export function roleFields(role: IamRole): XmlFields {
  return {
    ...bareFields(role),
    ...boundaryFields(role),
    Tags: role.tags.size > 0 ? tagFields(role.tags) : undefined,
  }
}

function bareFields(role: IamRole): XmlFields {
  return {
    Path: role.path,
    RoleName: role.roleName,
    RoleId: role.roleId,
    Arn: role.arn,
    CreateDate: isoSeconds(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trustPolicy),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
  }
}
