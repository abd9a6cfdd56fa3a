/**
 * What of the audit trail a caller may read (07): GOVERNANCE and AUDIT all of it; owners what is about their data
 * sources, whoever has Audit Activity in a domain what is about the domain, its data sources and its policies.
 *
 * An event that is about other things as well is shown without them, and without a payload that might tell of them.
 */
import { type AuditEventAnswer, Problem, rules } from '@headgate/core/api'
import { allow, holdsAny } from '../access/allow.ts'
import { actsAsOwnerOf, domainsWith } from '../access/domain-rights.ts'
import type { Tx } from '../db/act.ts'
import { keysOf, type SealedEvent } from '../db/audit-list.ts'
import { sourcesInDomains } from '../db/domain.ts'
import type { Caller } from '../http/serve.ts'
import { type AuditEvent, keyOf } from './entry.ts'

/** `TYPE/id` of what the caller may read events about. */
export interface Sight {
  readonly owned: ReadonlySet<string>
  readonly ofDomains: ReadonlySet<string>
}

/** Undefined: everything. */
export async function sightOf(tx: Tx, caller: Caller): Promise<Sight | undefined> {
  if (holdsAny(caller, rules.listAuditEvents.anyOf)) return undefined
  const dataSources = await actsAsOwnerOf(tx, caller)
  const domains = await domainsWith(tx, caller, ['AUDIT_ACTIVITY'])
  const inDomains = await sourcesInDomains(tx, domains)
  return {
    owned: new Set(await keysOf(tx, { dataSources, domains: [] })),
    ofDomains: new Set(await keysOf(tx, { dataSources: inDomains, domains })),
  }
}

export function keysInSight(sight: Sight | undefined): readonly string[] | undefined {
  return sight && [...new Set([...sight.owned, ...sight.ofDomains])]
}

/** @throws Problem `audit-event-not-found` */
export async function requireInSight(
  caller: Caller,
  sight: Sight | undefined,
  id: string,
  found: SealedEvent | undefined,
): Promise<AuditEventAnswer> {
  const missing = () => new Problem('audit-event-not-found', { id })
  if (!found) throw missing()
  const event: AuditEvent = JSON.parse(found.text)
  const keys = [...event.targets, ...event.relatedResources].map(keyOf)
  await allow(caller, rules.readAuditEvent, {
    is: relation => keys.some(key => (relation === 'owner' ? sight?.owned : sight?.ofDomains)?.has(key)),
    missing,
  })
  return asSeen(sight, found)
}

/** What is no secret to whoever may read an event that is about nothing but theirs. */
const people: ReadonlySet<string> = new Set(['USER', 'GROUP'])
/** What everything happens in: that they are left out hides nobody. */
const containers: ReadonlySet<string> = new Set(['INTEGRATION', 'RUN'])

export function asSeen(sight: Sight | undefined, { position, text }: SealedEvent): AuditEventAnswer {
  const event: Omit<AuditEventAnswer, 'position' | 'isReduced'> = JSON.parse(text)
  if (!sight) return { position, ...event, isReduced: false }
  const all = [...event.targets, ...event.relatedResources]
  // Of many people and many data sources in one event, nothing tells who belongs to which.
  const isAboutOthers = all.some(one => !mayBeShown(sight, one) && !containers.has(one.type))
  const isSeen = (one: Named) => mayBeShown(sight, one) && !(isAboutOthers && people.has(one.type))
  // Whose data source it is may know all of what was done to it, and nothing of what was done to others with it.
  const isWhole =
    event.targets.length > 0 && event.targets.every(one => isMine(sight, one)) && event.relatedResources.every(isSeen)
  const { type, version } = event.auditPayload
  return {
    position,
    ...event,
    targets: event.targets.filter(isSeen),
    relatedResources: event.relatedResources.filter(isSeen),
    actorIp: null,
    sessionId: null,
    auditPayload: isWhole ? event.auditPayload : { type, version },
    isReduced: !isWhole,
  }
}

interface Named {
  readonly type: string
  readonly id: string
}

/** Whether any event says that it is about this. */
export function mayBeShown(sight: Sight, one: Named): boolean {
  return one.type === 'TAG' || isPerson(one) || isMine(sight, one)
}

/** Whom some events leave out. */
export function isPerson({ type }: Pick<Named, 'type'>): boolean {
  return people.has(type)
}

function isMine(sight: Sight, one: Named): boolean {
  return sight.owned.has(keyOf(one)) || sight.ofDomains.has(keyOf(one))
}
