/**
 * What is known of people, turned round: for every group and value the people who have it.
 *
 * Takes one change at a time and answers the leaves of formulas. Rows about unknown users or groups are kept and say
 * nothing until the user or group is there, so the order of changes does not matter. No clock.
 */
import type { Attribute, Facts, Group, GroupId, IntegrationId, Member, Principal, User, UserId } from './facts.ts'
import type { Leaf } from './formula.ts'
import { isReserved } from './marketplace.ts'
import { meantPrincipals } from './people.ts'
import {
  addPerson,
  bytesOf,
  hasPerson,
  intersection,
  newPeopleSet,
  nobody,
  numbersOf,
  type PeopleSet,
  peopleSetOf,
  removePerson,
  unionOf,
} from './people-set.ts'
import { allUsers } from './policy/truth.ts'

/** A user by number: numbers are given in order of appearance and never to somebody else. */
export interface Person {
  readonly number: number
  readonly id: UserId
  user: User | undefined
  readonly groups: KnownGroup[]
  /** Their own, without those inherited from groups. */
  readonly values: Value[]
  principals: readonly Principal[]
}

export interface KnownGroup {
  readonly id: GroupId
  /** Absent while no row says that the group is there. */
  name: string | undefined
  /** Everybody the rows name, enabled or not. */
  readonly users: PeopleSet
  readonly values: Value[]
}

export interface Value {
  readonly key: string
  readonly value: string
  /** Who holds it themselves, enabled or not. */
  readonly users: PeopleSet
  readonly groups: KnownGroup[]
}

export interface FactIndex {
  readonly enabled: PeopleSet
  person(id: UserId): Person
  findPerson(id: UserId): Person | undefined
  personAt(number: number): Person
  /** Everybody ever named by a row, there or not. */
  people(): Iterable<Person>
  idOf(number: number): UserId
  /** How many people have a number. */
  readonly count: number
  /** Whether ascending numbers are ascending ids too. */
  isInOrder(): boolean
  group(id: GroupId): KnownGroup
  personsNamed(userid: string): readonly Person[]
  groupsNamed(name: string): readonly KnownGroup[]
  /** The rows of the built-in group, whose people are everybody. */
  everyonesGroups(): readonly KnownGroup[]
  /** The group's people, of those asked about. */
  peopleOf(group: KnownGroup, within: PeopleSet): PeopleSet
  /** Which of those asked about the leaf is true for; they have to be enabled. */
  leafPeople(leaf: Leaf, within: PeopleSet): PeopleSet
  subjectPeople(subject: Member['subject'], within: PeopleSet): PeopleSet
  principalOf(person: Pick<Person, 'principals'>, integration: IntegrationId): Principal | undefined
  valuesOf(person: Person, key: string): readonly { readonly value: string; readonly from?: KnownGroup }[]

  setUser(id: UserId, row: User | undefined): void
  setGroup(id: GroupId, row: Pick<Group, 'name'> | undefined): void
  setGroupMember(group: GroupId, user: UserId, holds: boolean): void
  /** Nothing where the key is reserved: what is under it comes of memberships alone. */
  setAttribute(attribute: Attribute, holds: boolean): void
  /** Of a reserved key too. */
  hold(user: UserId, key: string, value: string, holds: boolean): void
  /** Many people who hold a value themselves, at once; quickest where they come in order. */
  addHolders(key: string, value: string, users: readonly UserId[]): void
  hasAttribute(attribute: Attribute): boolean
  setPrincipals(user: UserId, rows: readonly Principal[]): void

  keys(): Iterable<string>
  bytes(): { readonly people: number; readonly lists: number }
}

export function factIndex(facts: Pick<Facts, 'users' | 'groups' | 'attributes' | 'principals'> = noFacts): FactIndex {
  const byId = new Map<UserId, Person>()
  const people: Person[] = []
  /** Once more by themselves: most answers are about ids alone. */
  const ids: UserId[] = []
  const byName = new Map<string, Person[]>()
  const enabled = newPeopleSet()
  const groups = new Map<GroupId, KnownGroup>()
  const groupsByName = new Map<string, KnownGroup[]>()
  const values = new Map<string, Map<string, Value>>()
  let inOrder = true

  function person(id: UserId): Person {
    const known = byId.get(id)
    if (known) return known
    const made: Person = { number: people.length, id, user: undefined, groups: [], values: [], principals: [] }
    if (people.length > 0 && people[people.length - 1]!.id > id) inOrder = false
    people.push(made)
    ids.push(id)
    byId.set(id, made)
    return made
  }

  function group(id: GroupId): KnownGroup {
    const known = groups.get(id)
    if (known) return known
    const made: KnownGroup = { id, name: undefined, users: newPeopleSet(), values: [] }
    groups.set(id, made)
    return made
  }

  function setUser(id: UserId, row: User | undefined): void {
    const one = person(id)
    if (one.user) takeFrom(byName, one.user.userid, one)
    if (row) addTo(byName, row.userid, one)
    one.user = row
    if (row && !row.disabled) addPerson(enabled, one.number)
    else removePerson(enabled, one.number)
  }

  function setGroup(id: GroupId, row: Pick<Group, 'name'> | undefined): void {
    const one = group(id)
    if (one.name !== undefined) takeFrom(groupsByName, one.name, one)
    if (row) addTo(groupsByName, row.name, one)
    one.name = row?.name
  }

  function setGroupMember(id: GroupId, user: UserId, holds: boolean): void {
    const [to, one] = [group(id), person(user)]
    if (holds) {
      if (addPerson(to.users, one.number)) one.groups.push(to)
    } else if (removePerson(to.users, one.number)) take(one.groups, to)
  }

  function heldValue(key: string, value: string): Value {
    const ofKey = values.get(key) ?? new Map<string, Value>()
    values.set(key, ofKey)
    const known = ofKey.get(value)
    if (known) return known
    const made: Value = { key, value, users: newPeopleSet(), groups: [] }
    ofKey.set(value, made)
    return made
  }

  function setAttribute(attribute: Attribute, holds: boolean): void {
    if (!isReserved(attribute.key)) setHeld(attribute, holds)
  }

  function setHeld({ subject, key, value }: Attribute, holds: boolean): void {
    const held = heldValue(key, value)
    if ('user' in subject) {
      const one = person(subject.user)
      if (holds) {
        if (addPerson(held.users, one.number)) one.values.push(held)
      } else if (removePerson(held.users, one.number)) take(one.values, held)
    } else {
      const one = group(subject.group)
      if (!holds) {
        take(one.values, held)
        take(held.groups, one)
      } else if (!held.groups.includes(one)) {
        one.values.push(held)
        held.groups.push(one)
      }
    }
    if (held.users.size === 0 && held.groups.length === 0) {
      const ofKey = values.get(key)!
      ofKey.delete(value)
      if (ofKey.size === 0) values.delete(key)
    }
  }

  function addHolders(key: string, value: string, users: readonly UserId[]): void {
    if (users.length === 0 || isReserved(key)) return
    const held = heldValue(key, value)
    for (const user of users) {
      const one = person(user)
      if (addPerson(held.users, one.number)) one.values.push(held)
    }
  }

  function hasAttribute({ subject, key, value }: Attribute): boolean {
    const held = isReserved(key) ? undefined : values.get(key)?.get(value)
    if (!held) return false
    if ('group' in subject) return held.groups.some(({ id }) => id === subject.group)
    const one = byId.get(subject.user)
    return one !== undefined && hasPerson(held.users, one.number)
  }

  function peopleOf({ name, users }: KnownGroup, within: PeopleSet): PeopleSet {
    if (name === undefined) return nobody
    return name === allUsers ? within : intersection(within, users)
  }

  function holders({ users, groups: givers }: Value, within: PeopleSet): PeopleSet {
    return unionOf([intersection(within, users), ...givers.map(giver => peopleOf(giver, within))])
  }

  function keyPeople(key: string, within: PeopleSet): PeopleSet {
    const ofKey = values.get(key)
    if (!ofKey) return nobody
    if (within.size > ofKey.size) return unionOf(Array.from(ofKey.values(), value => holders(value, within)))
    const hasKey = (held: readonly Value[]) => held.some(value => value.key === key)
    const everyones = groupsByName.get(allUsers) ?? []
    if (everyones.some(one => hasKey(one.values))) return within
    return peopleSetOf(
      numbersOf(within).filter(number => {
        const one = people[number]!
        return hasKey(one.values) || one.groups.some(from => from.name !== undefined && hasKey(from.values))
      }),
    )
  }

  function leafPeople(leaf: Leaf, within: PeopleSet): PeopleSet {
    switch (leaf.is) {
      case 'everyone':
        return within
      case 'nobody':
        return nobody
      case 'group':
        return unionOf((groupsByName.get(leaf.name) ?? []).map(one => peopleOf(one, within)))
      case 'value': {
        const held = values.get(leaf.key)?.get(leaf.value)
        return held ? holders(held, within) : nobody
      }
      case 'key':
        return asWithin(keyPeople(leaf.key, within), within)
      case 'user': {
        const numbers = (byName.get(leaf.userid) ?? []).map(({ number }) => number)
        return numbers.length === 0 ? nobody : intersection(within, peopleSetOf(numbers))
      }
      case 'principal': {
        const { kind, integration } = leaf
        const mapped = numbersOf(within).filter(number => principalOf(people[number]!, integration)?.kind === kind)
        return asWithin(peopleSetOf(mapped), within)
      }
    }
  }

  function principalOf({ principals }: Pick<Person, 'principals'>, integration: IntegrationId): Principal | undefined {
    const [meant, second] = meantPrincipals(principals, integration)
    // Several entries where one is meant: the person counts as unmapped, as when grants are made.
    return second ? undefined : meant
  }

  function valuesOf({ values: own, groups: mine }: Person, key: string) {
    const from = [...mine.filter(({ name }) => name !== allUsers), ...(groupsByName.get(allUsers) ?? [])]
    return [
      ...own.filter(one => one.key === key).map(({ value }) => ({ value })),
      ...from
        .filter(({ name }) => name !== undefined)
        .flatMap(giver => giver.values.filter(one => one.key === key).map(({ value }) => ({ value, from: giver }))),
    ]
  }

  function bytes() {
    let [ofPeople, ofLists] = [0, bytesOf(enabled)]
    for (const one of people) ofPeople += personBytes + 8 * (one.groups.length + one.values.length)
    for (const { users } of groups.values()) ofLists += setBytes + bytesOf(users)
    for (const ofKey of values.values()) {
      for (const { users } of ofKey.values()) ofLists += setBytes + bytesOf(users)
    }
    return { people: ofPeople, lists: ofLists }
  }

  for (const row of facts.users) setUser(row.id, row)
  for (const { id, name, users } of facts.groups) {
    setGroup(id, { name })
    for (const user of users) setGroupMember(id, user, true)
  }
  for (const attribute of facts.attributes) setAttribute(attribute, true)
  for (const [user, rows] of Map.groupBy(facts.principals, ({ user }) => user)) person(user).principals = rows

  return {
    enabled,
    person,
    findPerson: id => byId.get(id),
    personAt: number => people[number]!,
    people: () => people,
    idOf: number => ids[number]!,
    get count() {
      return people.length
    },
    isInOrder: () => inOrder,
    group,
    personsNamed: userid => byName.get(userid) ?? [],
    groupsNamed: name => groupsByName.get(name) ?? [],
    everyonesGroups: () => groupsByName.get(allUsers) ?? [],
    peopleOf,
    leafPeople,
    subjectPeople(subject, within) {
      if ('group' in subject) {
        const one = groups.get(subject.group)
        return one ? peopleOf(one, within) : nobody
      }
      const one = byId.get(subject.user)
      return one && hasPerson(within, one.number) ? peopleSetOf([one.number]) : nobody
    },
    principalOf,
    valuesOf,
    setUser,
    setGroup,
    setGroupMember,
    setAttribute,
    hold: (user, key, value, holds) => setHeld({ subject: { user }, key, value }, holds),
    addHolders,
    hasAttribute,
    setPrincipals: (user, rows) => {
      person(user).principals = rows
    },
    keys: () => values.keys(),
    bytes,
  }
}

const noFacts = { users: [], groups: [], attributes: [], principals: [] }

/** Rough sizes of the objects of V8 on 64 bits: a person with their lists and entries in maps, and a list of people. */
const personBytes = 360
const setBytes = 200

/** The asked people themselves where it is all of them, so that callers may compare by identity. */
function asWithin(found: PeopleSet, within: PeopleSet): PeopleSet {
  return found.size === within.size ? within : found
}

function addTo<Item>(lists: Map<string, Item[]>, name: string, item: Item): void {
  const list = lists.get(name)
  if (list) list.push(item)
  else lists.set(name, [item])
}

function takeFrom<Item>(lists: Map<string, Item[]>, name: string, item: Item): void {
  const list = lists.get(name)
  if (!list) return
  take(list, item)
  if (list.length === 0) lists.delete(name)
}

/** Order says nothing in these lists, so the last one fills the gap. */
function take<Item>(list: Item[], item: Item): void {
  const at = list.indexOf(item)
  if (at === -1) return
  const last = list.pop()!
  if (at < list.length) list[at] = last
}
