/** Who is in which group. A membership is kept on both sides; both change together, here and nowhere else but deletions. */

import { type Input, pageOf, requiredText } from '../json-protocol.ts'
import type { IdentityStore } from '../state.ts'
import { findGroup } from './groups.ts'
import { authorizeStore, conflict, memberUserId, notFound, type StoreHandler } from './store-call.ts'
import { findUser } from './users.ts'

export const createGroupMembership: StoreHandler = asked => {
  const { input, store } = asked
  const groupId = requiredText(input, 'GroupId')
  const userId = memberUserId(input)
  authorizeStore(asked, `group/${groupId}`, `user/${userId}`)
  const group = findGroup(store, groupId)
  const user = findUser(store, userId)
  if (group.members.has(userId)) throw conflict('Member and Group relationship already exists.')
  const membershipId = asked.world.random.uuid()
  group.members.set(userId, membershipId)
  user.memberships.set(groupId, membershipId)
  return { IdentityStoreId: store.identityStoreId, MembershipId: membershipId }
}

export const listGroupMemberships: StoreHandler = asked => {
  const { input, store } = asked
  const groupId = requiredText(input, 'GroupId')
  authorizeStore(asked, `group/${groupId}`)
  const memberships = [...findGroup(store, groupId).members].map(([userId, id]) => ({ id, groupId, userId }))
  return printPage(input, store, memberships)
}

export const listGroupMembershipsForMember: StoreHandler = asked => {
  const { input, store } = asked
  const userId = memberUserId(input)
  authorizeStore(asked, `user/${userId}`)
  const memberships = [...findUser(store, userId).memberships].map(([groupId, id]) => ({ id, groupId, userId }))
  return printPage(input, store, memberships)
}

export const describeGroupMembership: StoreHandler = asked => {
  const id = requiredText(asked.input, 'MembershipId')
  authorizeStore(asked, `membership/${id}`)
  return membershipFields(asked.store, findMembership(asked.store, id))
}

export const getGroupMembershipId: StoreHandler = asked => {
  const { input, store } = asked
  const groupId = requiredText(input, 'GroupId')
  const userId = memberUserId(input)
  authorizeStore(asked, `group/${groupId}`, `user/${userId}`)
  const id = findGroup(store, groupId).members.get(userId)
  if (id === undefined) throw notFound('GROUP_MEMBERSHIP', `${groupId} ${userId}`)
  return { IdentityStoreId: store.identityStoreId, MembershipId: id }
}

export const isMemberInGroups: StoreHandler = asked => {
  const { input, store } = asked
  const userId = memberUserId(input)
  const groupIds = Array.isArray(input.GroupIds) ? input.GroupIds.map(String) : []
  authorizeStore(asked, `user/${userId}`, ...groupIds.map(groupId => `group/${groupId}`))
  const { memberships } = findUser(store, userId)
  return {
    Results: groupIds.map(groupId => ({
      GroupId: findGroup(store, groupId).groupId,
      MemberId: { UserId: userId },
      MembershipExists: memberships.has(groupId),
    })),
  }
}

export const deleteGroupMembership: StoreHandler = asked => {
  const id = requiredText(asked.input, 'MembershipId')
  authorizeStore(asked, `membership/${id}`)
  const { groupId, userId } = findMembership(asked.store, id)
  asked.store.groups.get(groupId)?.members.delete(userId)
  asked.store.users.get(userId)?.memberships.delete(groupId)
  return {}
}

interface Membership {
  readonly id: string
  readonly groupId: string
  readonly userId: string
}

function findMembership(store: IdentityStore, id: string): Membership {
  for (const { groupId, members } of store.groups.values()) {
    for (const [userId, membershipId] of members) if (membershipId === id) return { id, groupId, userId }
  }
  throw notFound('GROUP_MEMBERSHIP', id)
}

function printPage(input: Input, store: IdentityStore, memberships: readonly Membership[]): Input {
  const page = pageOf(input, memberships, membership => membership.id)
  return { GroupMemberships: page.items.map(item => membershipFields(store, item)), ...page.next }
}

function membershipFields(store: IdentityStore, { id, groupId, userId }: Membership): Input {
  return {
    IdentityStoreId: store.identityStoreId,
    MembershipId: id,
    GroupId: groupId,
    MemberId: { UserId: userId },
  }
}
