/** A folder and a server side by side: what the plan, apply and pull commands begin with. */
import type { Caller } from '@headgate/core/api'
import { Refused } from '../refused.ts'
import type { Current, Kind, Names, Step } from './kind.ts'
import { kinds } from './kinds.ts'
import { type Found, planOf } from './plan.ts'
import { readFolder } from './read-folder.ts'

export async function readServer(api: Caller): Promise<{ found: Found; names: Names }> {
  const integrations = new Map((await api.integrations.list()).map(({ id, config }) => [config.name, id]))
  const names: Names = {
    ...{ integrations, dataSources: new Map(), agreements: new Map() },
    ...{ requestForms: new Map(), reviewFlows: new Map() },
  }
  const found = new Map<Kind<unknown>, readonly Current<unknown>[]>()
  // One after the other: the later ones need the names of the earlier ones.
  for (const kind of kinds) found.set(kind, await kind.read(api, names))
  return { found, names }
}

export async function planFolder(
  api: Caller,
  folder: string,
  prune: boolean,
): Promise<{ steps: Step[]; names: Names }> {
  const wanted = await readFolder(folder)
  const { found, names } = await readServer(api)
  return { steps: planOf(wanted, found, prune), names }
}

/** Step after step. Safe to run again after it was cut off: what is done already is no step any more. */
export async function carryOut(
  api: Caller,
  steps: readonly Step[],
  names: Names,
  done: (step: Step) => void,
): Promise<void> {
  for (const step of steps) {
    const { kind, wanted, current } = step
    try {
      if (current === undefined) await kind.create(api, wanted, names)
      else if (wanted === undefined) await kind.remove(api, current)
      else await kind.change(api, current, wanted, names)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Refused(
        `${verbs[step.do]} ${kind.one} ${step.key}: ${why}`,
        'what was done before stays; plan again to see what is left',
      )
    }
    done(step)
  }
}

const verbs = { create: 'creating', change: 'changing', delete: 'deleting' } as const
