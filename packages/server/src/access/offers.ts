/**
 * What manual policies offer a person, and which data sources one may find without reaching them (04).
 *
 * Pure: asks the very formulas that decide. An offer is a level that subscribing alone would give, guardrails met.
 */
import {
  accessTo,
  type DataSourceId,
  type EntitlementIndex,
  type Level,
  type Policy,
  peopleSetOf,
  type UserId,
} from '@headgate/core'

export interface Offer {
  readonly level: Level
  readonly policies: readonly Pick<Policy, 'id' | 'name'>[]
  readonly isTaken: boolean
}

type Source = EntitlementIndex['bindings']['sources'] extends ReadonlyMap<unknown, infer One> ? One : never

/** Those of a data source, taken up or not; READ first. */
export function offersOn(index: EntitlementIndex, user: UserId, dataSource: DataSourceId): Offer[] {
  const source = index.bindings.sources.get(dataSource)
  return source ? offersOf(index, user, source) : []
}

/** Every data source with what it offers to the person, if anything, whatever they have subscribed to. */
export function* allOffers(
  index: EntitlementIndex,
  user: UserId,
): Generator<{ readonly dataSource: DataSourceId; readonly offers: readonly Offer[] }> {
  if (!isAny(index, ({ subscribe }) => subscribe === 'manual')) return
  for (const source of index.bindings.sources.values()) {
    const offers = offersOf(index, user, source)
    if (offers.length > 0) yield { dataSource: source.id, offers }
  }
}

/** Whether the person may find it: it is discoverable, or offers them something. */
export function mayFind(index: EntitlementIndex, user: UserId, dataSource: DataSourceId): boolean {
  return index.isDiscoverable(dataSource) || offersOn(index, user, dataSource).length > 0
}

/** Those that the person may find and does not reach. */
export function foundBy(index: EntitlementIndex, user: UserId): DataSourceId[] {
  const found = new Set(allOffers(index, user).map(({ dataSource }) => dataSource))
  if (isAny(index, ({ discoverable }) => discoverable)) for (const id of index.discoverable()) found.add(id)
  return [...found].filter(id => accessTo(index, user, id) === undefined)
}

function isAny({ bindings }: EntitlementIndex, wanted: (policy: Policy) => boolean): boolean {
  return bindings.policies.values().some(wanted)
}

function offersOf(index: EntitlementIndex, user: UserId, { id, binding }: Source): Offer[] {
  const person = index.facts.findPerson(user)
  // A data source that gives nothing has no binding.
  if (!binding || binding.offers.length === 0 || !person?.user || person.user.disabled) return []
  const ask = index.audiences.within(peopleSetOf([person.number]))
  const holds = (formula: Parameters<typeof ask>[0]) => ask(formula).size > 0
  const open = binding.offers.filter(({ formula }) => holds(formula))
  const levels = new Set(open.map(({ policy }) => policy.level))
  const levelsMet = (['READ', 'WRITE'] as const).filter(
    level =>
      levels.has(level) && binding.guards.READ.every(holds) && (level === 'READ' || binding.guards.WRITE.every(holds)),
  )
  return levelsMet.map(level => ({
    level,
    policies: open.flatMap(({ policy }) => (policy.level === level ? [{ id: policy.id, name: policy.name }] : [])),
    isTaken: index.subscriptions.has({ user, dataSource: id, level }),
  }))
}
