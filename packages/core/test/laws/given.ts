/** A random world and what follows from it, each worked out once, when a law first asks. Nobody changes any of it. */
import {
  type Access,
  type DesiredGrants,
  deriveEntitlements,
  desiredGrants,
  type Entitlement,
  type EntitlementIndex,
  entitlementIndex,
  type Facts,
  type LedgerRow,
  withOverlap,
} from '../../src/index.ts'
import { type Counted, countEntitlements } from '../brute-force.ts'
import { runUntilQuiet } from '../simulate.ts'
import { now, worldOf } from '../worlds.ts'

interface Derived {
  readonly facts: Facts
  readonly entitlements: () => readonly Entitlement[]
  /** By integration, in the order of the facts. */
  readonly desired: () => readonly DesiredGrants[]
  readonly access: () => readonly Access[]
  /** By integration: the ledger after all that is desired was made from nothing. */
  readonly ledgers: () => readonly (readonly LedgerRow[])[]
}

export interface Given extends Derived {
  readonly seed: number
  /** Not to be changed. */
  readonly index: () => EntitlementIndex
  /** The second counting. */
  readonly counted: () => ReadonlyMap<string, Counted>
  /** The worlds of this seed: the one given, and others of the same people and scopes. */
  readonly variants: readonly [Derived, Derived, Derived]
}

export function givenOf(seed: number): Given {
  const given = derivedFrom(worldOf(seed))
  const index = once(() => entitlementIndex(given.facts, now))
  const counted = once(() => countEntitlements(given.facts, now))
  return { ...given, seed, index, counted, variants: [given, variantOf(seed, 1), variantOf(seed, 2)] }
}

function derivedFrom(facts: Facts): Derived {
  const entitlements = once(() => deriveEntitlements(facts, now))
  const desired = once(() => facts.integrations.map(({ id }) => desiredGrants(entitlements(), facts, id)))
  return {
    facts,
    entitlements,
    desired,
    access: once(() => withOverlap(entitlements(), facts)),
    ledgers: once(() => desired().map(one => runUntilQuiet(one, [], now).ledger)),
  }
}

/** Not built before a law looks at it. */
function variantOf(seed: number, variant: number): Derived {
  const derived = once(() => derivedFrom(worldOf(seed, variant)))
  return {
    get facts() {
      return derived().facts
    },
    entitlements: () => derived().entitlements(),
    desired: () => derived().desired(),
    access: () => derived().access(),
    ledgers: () => derived().ledgers(),
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
