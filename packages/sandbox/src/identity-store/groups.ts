/** Groups of an identity store. */

import { type Input, invalid, objectMember, objectsMember, pageOf, requiredText, seconds } from '../json-protocol.ts'
import type { DirectoryGroup, IdentityStore } from '../state.ts'
import { authorizeStore, conflict, notFound, type StoreHandler } from './store-call.ts'

export const createGroup: StoreHandler = asked => {
  const { input, store, world } = asked
  authorizeStore(asked)
  const displayName = requiredText(input, 'DisplayName')
  if (findByName(store, displayName)) throw conflict('Duplicate GroupDisplayName')
  const { IdentityStoreId: _, ...attributes } = input
  const group: DirectoryGroup = { groupId: world.random.uuid(), createdAt: world.now(), attributes, members: new Map() }
  store.groups.set(group.groupId, group)
  return { IdentityStoreId: store.identityStoreId, GroupId: group.groupId }
}

export const describeGroup: StoreHandler = asked => {
  const groupId = requiredText(asked.input, 'GroupId')
  authorizeStore(asked, `group/${groupId}`)
  return groupFields(asked.store, findGroup(asked.store, groupId))
}

export const listGroups: StoreHandler = asked => {
  const { input, store } = asked
  authorizeStore(asked)
  const filters = objectsMember(input, 'Filters').map(filter => {
    const path = requiredText(filter, 'AttributePath')
    if (path.toLowerCase() !== 'displayname') throw invalid(`The filter attribute ${path} is not supported.`)
    return requiredText(filter, 'AttributeValue').toLowerCase()
  })
  const groups = [...store.groups.values()].filter(group => filters.every(wanted => nameOf(group) === wanted))
  const page = pageOf(input, groups, group => group.groupId)
  return { Groups: page.items.map(group => groupFields(store, group)), ...page.next }
}

/** A group's memberships end with the group. */
export const deleteGroup: StoreHandler = asked => {
  const groupId = requiredText(asked.input, 'GroupId')
  authorizeStore(asked, `group/${groupId}`)
  const group = findGroup(asked.store, groupId)
  for (const userId of group.members.keys()) asked.store.users.get(userId)?.memberships.delete(groupId)
  asked.store.groups.delete(groupId)
  return {}
}

/** Finds the one group with a display name, or an id of the identity provider's. */
export const getGroupId: StoreHandler = asked => {
  const { input, store } = asked
  authorizeStore(asked)
  const identifier = objectMember(input, 'AlternateIdentifier')
  const group = findByIdentifier(store, identifier)
  if (!group) throw notFound('GROUP', JSON.stringify(identifier))
  return { IdentityStoreId: store.identityStoreId, GroupId: group.groupId }
}

/** Throws ResourceNotFoundException. */
export function findGroup(store: IdentityStore, groupId: string): DirectoryGroup {
  const group = store.groups.get(groupId)
  if (group) return group
  throw notFound('GROUP', groupId)
}

function findByName(store: IdentityStore, displayName: string): DirectoryGroup | undefined {
  const wanted = displayName.toLowerCase()
  return store.groups.values().find(group => nameOf(group) === wanted)
}

function findByIdentifier(store: IdentityStore, identifier: Input): DirectoryGroup | undefined {
  if (identifier.ExternalId !== undefined) {
    const { Issuer, Id } = objectMember(identifier, 'ExternalId')
    return store.groups
      .values()
      .find(group => objectsMember(group.attributes, 'ExternalIds').some(own => own.Issuer === Issuer && own.Id === Id))
  }
  const unique = objectMember(identifier, 'UniqueAttribute')
  const path = requiredText(unique, 'AttributePath')
  if (path.toLowerCase() !== 'displayname') throw invalid(`The attribute path ${path} does not identify a group.`)
  return findByName(store, requiredText(unique, 'AttributeValue'))
}

/** Display names of groups have no case. */
function nameOf(group: DirectoryGroup): string {
  return String(group.attributes.DisplayName).toLowerCase()
}

function groupFields(store: IdentityStore, { groupId, createdAt, attributes }: DirectoryGroup): Input {
  const made = seconds(createdAt)
  return {
    IdentityStoreId: store.identityStoreId,
    GroupId: groupId,
    ...attributes,
    CreatedAt: made,
    UpdatedAt: made,
  }
}
