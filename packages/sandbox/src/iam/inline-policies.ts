/** Policies that live and die with one user or role. */
import { requiredField } from '../query-protocol.ts'
import type { IamRole, IamUser } from '../state.ts'
import type { XmlFields } from '../wire.ts'
import {
  authorizeIam,
  checkedPolicy,
  checkName,
  findRole,
  findUser,
  type IamCall,
  type IamHandler,
  limitExceeded,
  noSuchEntity,
  pageOf,
  policySize,
} from './iam-call.ts'

export const putUserPolicy: IamHandler = iam => put(iam, theUser(iam))
export const putRolePolicy: IamHandler = iam => put(iam, theRole(iam))
export const getUserPolicy: IamHandler = iam => get(iam, theUser(iam))
export const getRolePolicy: IamHandler = iam => get(iam, theRole(iam))
export const listUserPolicies: IamHandler = iam => list(iam, theUser(iam))
export const listRolePolicies: IamHandler = iam => list(iam, theRole(iam))
export const deleteUserPolicy: IamHandler = iam => remove(iam, theUser(iam))
export const deleteRolePolicy: IamHandler = iam => remove(iam, theRole(iam))

interface Holder {
  readonly kind: 'user' | 'role'
  readonly entity: IamUser | IamRole
  readonly nameField: XmlFields
  /** Characters of all inline policies together, AWS's quota. */
  readonly room: number
}

function theUser(iam: IamCall): Holder {
  const UserName = requiredField(iam.form, 'UserName')
  return { kind: 'user', entity: findUser(iam, UserName), nameField: { UserName }, room: 2048 }
}

function theRole(iam: IamCall): Holder {
  const RoleName = requiredField(iam.form, 'RoleName')
  return { kind: 'role', entity: findRole(iam, RoleName), nameField: { RoleName }, room: 10_240 }
}

function put(iam: IamCall, { kind, entity, room }: Holder): undefined {
  const policyName = checkName('PolicyName', requiredField(iam.form, 'PolicyName'), 128)
  authorizeIam(iam, entity.arn)
  const text = checkedPolicy(requiredField(iam.form, 'PolicyDocument'), 'identity')
  const others = [...entity.inlinePolicies].filter(([name]) => name !== policyName)
  const size = others.reduce((sum, [, other]) => sum + policySize(other), policySize(text))
  if (size > room) {
    const name = 'userName' in entity ? entity.userName : entity.roleName
    throw limitExceeded(`Maximum policy size of ${room} bytes exceeded for ${kind} ${name}`)
  }
  entity.inlinePolicies.set(policyName, text)
}

function get(iam: IamCall, holder: Holder): XmlFields {
  authorizeIam(iam, holder.entity.arn)
  const { policyName, text } = namedPolicy(iam, holder)
  return { ...holder.nameField, PolicyName: policyName, PolicyDocument: encodeURIComponent(text) }
}

function list(iam: IamCall, { entity }: Holder): XmlFields {
  authorizeIam(iam, entity.arn)
  const page = pageOf(iam.form, entity.inlinePolicies.keys(), name => name)
  return { PolicyNames: { member: page.items }, ...page.fields }
}

function remove(iam: IamCall, holder: Holder): undefined {
  authorizeIam(iam, holder.entity.arn)
  holder.entity.inlinePolicies.delete(namedPolicy(iam, holder).policyName)
}

function namedPolicy({ form }: IamCall, { kind, entity }: Holder): { policyName: string; text: string } {
  const policyName = requiredField(form, 'PolicyName')
  const text = entity.inlinePolicies.get(policyName)
  if (text === undefined) throw noSuchEntity(`The ${kind} policy with name ${policyName} cannot be found.`)
  return { policyName, text }
}
