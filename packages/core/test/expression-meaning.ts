/**
 * What an expression means, said plainly: one person, one data source, true or false.
 *
 * For tests only: what the product decides comes out of formulas over sets of people (`formula.ts`), and this is what
 * the analysis of expressions (always true, open by absence, the simple builder) is held against. Page 04 "Language".
 */
import type { PrincipalKind } from '../src/facts.ts'
import type { Call, Expression } from '../src/policy/expression.ts'
import { selfAndParents } from '../src/policy/match.ts'

export interface PersonFacts {
  readonly userid: string
  /** By name; the built-in group `All Users` has to be among them. */
  readonly groups: ReadonlySet<string>
  /** Effective attributes, those inherited from groups included: key → values. */
  readonly attributes: ReadonlyMap<string, ReadonlySet<string>>
  /** How the person is mapped for the data source's integration; absent: not at all. */
  readonly principalKind?: PrincipalKind
}

export interface DataSourceFacts {
  /** The tags that this policy may see: for all but the standing marketplace policies without the reserved ones (06). */
  readonly tags: readonly string[]
}

export function holds(expression: Expression, person: PersonFacts, dataSource: DataSourceFacts): boolean {
  switch (expression.kind) {
    case 'or':
      return expression.terms.some(term => holds(term, person, dataSource))
    case 'and':
      // An empty list cannot be written; were one to come from elsewhere, it must not let everyone in.
      return expression.terms.length > 0 && expression.terms.every(term => holds(term, person, dataSource))
    case 'not':
      return !holds(expression.term, person, dataSource)
    case 'call':
      return callHolds(expression, person, dataSource)
  }
}

function callHolds({ name, args }: Call, person: PersonFacts, { tags }: DataSourceFacts): boolean {
  const [first = '', second] = args
  switch (name) {
    case 'hasAttribute': {
      const values = person.attributes.get(first)
      if (!values) return false
      return second === undefined ? values.size > 0 : holdsSelfOrParent(values, second)
    }
    case 'isInGroups':
      return args.length > 0 && args.every(group => person.groups.has(group))
    case 'isInAnyGroup':
      return args.some(group => person.groups.has(group))
    case 'hasTagAsAttribute': {
      const values = person.attributes.get(first)
      return values !== undefined && tags.some(tag => holdsSelfOrParent(values, tag))
    }
    case 'hasTagAsGroup':
      return tags.some(tag => holdsSelfOrParent(person.groups, tag))
    case 'isUser':
      return args.includes(person.userid)
    case 'hasPrincipal':
      return person.principalKind !== undefined && args.includes(person.principalKind)
  }
}

function holdsSelfOrParent(names: ReadonlySet<string>, name: string): boolean {
  return selfAndParents(name).some(one => names.has(one))
}
