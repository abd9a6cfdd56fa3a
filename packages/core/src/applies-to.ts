/**
 * Which data sources a policy applies to, and the other way round without asking every policy.
 *
 * Nothing is ever taken out of a policy's reach here. Who it is about is another question (`audience.ts`).
 */
import type { AppliesTo, Condition, DataSource, Policy } from './facts.ts'
import { matches, selfAndParents } from './policy/match.ts'
import { covers, type Scope } from './scope.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'

export function takesIn(appliesTo: AppliesTo, dataSource: DataSource): boolean {
  if ('everything' in appliesTo) return true
  if ('any' in appliesTo) return appliesTo.any.some(condition => meets(condition, dataSource))
  if ('selected' in appliesTo) return false
  // An empty list cannot be written; were one to come from elsewhere, it must not stand for everything.
  return appliesTo.all.length > 0 && appliesTo.all.every(condition => meets(condition, dataSource))
}

export interface PolicyFinder {
  add(policy: Policy): void
  delete(policy: Policy): void
  /** The policies that take the data source in, by id; the very same list where tags and integration alone tell. */
  taking(dataSource: DataSource): readonly Policy[]
}

/** Finds by one condition of a policy, so that only policies with something in common are asked. */
export function policyFinder(): PolicyFinder {
  const byPlace = new Map<string, Set<Policy>>()
  const byScope: ScopeIndex<{ readonly scope: Scope; readonly policy: Policy }> = scopeIndex([], ({ scope }) => scope)
  const scopesOf = new Map<Policy, { readonly scope: Scope; readonly policy: Policy }[]>()

  const answers = new Map<string, { readonly sure: readonly Policy[]; readonly unsure: readonly Policy[] }>()

  function add(policy: Policy): void {
    answers.clear()
    for (const condition of lookedUpBy(policy.appliesTo)) {
      if (condition !== everything && 'scope' in condition) {
        const entry = { scope: condition.scope, policy }
        byScope.add(entry)
        scopesOf.set(policy, [...(scopesOf.get(policy) ?? []), entry])
      } else {
        const place = placeOf(condition)
        const there = byPlace.get(place) ?? new Set()
        byPlace.set(place, there.add(policy))
      }
    }
  }

  function remove(policy: Policy): void {
    answers.clear()
    for (const entry of scopesOf.get(policy) ?? []) byScope.delete(entry)
    scopesOf.delete(policy)
    for (const condition of lookedUpBy(policy.appliesTo)) {
      if (condition !== everything && 'scope' in condition) continue
      const place = placeOf(condition)
      byPlace.get(place)?.delete(policy)
      if (byPlace.get(place)?.size === 0) byPlace.delete(place)
    }
  }

  function taking(dataSource: DataSource): readonly Policy[] {
    const { sure, unsure } = byTags(dataSource)
    const others = [
      ...unsure,
      ...(byPlace.get(`name ${dataSource.name}`) ?? []),
      ...(byPlace.get(globs) ?? []),
      ...byScope.coveredBy(dataSource.scope).map(({ policy }) => policy),
    ]
    const more = others.filter(policy => takesIn(policy.appliesTo, dataSource))
    return more.length === 0 ? sure : byId(new Set([...sure, ...more]))
  }

  function byTags(dataSource: DataSource) {
    const key = JSON.stringify([dataSource.integration, ...dataSource.tags.toSorted()])
    const known = answers.get(key)
    if (known) return known
    const tags = new Set(dataSource.tags.flatMap(selfAndParents))
    const places: (Condition | typeof everything)[] = [
      everything,
      { integration: dataSource.integration },
      ...Array.from(tags, tag => ({ tag })),
    ]
    const there = new Set(places.flatMap(place => [...(byPlace.get(placeOf(place)) ?? [])]))
    const [unsure, plain] = [[...there].filter(looksCloser), [...there].filter(policy => !looksCloser(policy))]
    const answer = { sure: byId(plain.filter(policy => takesIn(policy.appliesTo, dataSource))), unsure }
    answers.set(key, answer)
    return answer
  }

  return { add, delete: remove, taking }
}

const everything = 'everything' as const
const globs = 'glob'

/** Whether the name or scope of a data source may decide, not only its tags and integration. */
function looksCloser({ appliesTo }: Policy): boolean {
  if ('everything' in appliesTo || 'selected' in appliesTo) return false
  const conditions = 'any' in appliesTo ? appliesTo.any : appliesTo.all
  return conditions.some(condition => 'name' in condition || 'scope' in condition)
}

function byId(policies: Iterable<Policy>): Policy[] {
  return [...policies].sort((a, b) => a.id - b.id)
}

/** Each condition of an `any`; of an `all` one is enough, the one that probably fits the fewest. */
function lookedUpBy(appliesTo: AppliesTo): readonly (Condition | typeof everything)[] {
  if ('everything' in appliesTo) return [everything]
  if ('any' in appliesTo) return appliesTo.any
  if ('selected' in appliesTo) return []
  const order = ['tag', 'domain', 'scope', 'name', 'integration'] as const
  const first = order.flatMap(kind => appliesTo.all.filter(condition => kind in condition))[0]
  return first ? [first] : []
}

function placeOf(condition: Condition | typeof everything): string {
  if (condition === everything) return everything
  if ('tag' in condition) return `tag ${condition.tag}`
  if ('domain' in condition) return `domain ${condition.domain}`
  if ('integration' in condition) return `integration ${condition.integration}`
  if ('scope' in condition) throw new TypeError('scopes are found by their index')
  return condition.name.includes('*') ? globs : `name ${condition.name}`
}

function meets(condition: Condition, dataSource: DataSource): boolean {
  if ('tag' in condition) return dataSource.tags.some(tag => matches(condition.tag, tag))
  if ('domain' in condition) return dataSource.domains.includes(condition.domain)
  if ('integration' in condition) return dataSource.integration === condition.integration
  if ('scope' in condition) return covers(condition.scope, dataSource.scope)
  return isLike(condition.name, dataSource.name)
}

/** Whether the whole name matches a glob in which `*` is any run of characters; linear, whatever the glob. */
function isLike(glob: string, name: string): boolean {
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
