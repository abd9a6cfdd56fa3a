/** Tags of users and roles, which also are principal tags in policies. */
import { type Form, listField, requiredField, tagsField } from '../query-protocol.ts'
import type { IamRole, IamUser } from '../state.ts'
import type { XmlFields } from '../wire.ts'
import {
  authorizeIam,
  findRole,
  findUser,
  type IamCall,
  type IamHandler,
  limitExceeded,
  pageOf,
  tagContext,
} from './iam-call.ts'

export const tagUser: IamHandler = iam => tag(iam, findUser(iam, requiredField(iam.form, 'UserName')))
export const tagRole: IamHandler = iam => tag(iam, findRole(iam, requiredField(iam.form, 'RoleName')))
export const untagUser: IamHandler = iam => untag(iam, findUser(iam, requiredField(iam.form, 'UserName')))
export const untagRole: IamHandler = iam => untag(iam, findRole(iam, requiredField(iam.form, 'RoleName')))
export const listUserTags: IamHandler = iam => list(iam, findUser(iam, requiredField(iam.form, 'UserName')))
export const listRoleTags: IamHandler = iam => list(iam, findRole(iam, requiredField(iam.form, 'RoleName')))

function tag(iam: IamCall, holder: IamUser | IamRole): undefined {
  const tags = tagsField(iam.form)
  authorizeIam(iam, holder.arn, tagContext(tags, holder.tags))
  const kept = new Map([...holder.tags, ...tags])
  if (kept.size > 50) throw limitExceeded('The number of tags has reached the maximum limit.')
  for (const [key, value] of tags) holder.tags.set(key, value)
}

function untag(iam: IamCall, holder: IamUser | IamRole): undefined {
  const keys = tagKeysField(iam.form)
  authorizeIam(iam, holder.arn, { ...tagContext(new Map(), holder.tags), 'aws:TagKeys': keys })
  for (const key of keys) holder.tags.delete(key)
}

function list(iam: IamCall, holder: IamUser | IamRole): XmlFields {
  authorizeIam(iam, holder.arn, tagContext(new Map(), holder.tags))
  const page = pageOf(iam.form, holder.tags, ([key]) => key)
  return { Tags: { member: page.items.map(([Key, Value]) => ({ Key, Value })) }, ...page.fields }
}

/** `TagKeys.member.N`: members that are bare text. */
function tagKeysField(form: Form): readonly string[] {
  return listField(form, 'TagKeys').map(member => member.get('') ?? '')
}
