/** One run as it goes on: told by the server as it moves, asked for now and then in case nothing is heard. */
import type { Run } from '@headgate/core/api'
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { hg, hgUntil } from '../api.ts'

const inCaseMs = 5000
const againMs = 3000

export function useRun(id: string): UseQueryResult<Run> {
  const queries = useQueryClient()
  const run = useQuery({
    queryKey: ['run', id],
    queryFn: () => hg.runs.get({ params: { id } }),
    refetchInterval: inCaseMs,
  })
  const integrationId = run.data?.integrationId
  useEffect(() => {
    if (integrationId === undefined) return
    const leaving = new AbortController()
    const keep = (moved: Run) => {
      if (String(moved.id) === id) queries.setQueryData(['run', id], moved)
    }
    void listen({ integrationId, keep, signal: leaving.signal })
    return () => leaving.abort()
  }, [id, integrationId, queries])
  return run
}

interface Listening {
  readonly integrationId: string
  readonly keep: (run: Run) => void
  readonly signal: AbortSignal
}

/** Until left. A connection that breaks is made again: the state comes first, so nothing is missed. */
async function listen({ integrationId, keep, signal }: Listening): Promise<void> {
  while (!signal.aborted) {
    try {
      const events = await hgUntil(signal).runs.events({ query: { integrationId } })
      for await (const event of events) {
        for (const run of event.event === 'state' ? event.runs : [event.run]) keep(run)
      }
    } catch {
      // Asking now and then goes on, and says so when the server is gone.
    }
    if (!signal.aborted) await new Promise(wake => setTimeout(wake, againMs))
  }
}
