/** Managed policies: made, read, versioned, attached to users and roles, deleted once attached to nobody. */
import { newUniqueId } from '../issue-credentials.ts'
import { requiredField, tagsField } from '../query-protocol.ts'
import type { Account, IamRole, IamUser, ManagedPolicy } from '../state.ts'
import { type Instant, isoSeconds, type XmlFields } from '../wire.ts'
import { awsManagedPolicy, awsManagedPolicyArns } from './aws-managed-policies.ts'
import {
  authorizeIam,
  checkedPolicy,
  checkName,
  deleteConflict,
  entityAlreadyExists,
  findRole,
  findUser,
  type IamCall,
  type IamHandler,
  iamArn,
  limitExceeded,
  noSuchEntity,
  pageOf,
  pathField,
  policySize,
  tagContext,
  tagFields,
} from './iam-call.ts'

export const createPolicy: IamHandler = iam => {
  const { form, account, world } = iam
  const policyName = checkName('PolicyName', requiredField(form, 'PolicyName'), 128)
  const path = pathField(form)
  const tags = tagsField(form)
  const arn = iamArn(account, 'policy', path + policyName)
  authorizeIam(iam, arn, tagContext(tags))
  const document = documentField(iam)
  if ([...account.policies.values()].some(policy => policy.policyName === policyName)) {
    throw entityAlreadyExists(`A policy called ${policyName} already exists. Duplicate names are not allowed.`)
  }
  const createdAt = world.now()
  const policy: ManagedPolicy = {
    arn,
    policyName,
    path,
    policyId: newUniqueId(world.random, 'ANPA'),
    createdAt,
    updatedAt: createdAt,
    description: form.get('Description'),
    versions: new Map([['v1', { document, createdAt }]]),
    defaultVersion: 'v1',
    tags: new Map(tags),
  }
  account.policies.set(arn, policy)
  return { Policy: policyFields(account, policy) }
}

export const getPolicy: IamHandler = iam => {
  const arn = authorizedArn(iam)
  const policy = iam.account.policies.get(arn)
  if (policy) return { Policy: { ...policyFields(iam.account, policy), Description: policy.description } }
  if (awsManagedPolicy(arn) === undefined) throw policyNotFound(arn)
  return { Policy: { ...awsPolicyFields(arn), AttachmentCount: holdersOf(iam.account, arn).length } }
}

export const getPolicyVersion: IamHandler = iam => {
  const arn = authorizedArn(iam)
  const versionId = requiredField(iam.form, 'VersionId')
  const policy = iam.account.policies.get(arn)
  const own = policy?.versions.get(versionId)
  const document = own?.document ?? (versionId === 'v1' ? awsManagedPolicy(arn) : undefined)
  if (document === undefined)
    throw noSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`)
  const isDefault = policy === undefined || policy.defaultVersion === versionId
  return { PolicyVersion: versionFields(versionId, document, isDefault, own?.createdAt ?? 0) }
}

export function versionFields(id: string, document: string, isDefault: boolean, createdAt: Instant): XmlFields {
  return {
    Document: encodeURIComponent(document),
    VersionId: id,
    IsDefaultVersion: isDefault,
    CreateDate: isoSeconds(createdAt),
  }
}

export const createPolicyVersion: IamHandler = iam => {
  const arn = authorizedArn(iam)
  const policy = ownPolicy(iam, arn)
  const document = documentField(iam)
  if (policy.versions.size >= 5) {
    throw limitExceeded(
      'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
    )
  }
  const createdAt = iam.world.now()
  const number = 1 + Math.max(...[...policy.versions.keys()].map(id => Number(id.slice(1))))
  const versionId = `v${number}`
  const isDefault = iam.form.get('SetAsDefault') === 'true'
  policy.versions.set(versionId, { document, createdAt })
  policy.updatedAt = createdAt
  if (isDefault) policy.defaultVersion = versionId
  return {
    PolicyVersion: { VersionId: versionId, IsDefaultVersion: isDefault, CreateDate: isoSeconds(createdAt) },
  }
}

export const deletePolicyVersion: IamHandler = iam => {
  const arn = authorizedArn(iam)
  const policy = ownPolicy(iam, arn)
  const versionId = requiredField(iam.form, 'VersionId')
  if (!policy.versions.has(versionId)) {
    throw noSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`)
  }
  if (versionId === policy.defaultVersion) {
    throw deleteConflict('Cannot delete the default version of a policy.')
  }
  policy.versions.delete(versionId)
  return undefined
}

export const listPolicies: IamHandler = iam => {
  const { form, account } = iam
  authorizeIam(iam, iamArn(account, 'policy', form.get('PathPrefix') ?? '/'))
  const scope = form.get('Scope') ?? 'All'
  const own = scope === 'AWS' ? [] : [...account.policies.values()].map(policy => policyFields(account, policy))
  const ofAws =
    scope === 'Local'
      ? []
      : awsManagedPolicyArns().map(arn => ({
          ...awsPolicyFields(arn),
          AttachmentCount: holdersOf(account, arn).length,
        }))
  const page = pageOf<XmlFields>(form, [...own, ...ofAws], policy => String(policy.Arn))
  return { Policies: { member: page.items }, ...page.fields }
}

export const deletePolicy: IamHandler = iam => {
  const arn = authorizedArn(iam)
  const policy = ownPolicy(iam, arn)
  if (holdersOf(iam.account, arn).length > 0 || boundedBy(iam.account, arn)) {
    throw deleteConflict('Cannot delete a policy attached to entities.')
  }
  if (policy.versions.size > 1) {
    throw deleteConflict(
      'This policy has more than one version. Before you delete a policy, you must delete the other versions.',
    )
  }
  iam.account.policies.delete(arn)
  return undefined
}

export const attachUserPolicy: IamHandler = iam => attach(iam, findUser(iam, requiredField(iam.form, 'UserName')))
export const attachRolePolicy: IamHandler = iam => attach(iam, findRole(iam, requiredField(iam.form, 'RoleName')))
export const detachUserPolicy: IamHandler = iam => detach(iam, findUser(iam, requiredField(iam.form, 'UserName')))
export const detachRolePolicy: IamHandler = iam => detach(iam, findRole(iam, requiredField(iam.form, 'RoleName')))
export const listAttachedUserPolicies: IamHandler = iam =>
  listAttached(iam, findUser(iam, requiredField(iam.form, 'UserName')))
export const listAttachedRolePolicies: IamHandler = iam =>
  listAttached(iam, findRole(iam, requiredField(iam.form, 'RoleName')))

function attach(iam: IamCall, holder: IamUser | IamRole): undefined {
  const arn = requiredField(iam.form, 'PolicyArn')
  authorizeIam(iam, holder.arn, { 'iam:PolicyARN': arn })
  if (!iam.account.policies.has(arn) && awsManagedPolicy(arn) === undefined) {
    throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`)
  }
  if (holder.attachedPolicies.size >= 10 && !holder.attachedPolicies.has(arn)) {
    throw limitExceeded(`Cannot exceed quota for PoliciesPer${'userName' in holder ? 'User' : 'Role'}: 10`)
  }
  holder.attachedPolicies.add(arn)
}

function detach(iam: IamCall, holder: IamUser | IamRole): undefined {
  const arn = requiredField(iam.form, 'PolicyArn')
  authorizeIam(iam, holder.arn, { 'iam:PolicyARN': arn })
  if (!holder.attachedPolicies.delete(arn)) throw noSuchEntity(`Policy ${arn} was not found.`)
}

function listAttached(iam: IamCall, holder: IamUser | IamRole): XmlFields {
  authorizeIam(iam, holder.arn)
  const page = pageOf(iam.form, holder.attachedPolicies, arn => arn)
  return { AttachedPolicies: attachedFields(page.items), ...page.fields }
}

/** ARNs as a list of attached policies. */
export function attachedFields(arns: Iterable<string>): XmlFields {
  return { member: Array.from(arns, PolicyArn => ({ PolicyName: nameOf(PolicyArn), PolicyArn })) }
}

function authorizedArn(iam: IamCall): string {
  const arn = requiredField(iam.form, 'PolicyArn')
  authorizeIam(iam, arn)
  return arn
}

function ownPolicy({ account }: IamCall, arn: string): ManagedPolicy {
  const policy = account.policies.get(arn)
  if (policy) return policy
  throw policyNotFound(arn)
}

function policyNotFound(arn: string) {
  return noSuchEntity(`Policy ${arn} was not found.`)
}

function documentField({ form }: IamCall): string {
  const text = checkedPolicy(requiredField(form, 'PolicyDocument'), 'identity')
  if (policySize(text) > 6144) throw limitExceeded('Cannot exceed quota for PolicySize: 6144')
  return text
}

function holdersOf({ users, roles }: Account, arn: string): readonly (IamUser | IamRole)[] {
  return [...users.values(), ...roles.values()].filter(holder => holder.attachedPolicies.has(arn))
}

function boundedBy({ users, roles }: Account, arn: string): boolean {
  return [...users.values(), ...roles.values()].some(holder => holder.permissionsBoundary === arn)
}

/** All that AWS tells of one policy, but for its documents. */
export function policyFields(account: Account, policy: ManagedPolicy): XmlFields {
  return {
    PolicyName: policy.policyName,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: holdersOf(account, policy.arn).length,
    IsAttachable: true,
    CreateDate: isoSeconds(policy.createdAt),
    UpdateDate: isoSeconds(policy.updatedAt),
    Tags: policy.tags.size > 0 ? tagFields(policy.tags) : undefined,
  }
}

function awsPolicyFields(arn: string): XmlFields {
  return { PolicyName: nameOf(arn), Arn: arn, Path: '/', DefaultVersionId: 'v1', IsAttachable: true }
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
