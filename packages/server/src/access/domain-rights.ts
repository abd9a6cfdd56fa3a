/**
 * What a caller may do by owning data sources, and by rights in domains.
 *
 * A key that was narrowed to some permissions carries no right in a domain: no list of permissions can name one. It
 * carries what its person owns only with CREATE_S3_DATASOURCE, which is the permission of data owners, and not where
 * somebody else made it for them.
 */
import { type DomainRight, Problem, rules } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { isOwner, ownedBy } from '../db/data-source.ts'
import { isInAnyDomain, sourcesInDomains } from '../db/domain.ts'
import { type RightsByDomain, rightsOf } from '../db/domain-right.ts'
import type { Caller } from '../http/serve.ts'
import { allow } from './allow.ts'

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

/** @throws Problem `domain-not-found`, also for who may not read it */
export async function requireDomain(caller: Caller, mine: RightsByDomain, name: string): Promise<void> {
  await allow(caller, rules.readDomain, {
    is: ({ inDomain }) => inDomain.some(right => mine.get(name)?.has(right)),
    missing: () => new Problem('domain-not-found', { name }),
  })
}

/** Whether owning it lets the caller do something here. */
export async function actsAsOwner(tx: Tx, caller: Caller, dataSource: number): Promise<boolean> {
  return caller.carriesOwning && isOwner(tx, dataSource, caller.id)
}

/** Those of which that can be said. */
export async function actsAsOwnerOf(tx: Tx, caller: Caller): Promise<number[]> {
  return caller.carriesOwning ? ownedBy(tx, caller.id) : []
}

/** Whether a data source lies in a domain where the caller has any one of these rights. */
export async function hasRightOver(
  tx: Tx,
  caller: Caller,
  dataSource: number,
  anyOf: readonly DomainRight[],
): Promise<boolean> {
  const names = await domainsWith(tx, caller, anyOf)
  return names.length > 0 && (await isInAnyDomain(tx, dataSource, names))
}

/** The data sources that the caller looks after: those owned, and those of the domains whose access one may read. */
export async function lookedAfter(tx: Tx, caller: Caller): Promise<number[]> {
  const ofDomains = await sourcesInDomains(tx, await domainsWith(tx, caller, readingRights))
  return [...new Set([...(await actsAsOwnerOf(tx, caller)), ...ofDomains])]
}
