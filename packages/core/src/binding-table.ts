/**
 * The formulas that bind data sources, each combination once, and which combinations hold a formula.
 *
 * A binding that no data source has any more stays until it is swept. Knows no people and no tags.
 */
import type { OwnReason } from './entitlement.ts'
import type { Level, Policy } from './facts.ts'
import { type Few, none, withOne, withoutOne } from './few.ts'
import type { Formula, Formulas } from './formula.ts'
import { hashed, interned } from './interned.ts'
import type { Source } from './source-binding.ts'
import type { Detail } from './standing.ts'

export interface Binding {
  /** Active grant policies that let people in without their doing, by id. */
  readonly grants: readonly Grant[]
  /** Those that let in who has subscribed; by id. */
  readonly offers: readonly Grant[]
  readonly guards: Guards
  sources: Set<Source>
}

export interface Grant {
  readonly policy: Policy
  readonly formula: Formula
  readonly reason: OwnReason
  /** Short for the policy, its version and level, whether it is an offer, and what its detail depends on. */
  readonly mark: string
  readonly detail: Detail | undefined
}

/** All of which have to hold, for any access and for writing; ascending, each once. */
export type Guards = Readonly<Record<Level, readonly Formula[]>>

export interface BindingTable {
  readonly all: ReadonlySet<Binding>
  /** `given` are grants and offers, by policy id. */
  bindingOf(given: readonly Grant[], guards: Guards): Binding
  /** To be told of a binding that has lost its last data source. */
  isIdle(binding: Binding): void
  /**
   * The bindings that hold one of these formulas; for a guardrail only those with a grant policy that may let someone
   * in: one that is not grounded, or of the `open` ones.
   */
  holding(formulas: Iterable<Formula>, open: () => readonly Formula[]): Set<Binding>
  /** The bindings with one of these grounded formulas, or any that is not grounded, in a grant policy. */
  granted(held: readonly Formula[]): Set<Binding>
  /** Lets go of the bindings that no data source has. */
  sweep(): void
}

export function bindingTable(formulas: Formulas): BindingTable {
  const all = new Set<Binding>()
  const known = interned<Binding>()
  const granting = new Map<Formula, Few<Binding>>()
  const guarding = new Map<Formula, Few<Binding>>()
  /** The granting ones that hold for people of whom nothing is known. */
  const ungrounded = new Set<Formula>()
  const idle = new Set<Binding>()

  function bindingOf(given: readonly Grant[], guards: Guards): Binding {
    const hasOffers = given.some(isOffer)
    const grants = hasOffers ? given.filter(one => !isOffer(one)) : given
    const offers = hasOffers ? given.filter(isOffer) : noGrants
    const hash = hashOf(grants, offers, guards)
    const same = known.find(
      hash,
      one => isSameGrants(one.grants, grants) && isSameGrants(one.offers, offers) && isSameGuards(one.guards, guards),
    )
    if (same) return same
    const binding: Binding = { grants, offers, guards, sources: new Set() }
    known.add(hash, binding)
    all.add(binding)
    for (const { formula } of grants) {
      addTo(granting, formula, binding)
      if (!formula.isGrounded) ungrounded.add(formula)
      formulas.use(formula)
    }
    for (const { formula } of offers) formulas.use(formula)
    for (const formula of guardsOf(binding)) {
      addTo(guarding, formula, binding)
      formulas.use(formula)
    }
    return binding
  }

  function granted(held: readonly Formula[]): Set<Binding> {
    const found = new Set<Binding>()
    for (const formula of held) for (const binding of granting.get(formula) ?? []) found.add(binding)
    for (const formula of ungrounded) for (const binding of granting.get(formula) ?? []) found.add(binding)
    return found
  }

  function holding(some: Iterable<Formula>, open: () => readonly Formula[]): Set<Binding> {
    const found = new Set<Binding>()
    const guards = new Set<Formula>()
    for (const formula of some) {
      for (const binding of granting.get(formula) ?? []) found.add(binding)
      if (guarding.has(formula)) guards.add(formula)
    }
    if (guards.size === 0) return found
    // A guardrail may bind everything, and few grant policies let one person in: those say where to look.
    for (const binding of granted(open())) {
      const { READ, WRITE } = binding.guards
      if (!found.has(binding) && (holdsAny(READ, guards) || holdsAny(WRITE, guards))) found.add(binding)
    }
    return found
  }

  function sweep(): void {
    for (const binding of idle) {
      if (binding.sources.size > 0 || !all.delete(binding)) continue
      known.delete(hashOf(binding.grants, binding.offers, binding.guards), binding)
      for (const { formula } of binding.grants) {
        takeFrom(granting, formula, binding)
        if (!granting.has(formula)) ungrounded.delete(formula)
        formulas.release(formula)
      }
      for (const { formula } of binding.offers) formulas.release(formula)
      for (const formula of guardsOf(binding)) {
        takeFrom(guarding, formula, binding)
        formulas.release(formula)
      }
    }
    idle.clear()
  }

  return { all, bindingOf, isIdle: binding => idle.add(binding), holding, granted, sweep }
}

/** Every formula of a binding, once. */
export function formulasOf(binding: Binding): Set<Formula> {
  return new Set([...[...binding.grants, ...binding.offers].map(({ formula }) => formula), ...guardsOf(binding)])
}

const noGrants: readonly Grant[] = []

function isOffer({ policy }: Grant): boolean {
  return policy.subscribe === 'manual'
}

/** A formula that guards both levels comes twice. */
function guardsOf({ guards }: Binding): readonly Formula[] {
  return guards.WRITE.length === 0 ? guards.READ : [...guards.READ, ...guards.WRITE]
}

function hashOf(grants: readonly Grant[], offers: readonly Grant[], { READ, WRITE }: Guards): number {
  let hash = hashed(hashed(grants.length, offers.length), READ.length)
  for (const { policy, formula } of grants) hash = hashed(hashed(hash, policy.id), formula.number)
  for (const { policy, formula } of offers) hash = hashed(hashed(hash, policy.id), formula.number)
  for (const { number } of READ) hash = hashed(hash, number)
  for (const { number } of WRITE) hash = hashed(hash, number)
  return hash
}

function isSameGrants(a: readonly Grant[], b: readonly Grant[]): boolean {
  return a.length === b.length && a.every((one, at) => one.formula === b[at]!.formula && one.mark === b[at]!.mark)
}

function isSameGuards(a: Guards, b: Guards): boolean {
  if (a === b) return true
  return isSameFormulas(a.READ, b.READ) && isSameFormulas(a.WRITE, b.WRITE)
}

function isSameFormulas(a: readonly Formula[], b: readonly Formula[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at])
}

function addTo(holders: Map<Formula, Few<Binding>>, formula: Formula, binding: Binding): void {
  const there = holders.get(formula) ?? none
  const now = withOne(there, binding)
  if (now !== there) holders.set(formula, now)
}

function takeFrom(holders: Map<Formula, Few<Binding>>, formula: Formula, binding: Binding): void {
  const there = holders.get(formula)
  if (!there) return
  const left = withoutOne(there, binding)
  if (left === none) holders.delete(formula)
  else holders.set(formula, left)
}

function holdsAny(list: readonly Formula[], wanted: ReadonlySet<Formula>): boolean {
  for (const formula of list) if (wanted.has(formula)) return true
  return false
}
