/**
 * What a command ran under besides the state: switches, quotas and delays of propagation. They are settings of a
 * process and forgotten with it, but a command carried out again must find those of its own time.
 */
import { createFaults, type FaultSettings, NO_FAULTS } from '../faults.ts'
import type { Limits, World } from '../service.ts'
import { defaultUnknowns, type Unknowns } from '../unknowns.ts'

export interface Conditions {
  /** JSON; equal texts are equal conditions. */
  readonly text: string
}

interface Spelled {
  readonly unknowns: Partial<Unknowns>
  readonly limits: Limits
  readonly propagation: FaultSettings['propagation']
}

export function conditionsOf({ unknowns, limits, faults }: World): Conditions {
  return { text: JSON.stringify({ unknowns, limits, propagation: faults.settings.propagation } satisfies Spelled) }
}

/** The world under those conditions, with no fault that would keep a command from being carried out. */
export function underConditions(world: World, { text }: Conditions): World {
  const { unknowns, limits, propagation } = JSON.parse(text) as Spelled
  return {
    ...world,
    unknowns: { ...defaultUnknowns(), ...unknowns },
    limits,
    faults: createFaults({ ...NO_FAULTS, propagation }),
  }
}
