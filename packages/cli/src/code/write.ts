/**
 * The writes that carry a plan out: each with what a preview is told of it, so that what is sent is what was shown. The server is
 * given the preview's token with each of them, and refuses one by which somebody gains or loses who did not in the preview.
 */
import type { Caller, HypotheticalChange } from '@headgate/core/api'
import type { Names, Step } from './kind.ts'

/** Spread over a call. */
export interface Bound {
  readonly ifPreview?: string
}

export interface Write {
  /** `untold`: what it names is not there yet. Absent: no access hangs on it. */
  readonly shown?: HypotheticalChange | 'untold'
  /** Names what may be made with the untold ones, and is sent with them. */
  readonly isLate?: true
  send(caller: Caller, bound: Bound): Promise<unknown>
}

export interface StepWrites {
  /** Several where they are registered at once. */
  readonly steps: readonly Step[]
  readonly writes: readonly Write[]
}

type Registration = Extract<HypotheticalChange, { change: 'registerDataSources' }>

/** A registration takes so many, and a plan is to be read. */
const mostAtOnce = 1000

/** Of each step in turn; registrations with one integration, one after the other, are one call. */
export function writesOf(steps: readonly Step[], names: Names): StepWrites[] {
  const all: StepWrites[] = []
  for (const step of steps) {
    const writes = step.kind.writes(step, names)
    const last = all.at(-1)
    const [before, now] = [registrationIn(last?.writes), registrationIn(writes)]
    if (last && before && now && goesOn(before, now)) {
      const shown = { ...before, dataSources: [...before.dataSources, ...now.dataSources] }
      all[all.length - 1] = { steps: [...last.steps, step], writes: [registering(shown, names)] }
    } else all.push({ steps: [step], writes })
  }
  return all
}

/** One call that registers all of them. */
export function registering(shown: Registration, names: Names): Write {
  const body = { type: 'Native S3' as const, integrationId: shown.integrationId, dataSources: [...shown.dataSources] }
  return {
    shown,
    async send(caller, bound) {
      const made = await caller.nativeS3.register({ body, ...bound })
      for (const { dataSourceName, dataSourceId } of made) names.dataSources.set(dataSourceName, String(dataSourceId))
    },
  }
}

/** Whether all of what it does to access can be told beforehand. */
export function isTold({ writes }: StepWrites): boolean {
  return writes.every(({ shown }) => shown !== 'untold')
}

/** What a preview is told. */
export function shownOf({ writes }: StepWrites): readonly HypotheticalChange[] {
  return writes.flatMap(({ shown }) => (shown === undefined || shown === 'untold' ? [] : [shown]))
}

function registrationIn(writes: readonly Write[] | undefined): Registration | undefined {
  const [only, ...others] = writes ?? []
  const shown = others.length === 0 ? only?.shown : undefined
  return typeof shown === 'object' && shown.change === 'registerDataSources' ? shown : undefined
}

function goesOn(before: Registration, now: Registration): boolean {
  return before.integrationId === now.integrationId && before.dataSources.length + now.dataSources.length <= mostAtOnce
}
