/** Users of an identity store. */

import { type Input, invalid, objectMember, objectsMember, pageOf, requiredText, seconds } from '../json-protocol.ts'
import type { DirectoryUser, IdentityStore } from '../state.ts'
import { authorizeStore, conflict, notFound, type StoreHandler } from './store-call.ts'

export const createUser: StoreHandler = asked => {
  const { input, store, world } = asked
  authorizeStore(asked)
  const userName = requiredText(input, 'UserName')
  requiredText(input, 'DisplayName')
  const name = objectMember(input, 'Name')
  requiredText(name, 'GivenName')
  requiredText(name, 'FamilyName')
  if (userName.length > 128) throw invalid('UserName must have length less than or equal to 128')
  if (findByName(store, userName)) throw conflict('Duplicate UserName')
  const { IdentityStoreId: _, ...attributes } = input
  const user: DirectoryUser = {
    userId: world.random.uuid(),
    createdAt: world.now(),
    attributes,
    memberships: new Map(),
  }
  store.users.set(user.userId, user)
  return { IdentityStoreId: store.identityStoreId, UserId: user.userId }
}

export const describeUser: StoreHandler = asked => {
  const userId = requiredText(asked.input, 'UserId')
  authorizeStore(asked, `user/${userId}`)
  return userFields(asked.store, findUser(asked.store, userId))
}

export const listUsers: StoreHandler = asked => {
  const { input, store } = asked
  authorizeStore(asked)
  const filters = objectsMember(input, 'Filters').map(filter => {
    const path = requiredText(filter, 'AttributePath')
    if (path.toLowerCase() !== 'username') throw invalid(`The filter attribute ${path} is not supported.`)
    return requiredText(filter, 'AttributeValue').toLowerCase()
  })
  const users = [...store.users.values()].filter(user => filters.every(wanted => nameOf(user) === wanted))
  const page = pageOf(input, users, user => user.userId)
  return { Users: page.items.map(user => userFields(store, user)), ...page.next }
}

/** A user's memberships end with the user. */
export const deleteUser: StoreHandler = asked => {
  const userId = requiredText(asked.input, 'UserId')
  authorizeStore(asked, `user/${userId}`)
  const user = findUser(asked.store, userId)
  for (const groupId of user.memberships.keys()) asked.store.groups.get(groupId)?.members.delete(userId)
  asked.store.users.delete(userId)
  return {}
}

/** Finds the one user with a user name, an email address, or an id of the identity provider's. */
export const getUserId: StoreHandler = asked => {
  const { input, store } = asked
  authorizeStore(asked)
  const identifier = objectMember(input, 'AlternateIdentifier')
  const user = findByIdentifier(store, identifier)
  if (!user) throw notFound('USER', JSON.stringify(identifier))
  return { IdentityStoreId: store.identityStoreId, UserId: user.userId }
}

/** Throws ResourceNotFoundException. */
export function findUser(store: IdentityStore, userId: string): DirectoryUser {
  const user = store.users.get(userId)
  if (user) return user
  throw notFound('USER', userId)
}

function findByName(store: IdentityStore, userName: string): DirectoryUser | undefined {
  const wanted = userName.toLowerCase()
  return store.users.values().find(user => nameOf(user) === wanted)
}

function findByIdentifier(store: IdentityStore, identifier: Input): DirectoryUser | undefined {
  if (identifier.ExternalId !== undefined) {
    const { Issuer, Id } = objectMember(identifier, 'ExternalId')
    return store.users
      .values()
      .find(user => objectsMember(user.attributes, 'ExternalIds').some(own => own.Issuer === Issuer && own.Id === Id))
  }
  const unique = objectMember(identifier, 'UniqueAttribute')
  const path = requiredText(unique, 'AttributePath')
  if (!isUnique(path)) throw invalid(`The attribute path ${path} does not identify a user.`)
  return findUserBy(store, path, requiredText(unique, 'AttributeValue'))
}

const isUnique = (path: string): boolean => ['username', 'emails.value'].includes(path.toLowerCase())

/** By `userName` or `emails.value`, neither of which has case; nobody by another path. */
export function findUserBy(store: IdentityStore, path: string, value: string): DirectoryUser | undefined {
  if (path.toLowerCase() === 'username') return findByName(store, value)
  if (!isUnique(path)) return undefined
  const wanted = value.toLowerCase()
  return store.users
    .values()
    .find(user => objectsMember(user.attributes, 'Emails').some(email => String(email.Value).toLowerCase() === wanted))
}

/** User names have no case. */
function nameOf(user: DirectoryUser): string {
  return String(user.attributes.UserName).toLowerCase()
}

function userFields(store: IdentityStore, { userId, createdAt, attributes }: DirectoryUser): Input {
  const made = seconds(createdAt)
  return {
    IdentityStoreId: store.identityStoreId,
    UserId: userId,
    ...attributes,
    UserStatus: 'ENABLED',
    CreatedAt: made,
    UpdatedAt: made,
  }
}
