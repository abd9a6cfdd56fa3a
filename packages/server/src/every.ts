/**
 * What is looked for again and again: one look at a time, what would fall into a look is left out, and no error ends it.
 */
export interface Recurring {
  /** No more looks; tells the one under way, and waits for it. */
  stop(): Promise<void>
}

export interface Looks {
  readonly everyMs: number
  /** What it does must be safe to stop anywhere, and safe to run twice: any number of nodes may look at once. */
  readonly look: (signal: AbortSignal) => Promise<unknown>
  readonly onFailure: (error: unknown) => void
  /** Whether the first look is now, not after `everyMs`. */
  readonly atOnce?: boolean
}

export function every({ everyMs, look, onFailure, atOnce = false }: Looks): Recurring {
  const stopping = new AbortController()
  let underWay: Promise<unknown> | undefined
  const turn = () => {
    underWay ??= look(stopping.signal)
      .catch(onFailure)
      .finally(() => {
        underWay = undefined
      })
  }
  if (atOnce) turn()
  const timer = setInterval(turn, everyMs).unref()
  return {
    async stop() {
      clearInterval(timer)
      stopping.abort(new Error('the server stops'))
      await underWay
    },
  }
}
