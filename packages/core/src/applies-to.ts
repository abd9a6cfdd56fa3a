/**
 * Which data sources a policy applies to, and the other way round without asking every policy.
 *
 * Who a policy is about is another question (`audience.ts`).
 */
import type { Condition, DataSource, DataSourceId, IntegrationId, Policy, PolicyId } from './facts.ts'
import { isReserved } from './marketplace.ts'
import type { Placement, PlacementIndex } from './placement.ts'
import { matches, selfAndParents } from './policy/match.ts'
import { covers, type Scope } from './scope.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'
import { type TagMap, tagMap } from './tag-map.ts'

/** Whether the policy applies to the data source, which has to lie within the reach of its authority. */
export function takesIn(policy: Applying, dataSource: DataSource, placement: Placement): boolean {
  const { id, appliesTo } = policy
  if (!reaches(policy, dataSource, placement)) return false
  if ('everything' in appliesTo) return true
  if ('selected' in appliesTo) return placement.isSelected(id, dataSource.id)
  const isMet = (condition: Condition) => meets(condition, dataSource, placement) && isSeen(policy, condition)
  if ('any' in appliesTo) return appliesTo.any.some(isMet)
  // An empty list cannot be written; were one to come from elsewhere, it must not stand for everything.
  return appliesTo.all.length > 0 && appliesTo.all.every(isMet)
}

/** What of a policy tells where it applies. */
export type Applying = Pick<Policy, 'id' | 'reach' | 'appliesTo' | 'protected'>

/** Reserved tags are there for the standing policies only. */
function isSeen(policy: Applying, condition: Condition): boolean {
  return policy.protected || !('tag' in condition) || !isReserved(condition.tag)
}

function reaches({ reach }: Applying, dataSource: DataSource, placement: Placement): boolean {
  if (reach === 'global') return true
  return 'domain' in reach ? placement.isIn(dataSource, reach.domain) : reach.dataSource === dataSource.id
}

export interface PolicyFinder {
  add(policy: Policy): void
  delete(policy: Policy): void
  /** The policies that apply to it, by id; the very same list where tags, domains and integration alone tell. */
  taking(dataSource: DataSource): readonly Policy[]
  /** To be told after domains took in other tags. */
  forget(): void
}

/** Finds by one condition of a policy, so that only policies with something in common are asked. */
export function policyFinder(placement: PlacementIndex): PolicyFinder {
  const byPlace = {
    everything: new Map<unknown, Set<Policy>>(),
    tag: new Map<unknown, Set<Policy>>(),
    domain: new Map<unknown, Set<Policy>>(),
    integration: new Map<unknown, Set<Policy>>(),
    dataSource: new Map<unknown, Set<Policy>>(),
    selected: new Map<unknown, Set<Policy>>(),
    glob: new Map<unknown, Set<Policy>>(),
    name: new Map<unknown, Set<Policy>>(),
  }
  const byScope: ScopeIndex<{ readonly scope: Scope; readonly policy: Policy }> = scopeIndex([], ({ scope }) => scope)
  const scopesOf = new Map<Policy, { readonly scope: Scope; readonly policy: Policy }[]>()

  const answers = new Map<
    IntegrationId,
    TagMap<{ readonly sure: readonly Policy[]; readonly unsure: readonly Policy[] }>
  >()

  function add(policy: Policy): void {
    answers.clear()
    for (const condition of lookedUpBy(policy)) {
      if (condition !== everything && 'scope' in condition) {
        const entry = { scope: condition.scope, policy }
        byScope.add(entry)
        scopesOf.set(policy, [...(scopesOf.get(policy) ?? []), entry])
      } else {
        const [kind, key] = placeOf(condition)
        const there = byPlace[kind].get(key) ?? new Set()
        byPlace[kind].set(key, there.add(policy))
      }
    }
  }

  function remove(policy: Policy): void {
    answers.clear()
    for (const entry of scopesOf.get(policy) ?? []) byScope.delete(entry)
    scopesOf.delete(policy)
    for (const condition of lookedUpBy(policy)) {
      if (condition !== everything && 'scope' in condition) continue
      const [kind, key] = placeOf(condition)
      byPlace[kind].get(key)?.delete(policy)
      if (byPlace[kind].get(key)?.size === 0) byPlace[kind].delete(key)
    }
  }

  function taking(dataSource: DataSource): readonly Policy[] {
    const { sure, unsure } = byTags(dataSource)
    const others = new Set(unsure)
    addAll(others, byPlace.name.get(dataSource.name))
    addAll(others, byPlace.glob.get(undefined))
    addAll(others, byPlace.dataSource.get(dataSource.id))
    if (byPlace.selected.size > 0) {
      for (const id of placement.selectedFor(dataSource.id)) addAll(others, byPlace.selected.get(id))
    }
    for (const { policy } of byScope.coveredBy(dataSource.scope)) others.add(policy)
    if (others.size === 0) return sure
    const more = [...others].filter(policy => takesIn(policy, dataSource, placement))
    return more.length === 0 ? sure : byId(new Set([...sure, ...more]))
  }

  function byTags(dataSource: DataSource) {
    const alike = answers.get(dataSource.integration) ?? tagMap()
    answers.set(dataSource.integration, alike)
    const key = keyOf(dataSource)
    const known = alike.get(key)
    if (known) return known
    const there = new Set<Policy>()
    addAll(there, byPlace.everything.get(undefined))
    addAll(there, byPlace.integration.get(dataSource.integration))
    for (const tag of dataSource.tags) for (const name of selfAndParents(tag)) addAll(there, byPlace.tag.get(name))
    for (const domain of placement.domainsOf(dataSource)) addAll(there, byPlace.domain.get(domain))
    const [unsure, plain]: [Policy[], Policy[]] = [[], []]
    for (const policy of there) {
      if (looksCloser(policy)) unsure.push(policy)
      else if (takesIn(policy, dataSource, placement)) plain.push(policy)
    }
    const answer = { sure: byId(plain), unsure }
    alike.set(key, answer)
    return answer
  }

  return { add, delete: remove, taking, forget: () => answers.clear() }
}

function addAll<Item>(to: Set<Item>, some: Iterable<Item> | undefined): void {
  if (some) for (const one of some) to.add(one)
}

/** Tags, and domains in a form that no tag has. */
function keyOf({ tags, domains }: DataSource): readonly string[] {
  return domains.length === 0 ? tags : [...tags, ...domains.map(name => `.${name}`)]
}

const everything = 'everything' as const

/** Something to find a policy by. */
type Place = typeof everything | Condition | { readonly dataSource: DataSourceId } | { readonly selected: PolicyId }

/** Whether the name, scope or identity of a data source may decide, not only its tags, domains and integration. */
function looksCloser({ appliesTo }: Policy): boolean {
  if ('everything' in appliesTo) return false
  if ('selected' in appliesTo) return true
  const conditions = 'any' in appliesTo ? appliesTo.any : appliesTo.all
  return conditions.some(condition => 'name' in condition || 'scope' in condition)
}

function byId(policies: Iterable<Policy>): Policy[] {
  return [...policies].sort((a, b) => a.id - b.id)
}

/** Each condition of an `any`; where all have to be met one is enough, the one that probably fits the fewest. */
function lookedUpBy({ id, reach, appliesTo }: Applying): readonly Place[] {
  if (reach !== 'global') return [reach]
  if ('everything' in appliesTo) return [everything]
  if ('selected' in appliesTo) return [{ selected: id }]
  if ('any' in appliesTo) return appliesTo.any
  const order = ['tag', 'domain', 'scope', 'name', 'integration'] as const
  const first = order.flatMap(kind => appliesTo.all.filter(condition => kind in condition))[0]
  return first ? [first] : []
}

function placeOf(place: Place) {
  if (place === everything) return [everything, undefined] as const
  if ('tag' in place) return ['tag', place.tag] as const
  if ('domain' in place) return ['domain', place.domain] as const
  if ('integration' in place) return ['integration', place.integration] as const
  if ('dataSource' in place) return ['dataSource', place.dataSource] as const
  if ('selected' in place) return ['selected', place.selected] as const
  if ('scope' in place) throw new TypeError('scopes are found by their index')
  return place.name.includes('*') ? (['glob', undefined] as const) : (['name', place.name] as const)
}

function meets(condition: Condition, dataSource: DataSource, placement: Placement): boolean {
  if ('tag' in condition) return dataSource.tags.some(tag => matches(condition.tag, tag))
  if ('domain' in condition) return placement.isIn(dataSource, condition.domain)
  if ('integration' in condition) return dataSource.integration === condition.integration
  if ('scope' in condition) return covers(condition.scope, dataSource.scope)
  return isLike(condition.name, dataSource.name)
}

/** Whether the whole name matches a glob in which `*` is any run of characters; linear, whatever the glob. */
export function isLike(glob: string, name: string): boolean {
  const [first = '', ...rest] = glob.split('*')
  const last = rest.pop()
  if (last === undefined) return name === glob
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= name.length - last.length
}
