/** What a plan does to access: asked of the server's own preview, which rehearses the very writes and stores nothing. */
import type { Caller } from '@headgate/core/api'
import { Refused } from '../refused.ts'
import { isTold, type StepWrites, shownOf } from './write.ts'

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
  /** The change of facts as of which it was told. */
  readonly sequence: number
  /** Steps whose effect cannot be told before others are carried out. */
  readonly untold: readonly string[]
}

/** With what each write of it is held against the preview; absent where the server gives none. */
export interface Previewed {
  readonly effect: Effect
  readonly token?: string
}

/** A preview takes so many changes at once. */
const most = 1000

/** Undefined: nobody's access hangs on it. */
export async function previewOf(api: Caller, writes: readonly StepWrites[]): Promise<Previewed | undefined> {
  const untold = writes
    .filter(one => !isTold(one))
    .flatMap(({ steps }) => steps.map(({ kind, key }) => `${kind.one} ${key}`))
  const changes = writes.flatMap(shownOf)
  if (changes.length === 0) return untold.length === 0 ? undefined : { effect: { ...nothing, untold } }
  if (changes.length > most)
    throw new Refused(`${changes.length} changes are too many for one plan`, `bring them in parts of at most ${most}`)
  const { movements, people, integrations, digest, sequence, token } = await api.previews.make({
    query: { limit: '1' },
    body: { changes },
  })
  const effect = {
    ...movements,
    people: people.gaining + people.losing + people.raised + people.lowered,
    integrations: integrations.map(({ name, grants, quota }) => ({ name, ...grants, ...quota })),
    ...{ digest, sequence, untold },
  }
  return { effect, ...(token !== undefined && { token }) }
}

const nothing = { gained: 0, lost: 0, raised: 0, lowered: 0, people: 0, integrations: [], digest: '', sequence: 0 }
