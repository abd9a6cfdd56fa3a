/** An expression asked of one person, part by part: what holds, and the facts that each call found. */
import type { EntitlementIndex } from './entitlement-index.ts'
import type { KnownGroup, Person } from './fact-index.ts'
import type {
  DataProductId,
  DataSource,
  GroupId,
  Instant,
  IntegrationId,
  MembershipId,
  Policy,
  PrincipalKind,
} from './facts.ts'
import { attributeOf, isReserved, tagsSeen } from './marketplace.ts'
import { isExpired } from './member-index.ts'
import { peopleSetOf } from './people-set.ts'
import type { Call, Expression, FunctionName } from './policy/expression.ts'
import { selfAndParents } from './policy/match.ts'
import { allUsers } from './policy/truth.ts'

export type Explained =
  | { readonly kind: 'and' | 'or'; readonly holds: boolean; readonly terms: readonly Explained[] }
  | { readonly kind: 'not'; readonly holds: boolean; readonly term: Explained }
  | {
      readonly kind: 'call'
      readonly holds: boolean
      readonly name: FunctionName
      readonly args: readonly string[]
      /** What of the person the call looked at and found; empty where there is nothing. */
      readonly facts: readonly FoundFact[]
    }

export type FoundFact =
  /** `from` is the group it is inherited from; `tag` the tag of the data source that it equals or is a parent of. */
  | {
      readonly attribute: string
      readonly value: string
      readonly from?: { readonly id: GroupId; readonly name: string }
      readonly tag?: string
      /** Where it is the value of a data product. */
      readonly membership?: { readonly id: MembershipId; readonly product: DataProductId; readonly until?: Instant }
    }
  | { readonly group: string; readonly tag?: string }
  | { readonly user: string }
  | { readonly principal: PrincipalKind; readonly identifier: string }

type FoundValue = Extract<FoundFact, { readonly attribute: string }>

export function explainExpression(
  index: EntitlementIndex,
  policy: Pick<Policy, 'protected'>,
  expression: Expression,
  person: Person,
  { tags: all }: Pick<DataSource, 'tags'>,
  through: IntegrationId,
): Explained {
  const tags = tagsSeen(policy, all)
  const seesReserved = policy.protected
  const ask = index.audiences.within(peopleSetOf([person.number]))
  function explained(part: Expression): Explained {
    const holds = ask(index.formulas.resolve(part, { tags, through, seesReserved })).size > 0
    switch (part.kind) {
      case 'not':
        return { kind: 'not', holds, term: explained(part.term) }
      case 'call':
        return {
          kind: 'call',
          holds,
          name: part.name,
          args: part.args,
          facts: factsFor(index, policy, part, person, tags, through),
        }
      default:
        return { kind: part.kind, holds, terms: part.terms.map(explained) }
    }
  }
  return explained(expression)
}

function factsFor(
  index: EntitlementIndex,
  policy: Pick<Policy, 'protected'>,
  { name, args }: Call,
  person: Person,
  tags: readonly string[],
  through: IntegrationId,
): FoundFact[] {
  const [key = '', wanted] = args
  const held = () => (isReserved(key) ? heldThroughProducts(index, policy, person, key) : heldBy(index, person, key))
  const groups = new Set([allUsers, ...person.groups.flatMap(group => group.name ?? [])])
  switch (name) {
    case 'hasAttribute':
      return held().filter(({ value }) => wanted === undefined || selfAndParents(wanted).includes(value))
    case 'isInGroups':
    case 'isInAnyGroup':
      return args.filter(group => groups.has(group)).map(group => ({ group }))
    case 'hasTagAsAttribute':
      return tags.flatMap(tag => {
        const names = selfAndParents(tag)
        return held().flatMap(fact => (names.includes(fact.value) ? [{ ...fact, tag }] : []))
      })
    case 'hasTagAsGroup':
      return tags.flatMap(tag => selfAndParents(tag).flatMap(group => (groups.has(group) ? [{ group, tag }] : [])))
    case 'isUser':
      return person.user ? [{ user: person.user.userid }] : []
    case 'hasPrincipal': {
      const principal = index.facts.principalOf(person, through)
      return principal ? [{ principal: principal.kind, identifier: principal.identifier }] : []
    }
  }
}

function heldBy({ facts }: EntitlementIndex, person: Person, key: string): FoundValue[] {
  return facts
    .valuesOf(person, key)
    .map(({ value, from }) => ({ attribute: key, value, ...(from ? { from: named(from) } : {}) }))
}

function heldThroughProducts(
  { memberships, now }: EntitlementIndex,
  policy: Pick<Policy, 'protected'>,
  person: Person,
  wanted: string,
): FoundValue[] {
  if (!policy.protected) return []
  return memberships.ofUser(person.id).flatMap(one => {
    const { key, value, until } = attributeOf(one)
    if (key !== wanted || isExpired(one, now)) return []
    const ends = until === undefined ? {} : { until }
    return [{ attribute: key, value, membership: { id: one.id, product: one.product, ...ends } }]
  })
}

function named({ id, name }: KnownGroup) {
  return { id, name: name ?? '' }
}
