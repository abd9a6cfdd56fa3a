/**
 * Everybody's entitlements as of now, kept right through one change after another.
 *
 * A change to a person touches only that person, a change to a data source only it and what covers it, a change to a
 * policy only the audiences it reaches; what it did comes back exactly. The state is always that of an index built anew
 * from the same facts. No clock: `now` is handed in, `nextExpiry` says when to hand in the next one.
 */
import { type Audiences, audiences } from './audience.ts'
import { type Binding, formulasOf } from './binding-table.ts'
import { bindingsAlike } from './bindings-alike.ts'
import type { Change, MemberChange, PeopleChange, SourceChange } from './change.ts'
import { type Block, blockOf, type Difference, differenceOf, onlySource, theseSources } from './difference.ts'
import { discoverableSources, isDiscoverable } from './discoverable.ts'
import { type FactIndex, factIndex } from './fact-index.ts'
import type { DataSourceId, Facts, GroupId, Instant, Member, Policy } from './facts.ts'
import { countOf } from './few.ts'
import { type Formula, type Formulas, formulaTable } from './formula.ts'
import { inverseOf } from './inverse-change.ts'
import { productsIn } from './marketplace.ts'
import { memberChanges } from './member-changes.ts'
import { isExpired, type MemberIndex, memberIndex } from './member-index.ts'
import { type MembershipIndex, membershipIndex } from './membership-index.ts'
import { lettingIn, subscribersOf, takenUp } from './on-top.ts'
import { onceForTwo } from './once-for-two.ts'
import { copyOf, intersection, isSamePeople, nobody, numbersOf, type PeopleSet } from './people-set.ts'
import { placementIndex } from './placement.ts'
import { climbed, reachOfChange } from './reach-of-change.ts'
import { type Rebound, type Source, type SourceBindings, sourceBindings } from './source-binding.ts'
import { type Detail, fixedFor, memberReason, type Standing, standingOf } from './standing.ts'
import { type SubscriptionIndex, subscriptionIndex } from './subscription-index.ts'
import { touchedPeople } from './touched-people.ts'

export interface EntitlementIndex {
  readonly facts: FactIndex
  readonly formulas: Formulas
  readonly bindings: SourceBindings
  readonly members: MemberIndex
  readonly memberships: MembershipIndex
  readonly subscriptions: SubscriptionIndex
  readonly audiences: Audiences
  readonly now: Instant
  /** Applies one change; the answer can be written out until the next one. */
  applyChange(change: Change): Difference
  /** Applies one change without saying what it did, which costs less. */
  settle(change: Change): void
  /** What would take the change back, were it applied now. */
  inverseOf(change: Change): Change
  /** Everybody's standing on a data source, members included. To be read before the next change. */
  standing(source: Source): Standing
  /** The standing of some enabled people. */
  standingWithin(people: PeopleSet): (source: Source) => Standing
  /** Whether anybody may be let in by more than its audience: a member, or a subscriber to what is offered. */
  standsAlone(source: Source): boolean
  /** What the policies alone give, members and subscribers left out. */
  policyStanding(binding: Binding): Standing
  /** All entitlements of any level: data sources with the same audience, and its users, in no order of data sources. */
  audienceBlocks(): Generator<{ readonly dataSources: readonly DataSourceId[]; readonly users: Float64Array }>
  /** In the order of the set, which is that of ids where `facts.isInOrder()`. */
  idsOf(people: PeopleSet): Float64Array
  /** The bindings with a grant policy that may let one of these enabled people in; no others do. */
  opening(people: PeopleSet): ReadonlySet<Binding>
  /** Whether people who do not qualify may find it: an active policy that applies says so, and it is not disabled. */
  isDiscoverable(id: DataSourceId): boolean
  /** All of these, by id. */
  discoverable(): DataSourceId[]
  nextExpiry(): Instant | undefined
  /** What is held, in bytes, as far as it can be counted. */
  memory(): Memory
}

export interface Memory {
  readonly people: number
  readonly lists: number
  readonly dataSources: number
  readonly formulas: number
  readonly audiences: number
}

export function entitlementIndex(rows: Facts, at: Instant): EntitlementIndex {
  const facts = factIndex(rows)
  const kept = audiences(facts)
  const formulas = formulaTable(kept.forget)
  const bindings = sourceBindings(formulas, placementIndex(rows), detailOf)
  const members = memberIndex(rows.members)
  const memberships = membershipIndex(facts, rows.memberships, at)
  const subscriptions = subscriptionIndex(facts, rows.subscriptions)
  const { touchedBy, leavesOfAll, groupsOf } = touchedPeople(facts, formulas)
  const changesOfMembers = memberChanges({
    facts,
    formulas,
    bindings,
    members,
    memberships,
    subscriptions,
    audiences: kept,
  })
  let now = at
  let changes = 0

  for (const row of rows.integrations) bindings.setIntegration(row.id, row)
  for (const row of rows.policies) bindings.setPolicy(row.id, row)
  bindings.fill(rows.dataSources)
  bindings.sweep()

  function applyChange(change: Change): Difference {
    bindings.sweep()
    const current = ++changes
    const blocks = blocksOf(change)
    return differenceOf(
      blocks.filter(block => block !== undefined),
      facts,
      () => changes === current,
    )
  }

  function settle(change: Change): void {
    switch (change.entity) {
      case 'integration':
      case 'dataSource':
      case 'policy':
      case 'domain':
      case 'selection':
      case 'dataProduct':
        // Nothing is swept: what a change taken back had replaced is still there to be found.
        changes++
        rebound(change)
        break
      default:
        applyChange(change)
    }
  }

  function blocksOf(change: Change): (Block | undefined)[] {
    switch (change.entity) {
      case 'integration':
      case 'dataSource':
      case 'policy':
      case 'domain':
      case 'selection':
      case 'dataProduct':
        return rebind(change)
      case 'member':
      case 'membership':
      case 'subscription':
      case 'now':
        return changeMembers(change)
      default:
        return changePeople(change)
    }
  }

  // ── Data sources and policies: other bindings, the same people ──

  function rebind(change: SourceChange): Block[] {
    const blocks: (Block | undefined)[] = []
    for (const { sources, before, after } of rebound(change)) {
      const [was, is] = [standingOf(before, [], kept.of), standingOf(after, [], kept.of)]
      const others = new Set(sources.filter(({ id }) => differs(id, before) || differs(id, after)))
      blocks.push(blockOf({ all: [sources], but: others }, was, is))
      for (const source of others) {
        const asMembers = lettingIn(facts, membersOf(source.id), facts.enabled)
        const sides = [before, after].map(binding => {
          const subscribed = takenUp(binding, subscribersOf(subscriptions, source.id), kept.of)
          return standingOf(binding, [...subscribed, ...asMembers], kept.of)
        })
        blocks.push(blockOf(onlySource(source), sides[0]!, sides[1]!))
      }
    }
    return blocks.filter(block => block !== undefined)
  }

  function rebound(change: SourceChange): Rebound[] {
    switch (change.entity) {
      case 'integration':
        return bindings.setIntegration(change.id, change.row)
      case 'dataSource':
        return bindings.setDataSource(change.id, change.row)
      case 'policy':
        return bindings.setPolicy(change.id, change.row)
      case 'domain':
        return bindings.setDomain(change.name, change.row)
      case 'selection':
        return bindings.setSelection(change.row, change.holds)
      case 'dataProduct':
        return bindings.setProduct(change.id, change.row)
    }
  }

  /** Whether somebody may have more on it than what its binding says. */
  function differs(id: DataSourceId, binding: Binding | undefined): boolean {
    if (members.of(id).length > 0) return true
    return binding !== undefined && binding.offers.length > 0 && subscriptions.isSubscribedTo(id)
  }

  // ── Members, memberships and subscriptions: some data sources, the people meant ──

  function changeMembers(change: MemberChange): (Block | undefined)[] {
    const before = touchedAlike(changesOfMembers.touchedBy(change, now)).map(({ sources, people }) => {
      const was = fixedFor(people, standingIn(sources[0], people, kept.within(people)))
      return { sources, people, was }
    })
    changesOfMembers.takeIn(change, now)
    if (change.entity === 'now') now = change.now
    return before.map(({ sources, people, was }) =>
      blockOf(theseSources(sources), was, standingIn(sources[0], people, kept.within(people))),
    )
  }

  /** Those of one binding, with the very same people touched, are looked at once: a product may tag thousands. */
  function touchedAlike(touched: ReadonlyMap<DataSourceId, PeopleSet>): Alike[] {
    const found: Alike[] = []
    const known = onceForTwo<Binding | undefined, PeopleSet, Alike>()
    for (const [id, people] of touched) {
      const source = bindings.sources.get(id)
      if (!source) continue
      const begun: Alike = { sources: [source], people }
      const alike = differs(id, source.binding) ? begun : known(source.binding, people, () => begun)
      if (alike === begun) found.push(begun)
      else alike.sources.push(source)
    }
    return found
  }

  // ── People: the same bindings, some formulas true or false for them now ──

  function changePeople(change: PeopleChange): Block[] {
    const { people, leaves, memberships } = touchedBy(change)
    const asked = copyOf(intersection(people, facts.enabled))
    const askNow = kept.within(asked)
    const before = new Map<Formula, PeopleSet>()
    for (const leaf of leaves) {
      const formula = formulas.find(leaf)
      if (formula) before.set(formula, askNow(formula))
    }
    const groupsBefore = new Map(memberships.map(id => [id, copyOf(facts.peopleOf(facts.group(id), asked))] as const))

    changeFacts(change)
    const left = copyOf(intersection(people, facts.enabled))
    const askAfter = kept.within(left)
    const askBefore = kept.within(asked, formula => before.get(formula))
    const changedLeaves = [...before.keys()].filter(leaf => !isSamePeople(before.get(leaf)!, askAfter(leaf)))
    const reach = reachOfChange(changedLeaves, () => leavesOfAll(people), askBefore, askAfter)
    const { changed } = reach
    kept.renew(changed, people)

    const touched = bindings.holding(changed, reach.grounded)
    const alone = memberSources(people, new Set(changed), memberships)
    const blocks: (Block | undefined)[] = []
    const apart = Map.groupBy(alone, ({ binding }) => binding)
    const live = new Set(touched.size > 0 ? reach.grounded() : [])
    // What is grounded and not among those held for nobody: no need to ask.
    const quickBefore = (formula: Formula) => (formula.isGrounded && !live.has(formula) ? nobody : askBefore(formula))
    const quickAfter = (formula: Formula) => (formula.isGrounded && !live.has(formula) ? nobody : askAfter(formula))
    for (const alike of bindingsAlike(touched, people, quickBefore, quickAfter)) {
      const [was, is] = [standingOf(alike[0], [], quickBefore), standingOf(alike[0], [], quickAfter)]
      const but = new Set<Source>()
      if (apart.size > 0) for (const binding of alike) for (const one of apart.get(binding) ?? []) but.add(one)
      blocks.push(blockOf({ all: alike.map(({ sources }) => sources), but }, was, is))
    }
    for (const source of alone) {
      const mine = membersOf(source.id)
      const then = mine.map(member => {
        const inGroup = 'group' in member.subject ? groupsBefore.get(member.subject.group) : undefined
        return { reason: memberReason(member), people: inGroup ?? facts.subjectPeople(member.subject, asked) }
      })
      const subscribed = takenUp(source.binding, subscribersOf(subscriptions, source.id), askBefore)
      const was = standingOf(source.binding, [...subscribed, ...then], askBefore)
      blocks.push(blockOf(onlySource(source), was, standingIn(source, left, askAfter)))
    }
    return blocks.filter(block => block !== undefined)
  }

  function changeFacts(change: PeopleChange): void {
    switch (change.entity) {
      case 'user':
        facts.setUser(change.id, change.row)
        break
      case 'group':
        facts.setGroup(change.id, change.row)
        break
      case 'groupMember':
        facts.setGroupMember(change.group, change.user, change.holds)
        break
      case 'attribute':
        facts.setAttribute(change.row, change.holds)
        break
      case 'principals':
        facts.setPrincipals(change.user, change.rows)
    }
  }

  /** The data sources to be looked at one by one: some of these people are or were members, or have subscribed. */
  function memberSources(
    people: PeopleSet,
    changed: ReadonlySet<Formula>,
    memberships: readonly GroupId[],
  ): Set<Source> {
    const found = new Set<Source>()
    function lookAtOffers(some: Iterable<DataSourceId>): void {
      for (const id of some) {
        const source = bindings.sources.get(id)
        if (source?.binding && source.binding.offers.length > 0) found.add(source)
      }
    }
    function look(some: Iterable<Member>, mayMove: boolean): void {
      for (const { dataSource } of some) {
        const source = bindings.sources.get(dataSource)
        if (source?.binding && (mayMove || !changed.isDisjointFrom(formulasOf(source.binding)))) found.add(source)
      }
    }
    for (const group of memberships) look(members.ofGroup(group), true)
    if (people.size > fewPeople) {
      // Only where a formula changed, or a membership, is there anything to see.
      for (const id of members.dataSources()) look(members.of(id), false)
      lookAtOffers(subscriptions.dataSources())
      return found
    }
    for (const number of numbersOf(people)) {
      const person = facts.personAt(number)
      look(members.ofUser(person.id), true)
      lookAtOffers(subscriptions.ofUser(person.id))
      if (changed.size > 0) for (const { id } of groupsOf(person)) look(members.ofGroup(id), false)
    }
    return found
  }

  // ── Reading ──

  /** What stands for a standing policy in the reasons of a person: the memberships that it saw. */
  function detailOf(policy: Policy, tags: readonly string[]): Detail | undefined {
    if (!policy.protected) return undefined
    const products = productsIn(tags, policy.level)
    return number => memberships.reasons(facts.idOf(number), products, policy.level, now)
  }

  function membersOf(id: DataSourceId): Member[] {
    return members.of(id).filter(member => !isExpired(member, now))
  }

  function standingIn(source: Source, people: PeopleSet, ask: (formula: Formula) => PeopleSet): Standing {
    const subscribed = takenUp(source.binding, subscribersOf(subscriptions, source.id), ask)
    return standingOf(source.binding, [...subscribed, ...lettingIn(facts, membersOf(source.id), people)], ask)
  }

  function standingWithin(people: PeopleSet): (source: Source) => Standing {
    const ask = people === facts.enabled ? kept.of : kept.within(people)
    return source => standingIn(source, people, ask)
  }

  function standsAlone({ id, binding }: Source): boolean {
    return differs(id, binding)
  }

  function policyStanding(binding: Binding): Standing {
    return standingOf(binding, [], kept.of)
  }

  function* audienceBlocks() {
    for (const binding of bindings.bindings) {
      const plain: DataSourceId[] = []
      for (const source of binding.sources) {
        if (!standsAlone(source)) plain.push(source.id)
        else yield { dataSources: [source.id], users: idsOf(standingWithin(facts.enabled)(source).read) }
      }
      if (plain.length > 0) yield { dataSources: plain, users: idsOf(policyStanding(binding).read) }
    }
  }

  function idsOf(people: PeopleSet): Float64Array {
    const numbers = numbersOf(people)
    const ids = new Float64Array(numbers.length)
    for (let at = 0; at < numbers.length; at++) ids[at] = facts.idOf(numbers[at]!)
    return ids
  }

  function memory(): Memory {
    let ofFormulas = 0
    for (const { terms, parents, ands } of formulas.all())
      ofFormulas += 300 + 8 * terms.length + 40 * (countOf(parents) + countOf(ands))
    let ofSources = 0
    for (const { row, below } of bindings.sources.values()) {
      ofSources += 500 + row.name.length + row.scope.key.length + 60 * row.tags.length + 60 * (below?.size ?? 0)
    }
    for (const { grants, offers } of bindings.bindings) ofSources += 500 + 100 * (grants.length + offers.length)
    return {
      ...facts.bytes(),
      dataSources: ofSources + 200 * (members.count + memberships.count) + subscriptions.bytes(),
      formulas: ofFormulas,
      audiences: kept.bytes(),
    }
  }

  return {
    facts,
    formulas,
    bindings,
    members,
    memberships,
    subscriptions,
    audiences: kept,
    get now() {
      return now
    },
    applyChange,
    settle,
    inverseOf: change => inverseOf({ facts, bindings, members, memberships, subscriptions, now }, change),
    standing: standingWithin(facts.enabled),
    standingWithin,
    standsAlone,
    opening: people => bindings.granted(climbed(leavesOfAll(people), kept.within(people))),
    policyStanding,
    audienceBlocks,
    idsOf,
    isDiscoverable: id => isDiscoverable(bindings, id),
    discoverable: () => discoverableSources(bindings),
    nextExpiry: () => earlier(members.nextEnd(now), memberships.nextEnd(now)),
    memory,
  }
}

/** Data sources on which the same comes to pass. */
interface Alike {
  readonly sources: [Source, ...Source[]]
  readonly people: PeopleSet
}

/** Beyond this many people the members of every touched data source are looked at instead of each person's. */
const fewPeople = 256

function earlier(one: Instant | undefined, other: Instant | undefined): Instant | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
}
