/** A folder and a server side by side: what the plan, apply and pull commands begin with. */
import type { Caller } from '@headgate/core/api'
import type { Current, Kind, Names, Step } from './kind.ts'
import { kinds } from './kinds.ts'
import { type Found, planOf } from './plan.ts'
import { readFolder } from './read-folder.ts'

/** @param asked which of the optional kinds are read as well */
export async function readServer(
  api: Caller,
  asked: (kind: Kind<unknown>) => boolean,
): Promise<{ found: Found; names: Names }> {
  const integrations = new Map((await api.integrations.list()).map(({ id, config }) => [config.name, id]))
  const names: Names = {
    ...{ integrations, dataSources: new Map(), groups: new Map(), users: new Map() },
    ...{ agreements: new Map(), requestForms: new Map(), reviewFlows: new Map() },
  }
  const found = new Map<Kind<unknown>, readonly Current<unknown>[]>()
  // One after the other: the later ones need the names of the earlier ones.
  for (const kind of kinds) if (!kind.isOptional || asked(kind)) found.set(kind, await kind.read(api, names))
  return { found, names }
}

export async function planFolder(
  api: Caller,
  folder: string,
  prune: boolean,
): Promise<{ steps: Step[]; names: Names }> {
  const wanted = await readFolder(folder)
  const { found, names } = await readServer(api, kind => wanted.has(kind))
  return { steps: planOf(wanted, found, prune), names }
}
