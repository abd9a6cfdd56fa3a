/** How people are known to AWS. What is known of them otherwise is for the fact index. */
import type { Facts, Integration, IntegrationId, Principal, UserId } from './facts.ts'

/**
 * How a user is known to AWS in one integration: the entries made for it, else the general ones.
 *
 * One entry at most is meant (03). More than one is for the caller to refuse: nobody can say which was meant.
 */
export function principalsByUser(facts: Facts): (user: UserId, integration: IntegrationId) => readonly Principal[] {
  const byUser = Map.groupBy(facts.principals, principal => principal.user)
  return (user, integration) => meantPrincipals(byUser.get(user) ?? [], integration)
}

/** Of one user's entries those made for the integration, else the general ones. */
export function meantPrincipals(all: readonly Principal[], integration: IntegrationId): readonly Principal[] {
  const specific = all.filter(principal => principal.integration === integration)
  return specific.length > 0 ? specific : all.filter(principal => principal.integration === undefined)
}

/** Why a principal, though mapped, is granted nothing in an integration. */
export type WhyUseless =
  /** It is in another account, whose people the integration's instance does not let vend. */
  | 'otherAccount'
  /** AWS has somebody else under its name by now. */
  | 'anotherPrincipal'

/** Whether a principal can be granted anything there; undefined: it can. */
export function uselessIn({ accountId, vendsTo }: Integration): (principal: Principal) => WhyUseless | undefined {
  const welcome = setOf(vendsTo ?? nobody)
  return ({ kind, identifier, isAnother }) => {
    if (isAnother) return 'anotherPrincipal'
    if (kind === 'identityCenterUser') return undefined
    const account = accountOf(identifier)
    // What names no account is no ARN, and AWS takes nothing else: that is seen to where principals are stored.
    if (account === undefined || account === accountId) return undefined
    return welcome.has(account) || welcome.has(identifier) ? undefined : 'otherAccount'
  }
}

/** Of an ARN of IAM. */
export function accountOf(arn: string): string | undefined {
  return /^arn:[^:]+:iam::(\d{12}):/.exec(arn)?.[1]
}

const nobody: readonly string[] = []
/** A plan is asked for after every change, and the list may be long; a list never changes. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>()

function setOf(list: readonly string[]): ReadonlySet<string> {
  const known = sets.get(list) ?? new Set(list)
  sets.set(list, known)
  return known
}
