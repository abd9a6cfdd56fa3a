/**
 * Step 3 of the line: who is entitled to what, and every reason why.
 *
 * Grant policies and members combine with OR and let people in; guardrails combine with AND, let nobody in and beat
 * everything (04). What is not said by a fact is not given. Owning gives nothing. No clock: `now` is an argument.
 */
import { type EntitlementIndex, entitlementIndex } from './entitlement-index.ts'
import type {
  DataProductId,
  DataSourceId,
  Facts,
  GroupId,
  Instant,
  Level,
  MemberId,
  MembershipId,
  PolicyId,
  UserId,
} from './facts.ts'
import { hasPerson, numbersOf } from './people-set.ts'
import { inOrder, type LettingIn } from './standing.ts'

/** A grant policy, a member or a membership of a data product that lets the person in, at the level that it gives. */
export type OwnReason =
  | { readonly kind: 'policy'; readonly id: PolicyId; readonly version: number; readonly level: Level }
  | {
      readonly kind: 'member'
      readonly id: MemberId
      readonly level: Level
      readonly until?: Instant
      /** The group that was made a member. */
      readonly via?: { readonly group: GroupId }
    }
  /** What a standing policy sees: in its stead. */
  | {
      readonly kind: 'membership'
      readonly id: MembershipId
      readonly level: Level
      readonly until?: Instant
      readonly via: { readonly product: DataProductId }
    }

export interface Entitlement {
  readonly user: UserId
  readonly dataSource: DataSourceId
  /** The highest; WRITE includes READ. */
  readonly level: Level
  /**
   * All reasons, policies before members before memberships, then by id. A reason may give more than the level does: who may write by
   * a policy and fails a WRITE guardrail is entitled to READ because of that policy.
   */
  readonly because: readonly OwnReason[]
}

/**
 * Everybody's entitlements; by data source, then user. `only` narrows the answer to some data sources: it is the same
 * as leaving the others out of the full answer.
 */
export function deriveEntitlements(
  facts: Facts,
  now: Instant,
  only: { readonly dataSources?: ReadonlySet<DataSourceId> } = {},
): Entitlement[] {
  const index = entitlementIndex(facts, now)
  const found: Entitlement[] = []
  for (const { id } of facts.dataSources.toSorted((a, b) => a.id - b.id)) {
    if (only.dataSources && !only.dataSources.has(id)) continue
    for (const entitlement of entitlementsOf(index, id)) found.push(entitlement)
  }
  return found
}

/** The entitlements to one data source, by user. */
export function entitlementsOf(index: EntitlementIndex, dataSource: DataSourceId): Entitlement[] {
  const source = index.bindings.sources.get(dataSource)
  if (!source) return []
  const { read, write, reasons } = index.standing(source)
  const numbers = numbersOf(read)
  const because = becauses(numbers, reasons)
  const found = Array.from(numbers, (number, at): Entitlement => {
    const level = hasPerson(write, number) ? 'WRITE' : 'READ'
    return { user: index.facts.personAt(number).id, dataSource, level, because: because[at]! }
  })
  return index.facts.isInOrder() ? found : found.sort((a, b) => a.user - b.user)
}

/** For each of these people all reasons that let them in; people with the same reasons share one list. */
function becauses(numbers: readonly number[], reasons: readonly LettingIn[]): (readonly OwnReason[])[] {
  const none: Because = { list: [], more: new Map() }
  const found: Because[] = new Array(numbers.length).fill(none)
  for (const { reason, people, detail } of reasons) {
    if (people.size === 0 || detail) continue
    for (let at = 0; at < numbers.length; at++) {
      if (!hasPerson(people, numbers[at]!)) continue
      const before = found[at]!
      const next = before.more.get(reason) ?? { list: [...before.list, reason], more: new Map() }
      before.more.set(reason, next)
      found[at] = next
    }
  }
  const lists: (readonly OwnReason[])[] = found.map(({ list }) => list)
  for (const { people, detail } of reasons) {
    if (!detail) continue
    for (let at = 0; at < numbers.length; at++) {
      if (hasPerson(people, numbers[at]!)) lists[at] = inOrder([...lists[at]!, ...detail(numbers[at]!)])
    }
  }
  return lists
}

interface Because {
  readonly list: readonly OwnReason[]
  readonly more: Map<OwnReason, Because>
}

/** The first instant after `now` at which the entitlements can change without a fact changing; undefined: never. */
export function nextExpiry(facts: Facts, now: Instant): Instant | undefined {
  let next: Instant | undefined
  for (const { until } of [...facts.members, ...facts.memberships]) {
    if (until !== undefined && until > now && (next === undefined || until < next)) next = until
  }
  return next
}
