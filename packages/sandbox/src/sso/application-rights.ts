/** What an application's tokens are good for, whose tokens are exchanged for them, by whom, and who may sign in. */
import { PolicySyntaxError, parsePolicy } from '@headgate/iam'
import { type Input, invalid, objectMember, objectsMember, pageOf, requiredText } from '../json-protocol.ts'
import type { SsoApplication } from '../state.ts'
import { notFound, oneOf, requireApplication, type SsoCall } from './sso-call.ts'

export function putApplicationAccessScope(asked: SsoCall): Input {
  const scope = requiredText(asked.input, 'Scope')
  const targets = asked.input.AuthorizedTargets
  requireApplication(asked).scopes.set(scope, Array.isArray(targets) ? targets.map(String) : [])
  return {}
}

export function listApplicationAccessScopes(asked: SsoCall): Input {
  const page = pageOf(asked.input, requireApplication(asked).scopes, ([scope]) => scope)
  return {
    Scopes: page.items.map(([Scope, targets]) => ({
      Scope,
      ...(targets.length > 0 && { AuthorizedTargets: targets }),
    })),
    ...page.next,
  }
}

export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const grantTypes = [
  'authorization_code',
  'refresh_token',
  jwtBearer,
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const
/** The member of `Grant` that each type is put with. */
const memberOf = ['AuthorizationCode', 'RefreshToken', 'JwtBearer', 'TokenExchange'] as const

export function putApplicationGrant(asked: SsoCall): Input {
  const application = requireApplication(asked)
  const type = oneOf(asked.input, 'GrantType', grantTypes)
  const grant = objectMember(asked.input, 'Grant')
  const member = memberOf[grantTypes.indexOf(type)] as string
  if (grant[member] === undefined) throw invalid(`Grant must have ${member} for the grant type ${type}`)
  for (const issuer of objectsMember(objectMember(grant, 'JwtBearer'), 'AuthorizedTokenIssuers')) {
    const arn = requiredText(issuer, 'TrustedTokenIssuerArn')
    if (!asked.world.state.tokenIssuers.has(arn)) throw notFound(`The trusted token issuer ${arn} does not exist`)
  }
  application.grants.set(type, grant)
  return {}
}

export function listApplicationGrants(asked: SsoCall): Input {
  const page = pageOf(asked.input, requireApplication(asked).grants, ([type]) => type)
  return { Grants: page.items.map(([GrantType, Grant]) => ({ GrantType, Grant })), ...page.next }
}

/** Who may exchange tokens for the application: a policy on it. */
export function putApplicationAuthenticationMethod(asked: SsoCall): Input {
  const application = requireApplication(asked)
  oneOf(asked.input, 'AuthenticationMethodType', ['IAM'])
  const policy = objectMember(objectMember(asked.input, 'AuthenticationMethod'), 'Iam').ActorPolicy
  application.actorPolicy = checkedPolicy(policy)
  return {}
}

function checkedPolicy(policy: unknown): string {
  const text = JSON.stringify(policy ?? null)
  try {
    parsePolicy(text, 'resource')
    return text
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalid(`The actor policy is malformed: ${error.message}`)
    throw error
  }
}

export function getApplicationAuthenticationMethod(asked: SsoCall): Input {
  const { actorPolicy, arn } = requireApplication(asked)
  oneOf(asked.input, 'AuthenticationMethodType', ['IAM'])
  if (actorPolicy === undefined) throw notFound(`The application ${arn} has no authentication method IAM`)
  return { AuthenticationMethod: { Iam: { ActorPolicy: JSON.parse(actorPolicy) } } }
}

export function putApplicationAssignmentConfiguration(asked: SsoCall): Input {
  const required = asked.input.AssignmentRequired
  if (typeof required !== 'boolean') throw invalid("Value at 'assignmentRequired' must be true or false")
  requireApplication(asked).assignmentRequired = required
  return {}
}

export function getApplicationAssignmentConfiguration(asked: SsoCall): Input {
  return { AssignmentRequired: requireApplication(asked).assignmentRequired }
}

export function createApplicationAssignment(asked: SsoCall): Input {
  requireApplication(asked).assignments.add(assigneeOf(asked))
  return {}
}

export function deleteApplicationAssignment(asked: SsoCall): Input {
  requireApplication(asked).assignments.delete(assigneeOf(asked))
  return {}
}

export function listApplicationAssignments(asked: SsoCall): Input {
  const { assignments, arn } = requireApplication(asked)
  const page = pageOf(asked.input, assignments, assignee => assignee)
  const items = page.items.map(assignee => {
    const [PrincipalType, PrincipalId] = assignee.split(' ')
    return { ApplicationArn: arn, PrincipalId, PrincipalType }
  })
  return { ApplicationAssignments: items, ...page.next }
}

function assigneeOf({ input }: SsoCall): string {
  return `${oneOf(input, 'PrincipalType', ['USER', 'GROUP'])} ${requiredText(input, 'PrincipalId')}`
}

/** Whether a person may sign in to the application, by themselves or through a group. */
export function isAssigned(application: SsoApplication, userId: string, groupIds: Iterable<string>): boolean {
  if (!application.assignmentRequired) return true
  return [`USER ${userId}`, ...Array.from(groupIds, id => `GROUP ${id}`)].some(one => application.assignments.has(one))
}
