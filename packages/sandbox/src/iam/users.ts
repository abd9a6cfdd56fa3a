/** IAM users: made, read, listed, deleted once nothing hangs on them. */
import { newUniqueId } from '../issue-credentials.ts'
import { requiredField, tagsField } from '../query-protocol.ts'
import type { IamUser } from '../state.ts'
import { isoSeconds, type XmlFields } from '../wire.ts'
import { keysOfUser } from './access-keys.ts'
import { boundaryField, boundaryFields } from './boundaries.ts'
import {
  authorizeIam,
  checkName,
  deleteConflict,
  entityAlreadyExists,
  findUser,
  type IamCall,
  type IamHandler,
  iamArn,
  namedAnyhow,
  pageOf,
  pathField,
  tagContext,
  tagFields,
} from './iam-call.ts'

export const createUser: IamHandler = iam => {
  const { form, account, world } = iam
  const userName = checkName('UserName', requiredField(form, 'UserName'), 64)
  const path = pathField(form)
  const tags = tagsField(form)
  const permissionsBoundary = boundaryField(iam)
  const arn = iamArn(account, 'user', path + userName)
  authorizeIam(iam, arn, { ...tagContext(tags), 'iam:PermissionsBoundary': permissionsBoundary })
  if (namedAnyhow(account.users, userName)) throw entityAlreadyExists(`User with name ${userName} already exists.`)
  const user: IamUser = {
    userName,
    path,
    arn,
    userId: newUniqueId(world.random, 'AIDA'),
    createdAt: world.now(),
    inlinePolicies: new Map(),
    attachedPolicies: new Set(),
    permissionsBoundary,
    tags: new Map(tags),
  }
  account.users.set(userName, user)
  return { User: userFields(user) }
}

export const getUser: IamHandler = iam => {
  const user = namedOrCalling(iam)
  authorizeIam(iam, user.arn, tagContext(new Map(), user.tags))
  return { User: userFields(user) }
}

export const listUsers: IamHandler = iam => {
  const prefix = iam.form.get('PathPrefix') ?? '/'
  authorizeIam(iam, iamArn(iam.account, 'user', prefix))
  const users = [...iam.account.users.values()].filter(user => user.path.startsWith(prefix))
  const page = pageOf(iam.form, users, user => user.userName)
  // Lists leave tags and boundaries out, as AWS does.
  return { Users: { member: page.items.map(nameFields) }, ...page.fields }
}

export const deleteUser: IamHandler = iam => {
  const userName = requiredField(iam.form, 'UserName')
  const user = namedAnyhow(iam.account.users, userName)
  authorizeIam(iam, user?.arn ?? iamArn(iam.account, 'user', `/${userName}`), tagContext(new Map(), user?.tags))
  const { inlinePolicies, attachedPolicies, userName: asMade } = findUser(iam, userName)
  if (keysOfUser(iam, asMade).length > 0) {
    throw deleteConflict('Cannot delete entity, must delete access keys first.')
  }
  if (attachedPolicies.size > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.')
  if (inlinePolicies.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.')
  iam.account.users.delete(asMade)
  return undefined
}

/** `UserName` of the form, or the caller where it is left out. Throws NoSuchEntity. */
export function namedOrCalling(iam: IamCall): IamUser {
  const userName = iam.form.get('UserName') ?? iam.call.caller.userName
  return findUser(iam, userName ?? iam.call.caller.arn)
}

/** All that AWS tells of one user. */
export function userFields(user: IamUser): XmlFields {
  return {
    ...nameFields(user),
    ...boundaryFields(user),
    Tags: user.tags.size > 0 ? tagFields(user.tags) : undefined,
  }
}

function nameFields({ path, userName, userId, arn, createdAt }: IamUser): XmlFields {
  return { Path: path, UserName: userName, UserId: userId, Arn: arn, CreateDate: isoSeconds(createdAt) }
}
