/** Access keys of IAM users: at most two each, the secret told once. */
import { newSecret, newUniqueId } from '../issue-credentials.ts'
import { requiredField, validationError } from '../query-protocol.ts'
import type { AccessKey, IamUser } from '../state.ts'
import { isoSeconds, type XmlFields } from '../wire.ts'
import {
  authorizeIam,
  findUser,
  type IamCall,
  type IamHandler,
  limitExceeded,
  noSuchEntity,
  pageOf,
} from './iam-call.ts'

export const createAccessKey: IamHandler = iam => {
  const user = keyHolder(iam)
  authorizeIam(iam, user.arn)
  if (keysOfUser(iam, user.userName).length >= 2) {
    throw limitExceeded('Cannot exceed quota for AccessKeysPerUser: 2')
  }
  const key: AccessKey = {
    accessKeyId: newUniqueId(iam.world.random, 'AKIA', 16),
    secretAccessKey: newSecret(iam.world.random),
    account: iam.account.id,
    userName: user.userName,
    status: 'Active',
    createdAt: iam.world.now(),
  }
  iam.world.state.accessKeys.set(key.accessKeyId, key)
  return { AccessKey: { ...keyFields(key), SecretAccessKey: key.secretAccessKey } }
}

export const listAccessKeys: IamHandler = iam => {
  const user = keyHolder(iam)
  authorizeIam(iam, user.arn)
  const page = pageOf(iam.form, keysOfUser(iam, user.userName), key => key.accessKeyId)
  return { AccessKeyMetadata: { member: page.items.map(keyFields) }, ...page.fields }
}

export const updateAccessKey: IamHandler = iam => {
  const user = keyHolder(iam)
  authorizeIam(iam, user.arn)
  const status = requiredField(iam.form, 'Status')
  if (status !== 'Active' && status !== 'Inactive') {
    throw validationError(
      `1 validation error detected: Value '${status}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]`,
    )
  }
  findKey(iam, user.userName).status = status
  return undefined
}

export const deleteAccessKey: IamHandler = iam => {
  const user = keyHolder(iam)
  authorizeIam(iam, user.arn)
  iam.world.state.accessKeys.delete(findKey(iam, user.userName).accessKeyId)
  return undefined
}

export function keysOfUser({ world, account }: IamCall, userName: string): readonly AccessKey[] {
  return [...world.state.accessKeys.values()].filter(key => key.account === account.id && key.userName === userName)
}

function keyHolder(iam: IamCall): IamUser {
  return findUser(iam, iam.form.get('UserName') ?? iam.call.caller.userName ?? iam.call.caller.arn)
}

function findKey(iam: IamCall, userName: string): AccessKey {
  const id = requiredField(iam.form, 'AccessKeyId')
  const key = iam.world.state.accessKeys.get(id)
  if (key && key.account === iam.account.id && key.userName === userName) return key
  throw noSuchEntity(`The Access Key with id ${id} cannot be found.`)
}

function keyFields({ userName, accessKeyId, status, createdAt }: AccessKey): XmlFields {
  return { UserName: userName, AccessKeyId: accessKeyId, Status: status, CreateDate: isoSeconds(createdAt) }
}
