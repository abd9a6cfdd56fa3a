/**
 * Where two indexes of the same facts differ: in what they were told of people, data sources and domains, or in who
 * reaches what. Ids are compared, never numbers, which depend on the order of events.
 *
 * Pauses now and then; neither index may change meanwhile.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type EntitlementIndex, hasPerson, numbersOf, type PeopleSet } from '@headgate/core'

type Sources = EntitlementIndex['bindings']['sources']
type Source = Sources extends ReadonlyMap<unknown, infer One> ? One : never
type Person = ReturnType<EntitlementIndex['facts']['personAt']>

const breathAfterMs = 20

/** Each difference in words, such as `user 12`. */
export async function differencesOf(held: EntitlementIndex, fresh: EntitlementIndex): Promise<string[]> {
  const found: string[] = []
  let breathAt = performance.now() + breathAfterMs
  async function compare<Id>(what: string, ids: Iterable<Id>, isSame: (id: Id) => boolean): Promise<void> {
    for (const id of ids) {
      if (!isSame(id)) found.push(`${what} ${id}`)
      if (performance.now() < breathAt) continue
      await turn()
      breathAt = performance.now() + breathAfterMs
    }
  }

  const rows = (index: EntitlementIndex) => index.bindings
  for (const kind of ['integrations', 'policies'] as const) {
    const [one, other]: ReadonlyMap<unknown, unknown>[] = [rows(held)[kind], rows(fresh)[kind]]
    await compare(kind, idsOf(one!, other!), id => isDeepStrictEqual(one!.get(id), other!.get(id)))
  }
  const users = new Set([...peopleOf(held), ...peopleOf(fresh)].map(({ id }) => id))
  await compare('user', users, id => isDeepStrictEqual(described(held, id), described(fresh, id)))

  const [domains, others] = [held.bindings.placement.domains, fresh.bindings.placement.domains]
  await compare('domain', idsOf(domains, others), name => isDeepStrictEqual(domains.get(name), others.get(name)))
  const [products, otherProducts] = [held.bindings.placement.products, fresh.bindings.placement.products]
  await compare('data product', idsOf(products, otherProducts), id =>
    isDeepStrictEqual(products.get(id), otherProducts.get(id)),
  )
  const subscribed = new Set([...held.subscriptions.dataSources(), ...fresh.subscriptions.dataSources()])
  await compare('subscriptions to data source', subscribed, id =>
    (['READ', 'WRITE'] as const).every(level =>
      isSameSet(held, fresh, held.subscriptions.subscribers(id, level), fresh.subscriptions.subscribers(id, level)),
    ),
  )

  const isSameStanding = comparedStandings(held, fresh)
  const [ours, theirs] = [held.bindings.sources, fresh.bindings.sources]
  await compare('data source', idsOf(ours, theirs), id => {
    const [one, other] = [ours.get(id), theirs.get(id)]
    if (!one || !other || !isDeepStrictEqual(one.row, other.row)) return false
    const [picked, pickedThere] = [held, fresh].map(index => new Set(index.bindings.placement.selectedFor(id)))
    if (!isDeepStrictEqual(picked, pickedThere)) return false
    return isDeepStrictEqual(held.members.of(id), fresh.members.of(id)) && isSameStanding(one, other)
  })
  return found
}

function idsOf<Id>(one: ReadonlyMap<Id, unknown>, other: ReadonlyMap<Id, unknown>): Set<Id> {
  return new Set([...one.keys(), ...other.keys()])
}

/** Everybody of whom there is a row. */
function* peopleOf({ facts }: EntitlementIndex): Generator<Person> {
  for (let number = 0, one = facts.personAt(0); one; number += 1, one = facts.personAt(number)) if (one.user) yield one
}

function described({ facts, memberships }: EntitlementIndex, id: Person['id']) {
  const person = facts.findPerson(id)
  if (!person?.user) return undefined
  const values = (held: Person['values']) => held.map(({ key, value }) => JSON.stringify([key, value])).sort()
  const groups = person.groups.map(group => ({ id: group.id, name: group.name, values: values(group.values) }))
  const { user, principals } = person
  const approved = memberships.ofUser(id)
  return { user, principals, approved, values: values(person.values), groups: groups.sort((a, b) => a.id - b.id) }
}

/** Of people by id: each index has its own numbers. */
function isSameSet(held: EntitlementIndex, fresh: EntitlementIndex, one: PeopleSet, other: PeopleSet): boolean {
  if (one.size !== other.size) return false
  return numbersOf(one).every(number => {
    const there = fresh.facts.findPerson(held.facts.personAt(number).id)
    return there !== undefined && hasPerson(other, there.number)
  })
}

/** Data sources without members and subscribers that share a binding on either side are compared once. */
function comparedStandings(held: EntitlementIndex, fresh: EntitlementIndex): (one: Source, other: Source) => boolean {
  const known = new Map<unknown, Map<unknown, boolean>>()
  function isSame(one: Source, other: Source): boolean {
    const [was, is] = [held.standing(one), fresh.standing(other)]
    const [before, after] = [was.reasons.filter(isGiving), is.reasons.filter(isGiving)]
    return (
      isSameSet(held, fresh, was.read, is.read) &&
      isSameSet(held, fresh, was.write, is.write) &&
      before.length === after.length &&
      before.every(({ reason, people }, at) => {
        const match = after[at]
        return match && isDeepStrictEqual(reason, match.reason) && isSameSet(held, fresh, people, match.people)
      })
    )
  }
  return (one, other) => {
    if (held.standsAlone(one) || fresh.standsAlone(other)) return isSame(one, other)
    const ofBinding = known.get(one.binding) ?? new Map<unknown, boolean>()
    known.set(one.binding, ofBinding)
    const same = ofBinding.get(other.binding) ?? isSame(one, other)
    ofBinding.set(other.binding, same)
    return same
  }
}

function isGiving({ people }: { readonly people: PeopleSet }): boolean {
  return people.size > 0
}
