/**
 * Bindings that come to the same for one person, together: a change then has a few blocks rather than thousands.
 */
import type { Binding } from './binding-table.ts'
import type { Formula } from './formula.ts'
import type { PeopleSet } from './people-set.ts'

/** The bindings by what they come to before and after; for one person many come to the same, for more none is compared. */
export function bindingsAlike(
  bindings: Iterable<Binding>,
  people: PeopleSet,
  before: (formula: Formula) => PeopleSet,
  after: (formula: Formula) => PeopleSet,
): Iterable<[Binding, ...Binding[]]> {
  if (people.size !== 1) return Array.from(bindings, binding => [binding])
  // 1 where it held before, 2 where it does after: thousands of bindings share a few formulas that hold at all.
  const truths = new Map<Formula, number>()
  function truthOf(formula: Formula): number {
    const known = truths.get(formula)
    if (known !== undefined) return known
    const truth = (before(formula).size > 0 ? 1 : 0) | (after(formula).size > 0 ? 2 : 0)
    truths.set(formula, truth)
    return truth
  }
  const alike = new Map<string, [Binding, ...Binding[]]>()
  for (const binding of bindings) {
    const key = outcomeText(binding, truthOf)
    const group = alike.get(key)
    if (group) group.push(binding)
    else alike.set(key, [binding])
  }
  return alike.values()
}

/** Which policies let the one person in, and which levels the guardrails leave, each before and after. */
function outcomeText({ grants, guards }: Binding, truthOf: (formula: Formula) => number): string {
  let text = ''
  for (const { mark, formula } of grants) {
    const truth = truthOf(formula)
    if (truth !== 0) text += `${mark}${truth} `
  }
  if (text === '') return text
  let [read, write] = [3, 3]
  for (const formula of guards.READ) read &= truthOf(formula)
  for (const formula of guards.WRITE) write &= truthOf(formula)
  return `${text}${read}${write}`
}
