/** IAM: one table from operation to handler, in the order a newcomer would meet them. */
import { authErrorOf } from '../auth-errors.ts'
import { queryAnswer, queryError, readForm } from '../query-protocol.ts'
import type { Service, ServiceCall } from '../service.ts'
import { AwsError, type WireResponse } from '../wire.ts'
import { createAccessKey, deleteAccessKey, listAccessKeys, updateAccessKey } from './access-keys.ts'
import { getAccountAuthorizationDetails } from './account-details.ts'
import { getAccountSummary } from './account-summary.ts'
import * as boundaries from './boundaries.ts'
import type { IamHandler } from './iam-call.ts'
import * as inline from './inline-policies.ts'
import * as managed from './managed-policies.ts'
import { createRole, deleteRole, getRole, listRoles, updateAssumeRolePolicy, updateRole } from './roles.ts'
import { simulatePrincipalPolicy } from './simulate.ts'
import * as tags from './tags.ts'
import { createUser, deleteUser, getUser, listUsers } from './users.ts'

const namespace = 'https://iam.amazonaws.com/doc/2010-05-08/'

export const iamService: Service = {
  name: 'iam',
  operationOf: request => {
    const action = readForm(request).get('Action') ?? ''
    return Object.hasOwn(handlers, action) ? action : undefined
  },
  handle,
  printError: (error, _request, requestId) => queryError(namespace, error, requestId),
  unknownOperation: request =>
    new AwsError(
      'InvalidAction',
      400,
      `Could not find operation ${readForm(request).get('Action')} for version 2010-05-08`,
    ),
  authError: flaw => authErrorOf('query', flaw),
  throttled: () => new AwsError('Throttling', 400, 'Rate exceeded'),
}

const handlers: Readonly<Record<string, IamHandler>> = {
  CreateUser: createUser,
  GetUser: getUser,
  ListUsers: listUsers,
  DeleteUser: deleteUser,
  CreateAccessKey: createAccessKey,
  ListAccessKeys: listAccessKeys,
  UpdateAccessKey: updateAccessKey,
  DeleteAccessKey: deleteAccessKey,
  CreateRole: createRole,
  GetRole: getRole,
  ListRoles: listRoles,
  UpdateRole: updateRole,
  UpdateAssumeRolePolicy: updateAssumeRolePolicy,
  DeleteRole: deleteRole,
  PutUserPolicy: inline.putUserPolicy,
  GetUserPolicy: inline.getUserPolicy,
  ListUserPolicies: inline.listUserPolicies,
  DeleteUserPolicy: inline.deleteUserPolicy,
  PutRolePolicy: inline.putRolePolicy,
  GetRolePolicy: inline.getRolePolicy,
  ListRolePolicies: inline.listRolePolicies,
  DeleteRolePolicy: inline.deleteRolePolicy,
  CreatePolicy: managed.createPolicy,
  GetPolicy: managed.getPolicy,
  ListPolicies: managed.listPolicies,
  DeletePolicy: managed.deletePolicy,
  CreatePolicyVersion: managed.createPolicyVersion,
  GetPolicyVersion: managed.getPolicyVersion,
  DeletePolicyVersion: managed.deletePolicyVersion,
  AttachUserPolicy: managed.attachUserPolicy,
  DetachUserPolicy: managed.detachUserPolicy,
  ListAttachedUserPolicies: managed.listAttachedUserPolicies,
  AttachRolePolicy: managed.attachRolePolicy,
  DetachRolePolicy: managed.detachRolePolicy,
  ListAttachedRolePolicies: managed.listAttachedRolePolicies,
  PutUserPermissionsBoundary: boundaries.putUserPermissionsBoundary,
  DeleteUserPermissionsBoundary: boundaries.deleteUserPermissionsBoundary,
  PutRolePermissionsBoundary: boundaries.putRolePermissionsBoundary,
  DeleteRolePermissionsBoundary: boundaries.deleteRolePermissionsBoundary,
  GetAccountAuthorizationDetails: getAccountAuthorizationDetails,
  GetAccountSummary: getAccountSummary,
  SimulatePrincipalPolicy: simulatePrincipalPolicy,
  TagUser: tags.tagUser,
  UntagUser: tags.untagUser,
  ListUserTags: tags.listUserTags,
  TagRole: tags.tagRole,
  UntagRole: tags.untagRole,
  ListRoleTags: tags.listRoleTags,
}

function handle(call: ServiceCall): WireResponse {
  const { world, caller, operation, request, requestId } = call
  const handler = handlers[operation]
  const account = world.state.accounts.get(caller.account)
  // Neither happens behind the server, which asks operationOf first and knows the caller's account.
  if (!handler || !account) throw new AwsError('InvalidAction', 400, `Could not find operation ${operation}`)
  return queryAnswer(namespace, operation, handler({ call, world, form: readForm(request), account }), requestId)
}
