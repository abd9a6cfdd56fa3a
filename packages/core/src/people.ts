/** How people are known to AWS. What is known of them otherwise is for the fact index. */
import type { Facts, IntegrationId, Principal, UserId } from './facts.ts'

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
