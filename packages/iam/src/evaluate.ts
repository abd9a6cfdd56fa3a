/**
 * One request against all policies that bear on it → allowed or not, by which layer, and why.
 * The rule: an explicit deny anywhere wins; in one account the identity's or the resource's policy must allow,
 * within boundary and session policy; across accounts both must; a role's trust policy and a KMS key's policy must
 * themselves allow.
 * INVARIANT: without an allowing statement nothing is allowed, except to an account's own root.
 */
import { type Context, conditionsHold } from './condition.ts'
import { expandVariables, matchesAction, matchesArn, type Variables } from './match.ts'
import type { PatternSet, PolicyDocument, Statement } from './policy-document.ts'
import { type Closeness, closer, namedIn, type Principal } from './principal.ts'

export interface Request {
  readonly principal: Principal
  /** `s3:GetObject` */
  readonly action: string
  /** The ARN acted upon, or `*` for actions that have none. */
  readonly resource: string
  /** The account that owns the resource. */
  readonly resourceAccount: string
  /** Condition keys of the request, in any case: `aws:PrincipalArn`, `s3:prefix`, … */
  readonly context: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface Policies {
  /** What is attached to the user or role, inline and managed. */
  readonly identity: readonly NamedPolicy[]
  readonly boundary?: NamedPolicy
  /** All session policies together; absent or empty: the session is not narrowed. */
  readonly session?: readonly NamedPolicy[]
  /** The policy on the resource: a bucket policy, the policy of an Access Grants instance. */
  readonly resource?: NamedPolicy
  /** In place of `resource` when a role is assumed; it must allow even within one account. */
  readonly trust?: NamedPolicy
  /** In place of `resource` when a KMS key is used: like `trust` it must allow, and its layer is `resource`. */
  readonly key?: NamedPolicy
}

export interface NamedPolicy {
  readonly name: string
  readonly document: PolicyDocument
}

export type Layer = 'identity' | 'resource' | 'session' | 'boundary' | 'trust'

export interface Verdict {
  readonly allowed: boolean
  readonly decision: 'allow' | 'explicitDeny' | 'implicitDeny'
  /** The layer that allowed, denied, or stayed silent where it had to allow. */
  readonly layer: Layer
  /** One sentence: the statement that decided, or what is missing. */
  readonly reason: string
  readonly statement?: DecidingStatement
}

export interface DecidingStatement {
  readonly policy: string
  readonly index: number
  readonly sid?: string
}

/** Decides a request. Never throws: documents were checked when parsed. */
export function evaluate(request: Request, policies: Policies): Verdict {
  const asked = prepare(request)
  const owner: Layer = policies.trust ? 'trust' : 'resource'
  const ownerMustAllow = policies.trust !== undefined || policies.key !== undefined
  const held: Readonly<Record<Layer, readonly NamedPolicy[]>> = {
    identity: policies.identity,
    resource: listed(policies.resource ?? policies.key),
    trust: listed(policies.trust),
    boundary: listed(policies.boundary),
    session: policies.session ?? [],
  }
  const find = (layer: Layer, effect: Statement['effect']) => closestStatement(asked, held[layer], effect, policies)

  for (const layer of ['identity', 'resource', 'trust', 'boundary', 'session'] as const) {
    const denied = find(layer, 'Deny')
    if (denied) return decided(request, 'explicitDeny', layer, denied)
  }

  const { principal } = request
  const byOwner = find(owner, 'Allow')
  // Services, federated and unsigned requesters have no policies of their own: only the owner's can let them in.
  if (!('account' in principal)) {
    return byOwner ? decided(request, 'allow', owner, byOwner) : missing(request, owner)
  }

  const byIdentity = find('identity', 'Allow')
  const sameAccount = principal.account === request.resourceAccount
  const ownerSuffices = sameAccount && (byOwner?.closeness === 'role' || byOwner?.closeness === 'exact')
  if (!byIdentity && !ownerSuffices && principal.kind !== 'root') return missing(request, 'identity')
  if (!byOwner && (ownerMustAllow || !sameAccount)) return missing(request, owner)
  // Named by its own ARN, a user or session is not narrowed further; one named by its role is.
  if (byOwner && sameAccount && byOwner.closeness === 'exact') return decided(request, 'allow', owner, byOwner)
  if (policies.boundary && !find('boundary', 'Allow')) return missing(request, 'boundary')
  if (held.session.length > 0 && !find('session', 'Allow')) return missing(request, 'session')
  if (byIdentity) return decided(request, 'allow', 'identity', byIdentity)
  if (byOwner) return decided(request, 'allow', owner, byOwner)
  return { allowed: true, decision: 'allow', layer: 'identity', reason: `the account's root may ${request.action}` }
}

interface Asked {
  readonly request: Request
  readonly context: Context
  readonly variables: Variables
}

interface Found {
  readonly policy: NamedPolicy
  readonly statement: Statement
  readonly closeness: Closeness
}

function prepare(request: Request): Asked {
  const context = new Map<string, string | readonly string[]>()
  for (const [key, value] of Object.entries(request.context)) {
    if (value !== undefined) context.set(key.toLowerCase(), value)
  }
  const variables: Variables = key => {
    const value = context.get(key.toLowerCase())
    return typeof value === 'string' ? value : value?.length === 1 ? value[0] : undefined
  }
  return { request, context, variables }
}

function listed(policy: NamedPolicy | undefined): readonly NamedPolicy[] {
  return policy ? [policy] : []
}

/** The statement with this effect that speaks of the request, the one that names the requester closest. */
function closestStatement(
  asked: Asked,
  policies: readonly NamedPolicy[],
  effect: Statement['effect'],
  all: Policies,
): Found | undefined {
  let best: Found | undefined
  for (const policy of policies) {
    for (const statement of policy.document.statements) {
      if (statement.effect !== effect) continue
      const closeness = applies(asked, policy.document, statement, all)
      if (closeness === 'none') continue
      if (best && closer(best.closeness, closeness) === best.closeness) continue
      best = { policy, statement, closeness }
    }
  }
  return best
}

function applies(asked: Asked, document: PolicyDocument, statement: Statement, all: Policies): Closeness {
  const { action, resource } = asked.request
  // Policy variables came with version 2012-10-17; older documents mean `${` literally.
  const variables = document.version === '2012-10-17' ? asked.variables : undefined
  if (!within(statement.actions, pattern => matchesAction(pattern, action))) return 'none'
  if (statement.resources && !coversResource(statement.resources, resource, variables)) return 'none'
  const closeness = nameCloseness(statement, asked.request.principal, all)
  if (closeness === 'none') return 'none'
  return conditionsHold(statement.conditions, asked.context, variables) ? closeness : 'none'
}

function coversResource(set: PatternSet, resource: string, variables: Variables | undefined): boolean {
  // A NotResource whose variable has no value would spare nothing; AWS takes the whole statement as void instead.
  if (set.except && set.patterns.some(pattern => expandVariables(pattern, variables) === undefined)) return false
  return within(set, pattern => matchesArn(pattern, resource, variables))
}

function within(set: PatternSet, matches: (pattern: string) => boolean): boolean {
  return set.patterns.some(matches) !== set.except
}

function nameCloseness(statement: Statement, principal: Principal, all: Policies): Closeness {
  // Identity, session and boundary policies speak of whoever they hang on.
  if (!statement.principals) return 'exact'
  // AWS: a Deny with NotPrincipal strikes everyone who has a boundary, named or not.
  if (statement.effect === 'Deny' && statement.principals.except && all.boundary) return 'exact'
  return namedIn(statement.principals, principal)
}

function decided(request: Request, decision: 'allow' | 'explicitDeny', layer: Layer, found: Found): Verdict {
  const { sid, index } = found.statement
  const statement = sid === undefined || sid === '' ? `statement ${index + 1}` : `statement \`${sid}\``
  const verb = decision === 'allow' ? 'allows' : 'explicitly denies'
  return {
    allowed: decision === 'allow',
    decision,
    layer,
    reason: `${statement} of ${layerNames[layer]} \`${found.policy.name}\` ${verb} ${request.action}`,
    statement: { policy: found.policy.name, index, ...(sid === undefined ? {} : { sid }) },
  }
}

function missing(request: Request, layer: Layer): Verdict {
  const reason = `no ${layerNames[layer]} allows ${request.action} on ${request.resource}`
  return { allowed: false, decision: 'implicitDeny', layer, reason }
}

export const layerNames: Readonly<Record<Layer, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  session: 'session policy',
  boundary: 'permissions boundary',
  trust: 'role trust policy',
}
