/** A plan in a file: what `apply` carries out exactly, or not at all. */
import { readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { Refused } from '../refused.ts'
import type { Effect } from './effect.ts'
import type { Step } from './kind.ts'

const saved = z.object({
  folder: z.string(),
  prune: z.boolean(),
  steps: z.array(
    z.object({ kind: z.string(), do: z.string(), key: z.string(), wanted: z.unknown(), before: z.unknown() }),
  ),
  effect: z
    .object({ digest: z.string(), sequence: z.number().default(0) })
    .loose()
    .nullable(),
})
export type SavedPlan = z.output<typeof saved>

/** Throws Refused for what is no plan. */
export async function readPlan(file: string): Promise<SavedPlan> {
  const text = await readFile(file, 'utf8').catch(error => {
    throw new Refused(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  const read = saved.safeParse(parsed(text))
  if (!read.success) throw new Refused(`${file} is no plan`, 'write one with `headgate plan DIR --out plan.json`')
  return read.data
}

export function asSaved({ kind, do: what, key, wanted, current }: Step) {
  return { kind: kind.name, do: what, key, wanted: wanted ?? null, before: current?.content ?? null }
}

/** Throws Refused unless the same steps are to be done, and would do the same to access. */
export function refuseWhatMoved(plan: SavedPlan, steps: readonly Step[], effect: Effect | null): void {
  if (!isDeepStrictEqual(plan.steps, JSON.parse(JSON.stringify(steps.map(asSaved)))))
    throw new Refused('the files or the server are not what they were when it was planned', again)
  if ((effect?.sequence ?? 0) < (plan.effect?.sequence ?? 0))
    throw new Refused(
      'the server knows less than when it was planned: it is another one, or was restored from a backup',
      again,
    )
  if (plan.effect?.digest !== effect?.digest)
    throw new Refused('facts have moved: the same steps would now do something else to access', again)
}

const again = 'plan again, and look at it again'

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
