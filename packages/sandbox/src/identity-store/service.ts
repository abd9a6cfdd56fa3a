/** The Identity Store of IAM Identity Center. */
import { jsonService } from '../json-protocol.ts'
import type { Service } from '../service.ts'
import { createGroup, deleteGroup, describeGroup, getGroupId, listGroups } from './groups.ts'
import * as memberships from './memberships.ts'
import { openStore, type StoreHandler } from './store-call.ts'
import { createUser, deleteUser, describeUser, getUserId, listUsers } from './users.ts'

const operations: Readonly<Record<string, StoreHandler>> = {
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

export const identityStoreService: Service = jsonService({
  name: 'identitystore',
  target: 'AWSIdentityStore',
  handlers: Object.fromEntries(
    Object.entries(operations).map(([name, handle]) => [name, call => handle(openStore(call))] as const),
  ),
})
