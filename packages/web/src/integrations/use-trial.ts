/** The checks of an integration that is to be, as the server tells them; a connection that breaks is made again. */
import { ApiError, type TrialEvent } from '@headgate/core/api'
import { useEffect, useState } from 'react'
import { hgUntil } from '../api.ts'

const againMs = 2000

export interface Trying {
  readonly event?: TrialEvent
  /** It is not known any more: a day is over, or somebody else began it. */
  readonly isGone?: true
}

/** @param id of a check that was begun; undefined: none */
export function useTrial(id: string | undefined): Trying {
  const [heard, setHeard] = useState<Trying & { readonly of?: string }>({})
  useEffect(() => {
    if (id === undefined) return
    const leaving = new AbortController()
    void listen(id, leaving.signal, trying => setHeard({ ...trying, of: id }))
    return () => leaving.abort()
  }, [id])
  return heard.of === id ? heard : {}
}

async function listen(id: string, signal: AbortSignal, tell: (trying: Trying) => void): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of await hgUntil(signal).integrations.watchTrial({ params: { id } })) {
        tell({ event })
        if (event.state !== 'running') return
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return tell({ isGone: true })
      // The server is away: it is asked again, and what is known stays.
    }
    if (!signal.aborted) await new Promise(wake => setTimeout(wake, againMs))
  }
}
