/**
 * What a caller may do in which domains. A key that was narrowed to some permissions carries none of it: no list of
 * permissions can name a right in a domain.
 */
import type { DomainRight } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { isOwner, ownedBy } from '../db/data-source.ts'
import { isInAnyDomain, sourcesInDomains } from '../db/domain.ts'
import { type RightsByDomain, rightsOf } from '../db/domain-right.ts'
import type { Caller } from '../http/serve.ts'

export async function callerRights(tx: Tx, caller: Caller): Promise<RightsByDomain> {
  return caller.keyIsNarrowed ? new Map() : rightsOf(tx, caller.id)
}

/** The rights with which one reads the policies, data sources and access of a domain. */
export const readingRights: readonly DomainRight[] = ['MANAGE_POLICIES', 'AUDIT_ACTIVITY']

/** The domains in which the caller has any one of these rights. */
export async function domainsWith(tx: Tx, caller: Caller, anyOf: readonly DomainRight[]): Promise<string[]> {
  const rights = await callerRights(tx, caller)
  return [...rights.keys()].filter(name => anyOf.some(right => rights.get(name)?.has(right)))
}

/** The data sources that the caller looks after: those owned, and those of the domains whose access one may read. */
export async function lookedAfter(tx: Tx, caller: Caller): Promise<number[]> {
  const ofDomains = await sourcesInDomains(tx, await domainsWith(tx, caller, readingRights))
  return [...new Set([...(await ownedBy(tx, caller.id)), ...ofDomains])]
}

/** The same question of one. */
export async function looksAfter(tx: Tx, caller: Caller, id: number): Promise<boolean> {
  if (await isOwner(tx, id, caller.id)) return true
  const names = await domainsWith(tx, caller, readingRights)
  return names.length > 0 && (await isInAnyDomain(tx, id, names))
}
