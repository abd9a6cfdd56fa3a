/**
 * A plan carried out, step after step. Safe to run again after it was cut off: what is done already is no step any more.
 *
 * Every write on which access hangs goes with the token of a preview, in the order in which it was previewed: the server refuses one
 * that would do more than was shown. What nothing hangs on, and others name, is made before that preview is taken.
 */
import { ApiError, type Caller } from '@headgate/core/api'
import { Refused } from '../refused.ts'
import { type Previewed, previewOf } from './effect.ts'
import type { Names, Step } from './kind.ts'
import { isTold, type StepWrites, shownOf, writesOf } from './write.ts'

export interface Planned {
  readonly steps: readonly Step[]
  readonly names: Names
  readonly previewed: Previewed | undefined
}

/** @returns whether every write on which access hangs was held against the preview, but for what could not be told */
export async function carryOut(api: Caller, planned: Planned, done: (step: Step) => void): Promise<boolean> {
  const { steps, names, previewed } = planned
  const untold = new Set(
    writesOf(steps, names)
      .filter(one => !isTold(one))
      .flatMap(one => one.steps),
  )
  const ground = steps.filter(step => step.kind.isGround && step.do !== 'delete' && isFree(step, names))
  await send(api, writesOf(ground, names), { done })
  const rest = steps.filter(step => !ground.includes(step))
  // By the names that are known now, others were shown than will be sent.
  const writes = writesOf(rest, names).map(one => (one.steps.some(step => untold.has(step)) ? withoutEffect(one) : one))
  const now = ground.length === 0 ? previewed : await previewAgain(api, writes, previewed)
  await send(api, writes, { done, token: now?.token })
  return now?.token !== undefined || writes.flatMap(shownOf).length === 0
}

function isFree(step: Step, names: Names): boolean {
  return writesOf([step], names).every(one => shownOf(one).length === 0)
}

function withoutEffect({ steps, writes }: StepWrites): StepWrites {
  return { steps, writes: writes.map(({ send: sent }) => ({ send: sent })) }
}

async function previewAgain(
  api: Caller,
  writes: readonly StepWrites[],
  before: Previewed | undefined,
): Promise<Previewed | undefined> {
  const now = await previewOf(api, writes)
  if ((now?.effect.digest ?? '') === (before?.effect.digest ?? '')) return now
  throw new Refused('facts have moved while it was carried out: the rest would now do something else to access', again)
}

async function send(
  api: Caller,
  all: readonly StepWrites[],
  { done, token }: { readonly done: (step: Step) => void; readonly token?: string | undefined },
): Promise<void> {
  for (const one of all) {
    const isShown = shownOf(one).length > 0
    try {
      for (const { shown, send: sent } of one.writes) {
        const isBound = isShown && shown !== undefined && token !== undefined
        await sent(api, isBound ? { ifPreview: token } : {})
      }
    } catch (error) {
      throw refused(one.steps, error)
    }
    for (const step of one.steps) done(step)
  }
}

const again = 'what was done before stays; plan again to see what is left'
const verbs = { create: 'creating', change: 'changing', delete: 'deleting' } as const

function refused(steps: readonly Step[], error: unknown): Refused {
  const [first, ...others] = steps
  const what = first === undefined ? '' : `${verbs[first.do]} ${first.kind.one} ${first.key}`
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  const moved = error instanceof ApiError && error.code === 'preview-stale' ? 'facts have moved: ' : ''
  return new Refused(`${what}${more}: ${moved}${error instanceof Error ? error.message : String(error)}`, again)
}
