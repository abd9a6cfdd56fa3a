/**
 * The second counting: the formulas of 04 and the semantics of Access Grants, asked of every user, data source and
 * key one by one. Slow and obvious, and shares nothing with what it checks but the rows and the text of a scope.
 */
import {
  type Condition,
  type DataSource,
  type Expression,
  type Facts,
  type GroupId,
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
  const people = facts.users.filter(user => !user.disabled).map(user => personOf(facts, user))
  const places = facts.dataSources
    .filter(one => !one.disabled && facts.integrations.some(({ id }) => id === one.integration))
    .map(one => placeOf(facts, one))
  for (const person of people) {
    for (const place of places) {
      const counted = countOne(facts, person, place, now)
      if (counted) found.set(`${person.user.id} ${place.dataSource.id}`, counted)
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

/** What of a user does not depend on the data source. */
interface Person {
  readonly user: User
  readonly groups: readonly GroupId[]
  readonly names: readonly string[]
  /** Effective values by key. */
  readonly values: ReadonlyMap<string, readonly string[]>
}

function personOf(facts: Facts, user: User): Person {
  const mine = facts.groups.filter(({ name, users }) => name === 'All Users' || users.includes(user.id))
  const groups = mine.map(({ id }) => id)
  // Reserved names say nothing, wherever they come from, but for memberships.
  const held = facts.attributes.filter(
    ({ subject, key }) =>
      !key.startsWith('Headgate Marketplace') &&
      ('user' in subject ? subject.user === user.id : groups.includes(subject.group)),
  )
  const values = new Map<string, string[]>()
  for (const { key, value } of held) values.set(key, [...(values.get(key) ?? []), value])
  return { user, groups, names: ['All Users', ...mine.map(({ name }) => name)], values }
}

/** What of a data source does not depend on the user. */
interface Place {
  readonly dataSource: DataSource
  readonly grants: readonly Policy[]
  /** The guardrails on it and on everything inside it. */
  readonly guardrails: readonly { readonly policy: Policy; readonly on: DataSource }[]
}

function placeOf(facts: Facts, dataSource: DataSource): Place {
  const inside = facts.dataSources.filter(
    inner => inner === dataSource || (opensAll(dataSource.scope, inner.scope) && sharesRealm(facts, inner, dataSource)),
  )
  const guarding = facts.policies.filter(({ kind }) => kind === 'guardrail')
  return {
    dataSource,
    grants: facts.policies.filter(one => one.kind === 'grant' && isIn(facts, one, dataSource)),
    guardrails: guarding.flatMap(policy =>
      inside.filter(inner => isIn(facts, policy, inner)).map(on => ({ policy, on })),
    ),
  }
}

function countOne(
  facts: Facts,
  person: Person,
  { dataSource, grants, guardrails }: Place,
  now: number,
): Counted | undefined {
  const because: { level: Level; text: string }[] = []
  for (const { user, product, level, until, id } of facts.memberships) {
    const isTagged = facts.dataProducts.some(
      one => one.id === product && one.levels.includes(level) && one.dataSources.includes(dataSource.id),
    )
    if (user !== person.user.id || !isTagged || (until !== undefined && until <= now)) continue
    const ends = until === undefined ? '' : ` until ${until}`
    because.push({ level, text: `membership ${id} ${level}${ends} of ${product}` })
  }
  for (const policy of grants) {
    if (policy.protected) continue
    if (letsIn(facts, policy, person, dataSource)) {
      because.push({ level: policy.level, text: `policy ${policy.id} v${policy.version} ${policy.level}` })
    }
  }
  for (const { id, dataSource: at, subject, level, until } of facts.members) {
    if (at !== dataSource.id || (until !== undefined && until <= now)) continue
    const isMember = 'user' in subject ? subject.user === person.user.id : person.groups.includes(subject.group)
    const rest =
      (until === undefined ? '' : ` until ${until}`) + ('group' in subject ? ` via group ${subject.group}` : '')
    if (isMember) because.push({ level, text: `member ${id} ${level}${rest}` })
  }

  const met = (level: Level) =>
    guardrails
      .filter(({ policy }) => policy.level === level)
      .every(
        ({ policy, on }) => lets(facts, policy, person, on) && lets(facts, policy, person, on, dataSource.integration),
      )
  if (because.length === 0 || !met('READ')) return undefined
  const mayWrite = because.some(({ level }) => level === 'WRITE') && met('WRITE')
  return { level: mayWrite ? 'WRITE' : 'READ', because: because.map(({ text }) => text).sort() }
}

function letsIn(facts: Facts, policy: Policy, person: Person, on: DataSource): boolean {
  const hasSubscribed = () =>
    facts.subscriptions.some(
      one => one.user === person.user.id && one.dataSource === on.id && one.level === policy.level,
    )
  return lets(facts, policy, person, on) && (policy.subscribe === 'automatic' || hasSubscribed())
}

function lets(facts: Facts, { who }: Policy, person: Person, on: DataSource, through = on.integration): boolean {
  return 'everyone' in who || isTrue(facts, who.when, person, on, through)
}

function isTrue(facts: Facts, said: Expression, person: Person, on: DataSource, through: IntegrationId): boolean {
  if (said.kind === 'or') return said.terms.some(term => isTrue(facts, term, person, on, through))
  if (said.kind === 'and') return said.terms.every(term => isTrue(facts, term, person, on, through))
  if (said.kind === 'not') return !isTrue(facts, said.term, person, on, through)
  const { user, names } = person
  const held = person.values.get(said.args[0]!) ?? []
  switch (said.name) {
    case 'hasAttribute':
      return said.args.length === 1 ? held.length > 0 : held.some(value => isParent(value, said.args[1]!))
    case 'isInGroups':
      return said.args.every(group => names.includes(group))
    case 'isInAnyGroup':
      return said.args.some(group => names.includes(group))
    case 'hasTagAsAttribute':
      return plain(on.tags).some(tag => held.some(value => isParent(value, tag)))
    case 'hasTagAsGroup':
      return plain(on.tags).some(tag => names.some(name => isParent(name, tag)))
    case 'isUser':
      return said.args.includes(user.userid)
    case 'hasPrincipal':
      return principalKindOf(facts, user, through) === said.args[0]
  }
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
    if ('tag' in condition) return plain(dataSource.tags).some(tag => isParent(condition.tag, tag))
    if ('domain' in condition) return isInDomain(facts, dataSource, condition.domain)
    if ('integration' in condition) return condition.integration === dataSource.integration
    if ('scope' in condition) return opensAll(condition.scope, dataSource.scope)
    return new RegExp(`^${condition.name.replaceAll('*', '.*')}$`).test(dataSource.name)
  }
  return 'any' in appliesTo ? appliesTo.any.some(meets) : appliesTo.all.every(meets)
}

function isInDomain(facts: Facts, { tags, domains }: DataSource, domain: string): boolean {
  const taken = facts.domains.filter(({ name }) => name === domain).flatMap(one => one.tags)
  return domains.includes(domain) || taken.some(parent => plain(tags).some(tag => isParent(parent, tag)))
}

function plain(tags: readonly string[]): string[] {
  return tags.filter(tag => !tag.startsWith('Headgate Marketplace'))
}

function isParent(value: string, tag: string): boolean {
  return `${tag}.`.startsWith(`${value}.`)
}

function sharesRealm(facts: Facts, a: DataSource, b: DataSource): boolean {
  const [x, y] = [a, b].map(one => facts.integrations.find(({ id }) => id === one.integration))
  return x !== undefined && x.accountId === y?.accountId && x.region === y.region
}
