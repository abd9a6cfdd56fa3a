/**
 * The second counting: the formulas of 04 and the semantics of Access Grants, asked of every user, data source and
 * key one by one. Slow and obvious, and shares nothing with what it checks but the rows and the text of a scope.
 */
import {
  type Condition,
  type DataSource,
  type Expression,
  type Facts,
  type IntegrationId,
  type Level,
  type Policy,
  type PrincipalKind,
  printScope,
  type Scope,
  type User,
} from '../src/index.ts'

export interface Counted {
  readonly level: Level
  /** `policy 3 v1 READ`, `member 2 WRITE until 7 via group 1`; sorted. */
  readonly because: readonly string[]
}

/** Who is entitled to what: `user dataSource` → level and reasons. */
export function countEntitlements(facts: Facts, now: number): Map<string, Counted> {
  const found = new Map<string, Counted>()
  for (const user of facts.users) {
    for (const dataSource of facts.dataSources) {
      const counted = countOne(facts, user, dataSource, now)
      if (counted) found.set(`${user.id} ${dataSource.id}`, counted)
    }
  }
  return found
}

/** What a scope opens by AWS's rule: `P*` every key that starts with P, else the one key. */
export function opens(scope: Scope, path: string): boolean {
  const text = printScope(scope)
  return text.endsWith('*') ? path.startsWith(text.slice(0, -1)) : path === text
}

/** Whether everything that `inner` stands for is opened by `outer`. */
export function opensAll(outer: Scope, inner: Scope): boolean {
  const [out, inn] = [printScope(outer), printScope(inner)]
  return out === inn || (out.endsWith('*') && inn.replace(/\*$/, '').startsWith(out.slice(0, -1)))
}

/** Paths that tell the scopes apart: one inside each, and the ones just beside. */
export function keyPoints(scopes: readonly Scope[]): string[] {
  return [
    ...new Set(
      scopes.flatMap(scope => [printScope(scope).replace(/\*$/, ''), `${printScope(scope).replace(/\*$/, '')}x`]),
    ),
  ]
}

/** The level at which some of these open a path; READWRITE counts as WRITE. */
export function levelAt(
  held: Iterable<{ readonly scope: Scope; readonly permission: 'READ' | 'READWRITE' }>,
  path: string,
): 0 | 1 | 2 {
  let level: 0 | 1 | 2 = 0
  for (const { scope, permission } of held) {
    if (opens(scope, path) && level < 2) level = permission === 'READWRITE' ? 2 : 1
  }
  return level
}

function countOne(facts: Facts, user: User, dataSource: DataSource, now: number): Counted | undefined {
  const isKnown = facts.integrations.some(({ id }) => id === dataSource.integration)
  if (user.disabled || dataSource.disabled || !isKnown) return undefined
  const because: { level: Level; text: string }[] = []
  for (const policy of facts.policies) {
    if (policy.kind === 'grant' && isIn(facts, policy, dataSource) && letsIn(facts, policy, user, dataSource)) {
      because.push({ level: policy.level, text: `policy ${policy.id} v${policy.version} ${policy.level}` })
    }
  }
  for (const { id, dataSource: at, subject, level, until } of facts.members) {
    if (at !== dataSource.id || (until !== undefined && until <= now)) continue
    const isMember =
      'user' in subject ? subject.user === user.id : groupsOf(facts, user).some(one => one.id === subject.group)
    const rest =
      (until === undefined ? '' : ` until ${until}`) + ('group' in subject ? ` via group ${subject.group}` : '')
    if (isMember) because.push({ level, text: `member ${id} ${level}${rest}` })
  }

  const met = (level: Level) =>
    facts.dataSources
      .filter(
        inner =>
          inner === dataSource || (sharesRealm(facts, inner, dataSource) && opensAll(dataSource.scope, inner.scope)),
      )
      .every(inner =>
        facts.policies
          .filter(one => one.kind === 'guardrail' && one.level === level && isIn(facts, one, inner))
          .every(one => lets(facts, one, user, inner) && lets(facts, one, user, inner, dataSource.integration)),
      )
  if (because.length === 0 || !met('READ')) return undefined
  const mayWrite = met('WRITE') && because.some(({ level }) => level === 'WRITE')
  return { level: mayWrite ? 'WRITE' : 'READ', because: because.map(({ text }) => text).sort() }
}

function letsIn(facts: Facts, policy: Policy, user: User, on: DataSource): boolean {
  const hasSubscribed = facts.subscriptions.some(
    one => one.user === user.id && one.dataSource === on.id && one.level === policy.level,
  )
  return lets(facts, policy, user, on) && (policy.subscribe === 'automatic' || hasSubscribed)
}

function lets(facts: Facts, { who }: Policy, user: User, on: DataSource, through = on.integration): boolean {
  return 'everyone' in who || isTrue(facts, who.when, user, on, through)
}

function isTrue(facts: Facts, said: Expression, user: User, on: DataSource, through: IntegrationId): boolean {
  if (said.kind === 'or') return said.terms.some(term => isTrue(facts, term, user, on, through))
  if (said.kind === 'and') return said.terms.every(term => isTrue(facts, term, user, on, through))
  if (said.kind === 'not') return !isTrue(facts, said.term, user, on, through)
  const names = ['All Users', ...groupsOf(facts, user).map(group => group.name)]
  const held = valuesOf(facts, user, said.args[0]!)
  switch (said.name) {
    case 'hasAttribute':
      return said.args.length === 1 ? held.length > 0 : held.some(value => isParent(value, said.args[1]!))
    case 'isInGroups':
      return said.args.every(group => names.includes(group))
    case 'isInAnyGroup':
      return said.args.some(group => names.includes(group))
    case 'hasTagAsAttribute':
      return on.tags.some(tag => held.some(value => isParent(value, tag)))
    case 'hasTagAsGroup':
      return on.tags.some(tag => names.some(name => isParent(name, tag)))
    case 'isUser':
      return said.args.includes(user.userid)
    case 'hasPrincipal':
      return principalKindOf(facts, user, through) === said.args[0]
  }
}

function groupsOf(facts: Facts, user: User) {
  return facts.groups.filter(({ name, users }) => name === 'All Users' || users.includes(user.id))
}

function valuesOf(facts: Facts, user: User, key: string): string[] {
  const groups = groupsOf(facts, user).map(({ id }) => id)
  return facts.attributes
    .filter(
      one =>
        one.key === key && ('user' in one.subject ? one.subject.user === user.id : groups.includes(one.subject.group)),
    )
    .map(one => one.value)
}

function principalKindOf(facts: Facts, user: User, integration: IntegrationId): PrincipalKind | undefined {
  const mine = facts.principals.filter(one => one.user === user.id)
  const specific = mine.filter(one => one.integration === integration)
  const meant = specific.length > 0 ? specific : mine.filter(one => one.integration === undefined)
  return meant.length === 1 ? meant[0]!.kind : undefined
}

/** Whether the policy applies to the data source. */
export function isIn(facts: Facts, { id, reach, appliesTo }: Policy, dataSource: DataSource): boolean {
  if (reach !== 'global' && 'domain' in reach && !isInDomain(facts, dataSource, reach.domain)) return false
  if (reach !== 'global' && 'dataSource' in reach && reach.dataSource !== dataSource.id) return false
  if ('everything' in appliesTo) return true
  if ('selected' in appliesTo)
    return facts.selections.some(one => one.policy === id && one.dataSource === dataSource.id)
  const meets = (condition: Condition): boolean => {
    if ('tag' in condition) return dataSource.tags.some(tag => isParent(condition.tag, tag))
    if ('domain' in condition) return isInDomain(facts, dataSource, condition.domain)
    if ('integration' in condition) return condition.integration === dataSource.integration
    if ('scope' in condition) return opensAll(condition.scope, dataSource.scope)
    return new RegExp(`^${condition.name.replaceAll('*', '.*')}$`).test(dataSource.name)
  }
  return 'any' in appliesTo ? appliesTo.any.some(meets) : appliesTo.all.every(meets)
}

function isInDomain(facts: Facts, { tags, domains }: DataSource, domain: string): boolean {
  const taken = facts.domains.filter(({ name }) => name === domain).flatMap(one => one.tags)
  return domains.includes(domain) || taken.some(parent => tags.some(tag => isParent(parent, tag)))
}

function isParent(value: string, tag: string): boolean {
  return `${tag}.`.startsWith(`${value}.`)
}

function sharesRealm(facts: Facts, a: DataSource, b: DataSource): boolean {
  const [x, y] = [a, b].map(one => facts.integrations.find(({ id }) => id === one.integration))
  return x !== undefined && x.accountId === y?.accountId && x.region === y.region
}
