/** What a plan does to access: asked of the server's own preview, which rehearses the very writes and stores nothing. */
import type { Caller, HypotheticalChange } from '@headgate/core/api'
import { Refused } from '../refused.ts'
import type { Names, Step } from './kind.ts'

export interface Effect {
  readonly gained: number
  readonly lost: number
  readonly raised: number
  readonly lowered: number
  readonly people: number
  readonly integrations: readonly {
    readonly name: string
    readonly create: number
    readonly revoke: number
    readonly usedAfter: number
    readonly of: number
  }[]
  /** Of exactly who gains and loses what. */
  readonly digest: string
  /** Steps whose effect cannot be told before others are carried out. */
  readonly untold: readonly string[]
}

/** A preview takes so many changes at once. */
const most = 1000

/** Undefined: nobody's access hangs on it. */
export async function effectOf(api: Caller, steps: readonly Step[], names: Names): Promise<Effect | undefined> {
  const untold: string[] = []
  const changes = steps.flatMap((step): readonly HypotheticalChange[] => {
    const told = step.kind.effect(step, names)
    if (told === undefined) untold.push(`${step.kind.one} ${step.key}`)
    return told ?? []
  })
  if (changes.length === 0) return untold.length === 0 ? undefined : { ...nothing, untold }
  const registered = joined(changes)
  if (registered.length > most)
    throw new Refused(
      `${registered.length} changes are too many for one plan`,
      `bring them in parts of at most ${most}`,
    )
  const { movements, people, integrations, digest } = await api.previews.make({
    query: { limit: '1' },
    body: { changes: registered as HypotheticalChange[] },
  })
  return {
    ...movements,
    people: people.gaining + people.losing + people.raised + people.lowered,
    integrations: integrations.map(({ name, grants, quota }) => ({ name, ...grants, ...quota })),
    ...{ digest, untold },
  }
}

const nothing = { gained: 0, lost: 0, raised: 0, lowered: 0, people: 0, integrations: [], digest: '' }

/** Registrations with one integration, one after the other, are one call. */
function joined(changes: readonly HypotheticalChange[]): HypotheticalChange[] {
  const all: HypotheticalChange[] = []
  for (const change of changes) {
    const last = all.at(-1)
    const goesOn =
      last?.change === 'registerDataSources' &&
      change.change === 'registerDataSources' &&
      last.integrationId === change.integrationId
    if (goesOn) all[all.length - 1] = { ...last, dataSources: [...last.dataSources, ...change.dataSources] }
    else all.push(change)
  }
  return all
}
