/**
 * What is known of each person, gathered: groups by name, attributes with those inherited from groups.
 *
 * Disabled users are left out here, so that no later step can give them anything. Rows about unknown users or groups
 * say nothing.
 */
import type { Attribute, Facts, GroupId, IntegrationId, Member, Principal, UserId } from './facts.ts'
import type { PersonFacts } from './policy/evaluate.ts'
import { allUsers } from './policy/truth.ts'

export interface People {
  /** Enabled users only, without `principalKind`: that depends on the integration asked about. */
  readonly byId: ReadonlyMap<UserId, PersonFacts>
  /** The enabled users that a membership or an attribute is about. */
  usersOf(subject: Member['subject'] | Attribute['subject']): Iterable<UserId>
}

interface Gathered extends PersonFacts {
  readonly groups: Set<string>
  readonly attributes: Map<string, Set<string>>
}

export function gatherPeople(facts: Facts): People {
  const byId = new Map<UserId, Gathered>()
  for (const { id, userid, disabled } of facts.users) {
    // Everybody is in the built-in group, whether or not the facts carry a row for it.
    if (!disabled) byId.set(id, { userid, groups: new Set([allUsers]), attributes: new Map() })
  }

  const usersByGroup = new Map<GroupId, ReadonlySet<UserId>>()
  for (const { id, name, users } of facts.groups) {
    const present = new Set(name === allUsers ? byId.keys() : users.filter(user => byId.has(user)))
    usersByGroup.set(id, present)
    for (const user of present) byId.get(user)?.groups.add(name)
  }

  function usersOf(subject: Member['subject'] | Attribute['subject']): Iterable<UserId> {
    if ('group' in subject) return usersByGroup.get(subject.group) ?? []
    return byId.has(subject.user) ? [subject.user] : []
  }

  for (const { subject, key, value } of facts.attributes) {
    for (const user of usersOf(subject)) addValue(byId.get(user)!.attributes, key, value)
  }
  return { byId, usersOf }
}

/**
 * How a user is known to AWS in one integration: the entries made for it, else the general ones.
 *
 * One entry at most is meant (03). More than one is for the caller to refuse: nobody can say which was meant.
 */
export function principalsByUser(facts: Facts): (user: UserId, integration: IntegrationId) => readonly Principal[] {
  const byUser = Map.groupBy(facts.principals, principal => principal.user)
  return (user, integration) => {
    const all = byUser.get(user) ?? []
    const specific = all.filter(principal => principal.integration === integration)
    return specific.length > 0 ? specific : all.filter(principal => principal.integration === undefined)
  }
}

function addValue(attributes: Map<string, Set<string>>, key: string, value: string): void {
  const values = attributes.get(key)
  if (values) values.add(value)
  else attributes.set(key, new Set([value]))
}
