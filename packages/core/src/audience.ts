/**
 * Step 2 of the line: who an expression lets in, as a set of people.
 *
 * The straightforward way: each enabled person is asked, once per distinct question. A question is a policy, the tags
 * it can see if it looks at tags, and the integration if it looks at principals; data sources that ask the same
 * share the answer. Knows no members and no clock.
 */
import type { DataSource, Facts, IntegrationId, Policy, UserId } from './facts.ts'
import { type People, principalsByUser } from './people.ts'
import { holds, type PersonFacts } from './policy/evaluate.ts'
import { callsOf, type Expression } from './policy/expression.ts'

/** The enabled users for whom the policy's `who` holds on a data source, reached through the given integration. */
export type Audience = (policy: Policy, on: DataSource, through: IntegrationId) => ReadonlySet<UserId>

/** The same question gets the very same set, so that callers may compare sets by identity. */
export function audiences(facts: Facts, people: People): Audience {
  const everyone: ReadonlySet<UserId> = new Set(people.byId.keys())
  const principals = principalsByUser(facts)
  const answers = new Map<Policy, Map<string, ReadonlySet<UserId>>>()
  const looks = new Map<Policy, Looks>()

  function personAt(user: UserId, person: PersonFacts, through: IntegrationId): PersonFacts {
    const [principal, second] = principals(user, through)
    // Several entries where one is meant: the person counts as unmapped, as when grants are made.
    return principal && !second ? { ...person, principalKind: principal.kind } : person
  }

  function ask(expression: Expression, atPrincipals: boolean, on: DataSource, through: IntegrationId): Set<UserId> {
    const found = new Set<UserId>()
    for (const [user, person] of people.byId) {
      if (holds(expression, atPrincipals ? personAt(user, person, through) : person, on)) found.add(user)
    }
    return found
  }

  return (policy, on, through) => {
    if ('everyone' in policy.who) return everyone
    const expression = policy.who.when
    const look = looks.get(policy) ?? looksOf(expression)
    looks.set(policy, look)

    const known = answers.get(policy) ?? new Map<string, ReadonlySet<UserId>>()
    answers.set(policy, known)
    const question = JSON.stringify([look.atPrincipals ? through : 0, look.atTags ? on.tags.toSorted() : []])
    const answer = known.get(question) ?? ask(expression, look.atPrincipals, on, through)
    known.set(question, answer)
    return answer
  }
}

interface Looks {
  readonly atTags: boolean
  readonly atPrincipals: boolean
}

function looksOf(expression: Expression): Looks {
  const names = new Set(Array.from(callsOf(expression), ({ name }) => name))
  return {
    atTags: names.has('hasTagAsAttribute') || names.has('hasTagAsGroup'),
    atPrincipals: names.has('hasPrincipal'),
  }
}
