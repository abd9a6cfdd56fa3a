/** The Identity Store of IAM Identity Center: JSON over `x-amz-target: AWSIdentityStore.<operation>`. */
import { authErrorOf } from '../auth-errors.ts'
import type { Service } from '../service.ts'
import { AwsError, jsonResponse, type WireRequest } from '../wire.ts'
import { createGroup, deleteGroup, describeGroup, getGroupId, listGroups } from './groups.ts'
import * as memberships from './memberships.ts'
import { openStore, type StoreHandler } from './store-call.ts'
import { createUser, deleteUser, describeUser, getUserId, listUsers } from './users.ts'

export const identityStoreService: Service = {
  name: 'identitystore',
  operationOf: request => {
    const operation = targetOf(request)
    return Object.hasOwn(handlers, operation) ? operation : undefined
  },
  handle: call => jsonResponse(200, handlers[call.operation]?.(openStore(call)), contentType),
  printError: (error, _request, requestId) =>
    jsonResponse(
      error.status,
      { __type: error.code, Message: error.message, RequestId: requestId, ...error.fields },
      contentType,
    ),
  unknownOperation: request => new AwsError('UnknownOperationException', 400, `Unknown operation ${targetOf(request)}`),
  authError: flaw => authErrorOf('json', flaw),
  throttled: () => new AwsError('ThrottlingException', 400, 'Rate exceeded'),
}

const contentType = 'application/x-amz-json-1.1'

const handlers: Readonly<Record<string, StoreHandler>> = {
  CreateUser: createUser,
  DescribeUser: describeUser,
  ListUsers: listUsers,
  DeleteUser: deleteUser,
  GetUserId: getUserId,
  CreateGroup: createGroup,
  DescribeGroup: describeGroup,
  ListGroups: listGroups,
  DeleteGroup: deleteGroup,
  GetGroupId: getGroupId,
  CreateGroupMembership: memberships.createGroupMembership,
  ListGroupMemberships: memberships.listGroupMemberships,
  ListGroupMembershipsForMember: memberships.listGroupMembershipsForMember,
  DescribeGroupMembership: memberships.describeGroupMembership,
  GetGroupMembershipId: memberships.getGroupMembershipId,
  IsMemberInGroups: memberships.isMemberInGroups,
  DeleteGroupMembership: memberships.deleteGroupMembership,
}

function targetOf(request: WireRequest): string {
  return request.headers['x-amz-target']?.replace(/^AWSIdentityStore\./, '') ?? ''
}
