/** GetAccountAuthorizationDetails: every user, role and policy of the account with all that hangs on it, in pages. */
import { listField } from '../query-protocol.ts'
import type { IamRole, IamUser, ManagedPolicy } from '../state.ts'
import { AwsError, type XmlFields } from '../wire.ts'
import { authorizeIam, type IamCall, type IamHandler, pageOf } from './iam-call.ts'
import { attachedFields, policyFields, versionFields } from './managed-policies.ts'
import { roleFields } from './roles.ts'
import { userFields } from './users.ts'

type Entity =
  | { readonly kind: 'User'; readonly user: IamUser }
  | { readonly kind: 'Role'; readonly role: IamRole }
  | { readonly kind: 'LocalManagedPolicy'; readonly policy: ManagedPolicy }

// The sandbox has no groups, and AWS's own policies are the same everywhere.
const kinds = ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'] as const

export const getAccountAuthorizationDetails: IamHandler = iam => {
  authorizeIam(iam, '*')
  const wanted = wantedKinds(iam)
  const page = pageOf(
    iam.form,
    entitiesOf(iam).filter(({ kind }) => wanted.has(kind)),
    orderOf,
  )
  const users = page.items.flatMap(one => (one.kind === 'User' ? [userDetail(one.user)] : []))
  const roles = page.items.flatMap(one => (one.kind === 'Role' ? [roleDetail(one.role)] : []))
  const policies = page.items.flatMap(one => (one.kind === 'LocalManagedPolicy' ? [policyDetail(iam, one.policy)] : []))
  return {
    UserDetailList: { member: users },
    GroupDetailList: {},
    RoleDetailList: { member: roles },
    Policies: { member: policies },
    ...page.fields,
  }
}

function wantedKinds({ form }: IamCall): ReadonlySet<string> {
  const asked = listField(form, 'Filter').map(member => member.get('') ?? '')
  const unknown = asked.find(kind => !kinds.some(known => known === kind))
  if (unknown !== undefined) throw new AwsError('ValidationError', 400, `Invalid filter ${unknown}`)
  return new Set(asked.length > 0 ? asked : kinds)
}

function entitiesOf({ account }: IamCall): Entity[] {
  return [
    ...account.users.values().map(user => ({ kind: 'User', user }) as const),
    ...account.roles.values().map(role => ({ kind: 'Role', role }) as const),
    ...account.policies.values().map(policy => ({ kind: 'LocalManagedPolicy', policy }) as const),
  ]
}

function orderOf(entity: Entity): string {
  switch (entity.kind) {
    case 'User':
      return `1 ${entity.user.userName}`
    case 'Role':
      return `2 ${entity.role.roleName}`
    case 'LocalManagedPolicy':
      return `3 ${entity.policy.arn}`
  }
}

function userDetail(user: IamUser): XmlFields {
  return {
    ...userFields(user),
    UserPolicyList: inlineList(user),
    GroupList: {},
    AttachedManagedPolicies: attachedFields(user.attachedPolicies),
  }
}

/** Neither description nor longest session are told here, as on AWS. */
function roleDetail(role: IamRole): XmlFields {
  const { Description, MaxSessionDuration, ...fields } = roleFields(role)
  return {
    ...fields,
    InstanceProfileList: {},
    RolePolicyList: inlineList(role),
    AttachedManagedPolicies: attachedFields(role.attachedPolicies),
  }
}

function inlineList({ inlinePolicies }: IamUser | IamRole): XmlFields {
  return {
    member: Array.from(inlinePolicies, ([PolicyName, text]) => ({
      PolicyName,
      PolicyDocument: encodeURIComponent(text),
    })),
  }
}

function policyDetail({ account }: IamCall, policy: ManagedPolicy): XmlFields {
  const versions = Array.from(policy.versions, ([id, { document, createdAt }]) =>
    versionFields(id, document, id === policy.defaultVersion, createdAt),
  )
  return { ...policyFields(account, policy), PolicyVersionList: { member: versions } }
}
