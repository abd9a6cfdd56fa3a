/**
 * Whom a change of people touches, and which questions may be answered otherwise for them.
 *
 * To be asked before the change is made. Says more rather than less: what did not move after all is told later.
 */
import type { PeopleChange } from './change.ts'
import type { FactIndex, KnownGroup, Person } from './fact-index.ts'
import type { GroupId } from './facts.ts'
import type { Formula, Formulas, Leaf } from './formula.ts'
import { copyOf, numbersOf, type PeopleSet, peopleSetOf } from './people-set.ts'
import { allUsers } from './policy/truth.ts'

export interface Touched {
  /** Everybody for whom something may be otherwise. */
  readonly people: PeopleSet
  readonly leaves: readonly Leaf[]
  /** The groups that may have these people as members or not; undefined: the people themselves may come or go. */
  readonly memberships: readonly GroupId[]
}

export interface TouchedPeople {
  touchedBy(change: PeopleChange): Touched
  /** Every leaf in use that may hold for one of these people. */
  leavesOfAll(people: PeopleSet): Formula[]
  /** Theirs, that of everybody included. */
  groupsOf(person: Person): KnownGroup[]
}

export function touchedPeople(facts: FactIndex, formulas: Formulas): TouchedPeople {
  function touchedBy(change: PeopleChange): Touched {
    switch (change.entity) {
      case 'user': {
        const person = facts.person(change.id)
        const names = [person.user?.userid, change.row?.userid].filter(name => name !== undefined)
        const leaves = [...names.map((userid): Leaf => ({ is: 'user', userid })), ...leavesOf(person)]
        return { people: peopleSetOf([person.number]), leaves, memberships: groupsOf(person).map(({ id }) => id) }
      }
      case 'group': {
        const group = facts.group(change.id)
        const names = [group.name, change.row?.name].filter(name => name !== undefined)
        const people = names.includes(allUsers) ? copyOf(facts.enabled) : copyOf(group.users)
        const leaves = [...names.map((name): Leaf => ({ is: 'group', name })), ...inherited(group)]
        return { people, leaves, memberships: [group.id] }
      }
      case 'groupMember': {
        const group = facts.group(change.group)
        const leaves: Leaf[] = [
          ...(group.name === undefined ? [] : [{ is: 'group', name: group.name } as const]),
          ...inherited(group),
        ]
        return { people: peopleSetOf([facts.person(change.user).number]), leaves, memberships: [group.id] }
      }
      case 'attribute': {
        const { subject, key, value } = change.row
        const people =
          'user' in subject
            ? peopleSetOf([facts.person(subject.user).number])
            : copyOf(facts.peopleOf(facts.group(subject.group), facts.enabled))
        return {
          people,
          leaves: [
            { is: 'value', key, value },
            { is: 'key', key },
          ],
          memberships: [],
        }
      }
      case 'principals': {
        const leaves = Array.from(formulas.principalLeaves(), ({ leaf }) => leaf!)
        return { people: peopleSetOf([facts.person(change.user).number]), leaves, memberships: [] }
      }
    }
  }

  function leavesOfAll(people: PeopleSet): Formula[] {
    const found = new Set<Formula>()
    for (const number of numbersOf(people)) {
      const person = facts.personAt(number)
      const names = person.user ? [{ is: 'user', userid: person.user.userid } as const] : []
      for (const leaf of [...names, ...leavesOf(person)]) {
        const formula = formulas.find(leaf)
        if (formula) found.add(formula)
      }
    }
    return [...found]
  }

  function leavesOf(person: Person): Leaf[] {
    const groups = groupsOf(person)
    return [
      { is: 'everyone' },
      ...groups.flatMap(({ name }): Leaf[] => (name === undefined ? [] : [{ is: 'group', name }])),
      ...[person, ...groups].flatMap(inherited),
      ...Array.from(formulas.principalLeaves(), ({ leaf }) => leaf!),
    ]
  }

  function groupsOf(person: Person): KnownGroup[] {
    return [...new Set([...person.groups, ...facts.groupsNamed(allUsers)])]
  }

  return { touchedBy, leavesOfAll, groupsOf }
}

function inherited({ values }: Person | KnownGroup): Leaf[] {
  return values.flatMap(({ key, value }): Leaf[] => [
    { is: 'value', key, value },
    { is: 'key', key },
  ])
}
