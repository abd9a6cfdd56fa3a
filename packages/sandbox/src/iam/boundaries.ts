/** Permissions boundaries: the managed policy that caps a user or a role. */
import { requiredField } from '../query-protocol.ts'
import type { IamRole, IamUser } from '../state.ts'
import type { XmlFields } from '../wire.ts'
import { awsManagedPolicy } from './aws-managed-policies.ts'
import { authorizeIam, findRole, findUser, type IamCall, type IamHandler, noSuchEntity } from './iam-call.ts'

export const putUserPermissionsBoundary: IamHandler = iam => putBoundary(iam, namedUser(iam))
export const putRolePermissionsBoundary: IamHandler = iam => putBoundary(iam, namedRole(iam))
export const deleteUserPermissionsBoundary: IamHandler = iam => deleteBoundary(iam, namedUser(iam))
export const deleteRolePermissionsBoundary: IamHandler = iam => deleteBoundary(iam, namedRole(iam))

/** `PermissionsBoundary` of the form: the ARN of a policy that exists, or undefined. Throws NoSuchEntity. */
export function boundaryField({ form, account }: IamCall): string | undefined {
  const arn = form.get('PermissionsBoundary')
  if (arn === undefined || account.policies.has(arn) || awsManagedPolicy(arn) !== undefined) return arn
  throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`)
}

export function boundaryFields({ permissionsBoundary }: IamUser | IamRole): XmlFields {
  if (permissionsBoundary === undefined) return {}
  return {
    PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: permissionsBoundary },
  }
}

function putBoundary(iam: IamCall, holder: IamUser | IamRole): undefined {
  requiredField(iam.form, 'PermissionsBoundary')
  const boundary = boundaryField(iam)
  authorizeIam(iam, holder.arn, { 'iam:PermissionsBoundary': boundary })
  holder.permissionsBoundary = boundary
}

function deleteBoundary(iam: IamCall, holder: IamUser | IamRole): undefined {
  authorizeIam(iam, holder.arn, { 'iam:PermissionsBoundary': holder.permissionsBoundary })
  if (holder.permissionsBoundary === undefined) throw noSuchEntity('The entity does not have a permissions boundary.')
  holder.permissionsBoundary = undefined
}

function namedUser(iam: IamCall): IamUser {
  return findUser(iam, requiredField(iam.form, 'UserName'))
}

function namedRole(iam: IamCall): IamRole {
  return findRole(iam, requiredField(iam.form, 'RoleName'))
}
