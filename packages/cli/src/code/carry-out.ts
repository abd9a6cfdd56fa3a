/**
 * A plan carried out. Safe to run again after it was cut off: what is done already is no step any more.
 *
 * Every write on which access hangs goes with the token of a preview, in the order in which it was previewed: the server refuses one
 * that would do more than was shown. What could not be shown comes last: sent before, it would change what the others do.
 */
import { ApiError, type Caller } from '@headgate/core/api'
import { Refused } from '../refused.ts'
import { type Previewed, previewOf } from './effect.ts'
import type { Names, Step } from './kind.ts'
import { type StepWrites, shownOf, type Write, writesOf } from './write.ts'

export interface Planned {
  readonly steps: readonly Step[]
  readonly names: Names
  readonly previewed: Previewed | undefined
}

/** @returns whether every write on which access hangs was held against the preview, but for what could not be told */
export async function carryOut(api: Caller, planned: Planned, done: (step: Step) => void): Promise<boolean> {
  const { steps, names, previewed } = planned
  const before = writesOf(steps, names)
  const turns = before.map(one => turnsOf(one))
  const report = reporter(before, done)

  await send(api, inTurn(before, turns, 'ground'), { report })
  const isNewGround = turns.some(turn => turn.includes('ground'))
  // By the names that are known now, others were shown than will be sent.
  const writes = isNewGround ? writesOf(steps, names) : before
  const rest = [...inTurn(writes, turns, 'shown'), ...inTurn(writes, turns, 'deletion')]
  const now = isNewGround ? await previewAgain(api, rest, previewed) : previewed

  await send(api, inTurn(writes, turns, 'shown'), { report, token: now?.token })
  await send(api, inTurn(writes, turns, 'deletion'), { report, token: now?.token })
  await send(api, inTurn(writes, turns, 'untold'), { report })
  return now?.token !== undefined || rest.flatMap(shownOf).length === 0
}

type Turn = 'ground' | 'shown' | 'deletion' | 'untold'

/** When each write of a step is sent. */
function turnsOf({ steps: [step], writes }: StepWrites): Turn[] {
  return writes.map(({ shown, isLate }) => {
    if (step?.do === 'delete') return 'deletion'
    if (shown === 'untold' || isLate) return 'untold'
    return step?.kind.isGround && shown === undefined ? 'ground' : 'shown'
  })
}

function inTurn(all: readonly StepWrites[], turns: readonly (readonly Turn[])[], turn: Turn): StepWrites[] {
  return all.flatMap(({ steps, writes }, n) => {
    const those = writes.filter((_, at) => turns[n]?.[at] === turn)
    return those.length === 0 ? [] : [{ steps, writes: those }]
  })
}

/** Tells of a step once all of its writes are sent. */
function reporter(all: readonly StepWrites[], done: (step: Step) => void): (steps: readonly Step[]) => void {
  const left = new Map(all.map(({ steps: [step], writes }) => [step, writes.length]))
  return steps => {
    const [first] = steps
    const count = (left.get(first) ?? 0) - 1
    left.set(first, count)
    if (count === 0) for (const step of steps) done(step)
  }
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

interface Sending {
  readonly report: (steps: readonly Step[]) => void
  readonly token?: string | undefined
}

async function send(api: Caller, all: readonly StepWrites[], { report, token }: Sending): Promise<void> {
  for (const { steps, writes } of all) {
    for (const write of writes) {
      try {
        await write.send(api, isBound(write) && token !== undefined ? { ifPreview: token } : {})
      } catch (error) {
        throw refused(steps, error)
      }
      report(steps)
    }
  }
}

function isBound({ shown }: Write): boolean {
  return typeof shown === 'object'
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
