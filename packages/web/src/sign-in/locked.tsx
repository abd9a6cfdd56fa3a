/**
 * A session that ended while somebody was at work: nothing is shown until they sign in again, and then what they had
 * typed is still there. Whoever else signs in begins anew, and after a while nothing is kept.
 */
import { useQueryClient } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useEffect, useSyncExternalStore } from 'react'
import { hg } from '../api.ts'
import { meQuery } from '../me.ts'

/** Long enough to find the password; a forgotten screen gives up what it holds. */
const keptMs = 15 * 60_000

export interface Lock {
  readonly isClosed: () => boolean
  readonly close: () => void
  readonly open: () => void
  readonly subscribe: (tell: () => void) => () => void
}

export function createLock(): Lock {
  const listeners = new Set<() => void>()
  let closed = false
  const set = (now: boolean) => {
    closed = now
    for (const tell of listeners) tell()
  }
  return {
    isClosed: () => closed,
    close: () => set(true),
    open: () => set(false),
    subscribe(tell) {
      listeners.add(tell)
      return () => void listeners.delete(tell)
    },
  }
}

// Needed rarely: not part of what everybody loads first.
const SignInAgain = lazy(() => import('./sign-in-again.tsx'))

interface Props {
  readonly lock: Lock
  /** To the page where anybody signs in, with nothing kept. */
  readonly leave: () => void
  readonly children: ReactNode
}

export function Locked({ lock, leave, children }: Props) {
  const isClosed = useSyncExternalStore(lock.subscribe, lock.isClosed)
  const answers = useQueryClient()
  useEffect(() => {
    if (!isClosed) return
    const timer = setTimeout(leave, keptMs)
    return () => clearTimeout(timer)
  }, [isClosed, leave])
  async function goOn(): Promise<void> {
    const before = answers.getQueryData(meQuery.queryKey)
    const now = await hg.users.me()
    if (before !== undefined && before.id !== now.id) return window.location.assign('/app/')
    lock.open()
    await answers.invalidateQueries()
  }
  return (
    <>
      <div hidden={isClosed}>{children}</div>
      {isClosed && (
        <Suspense>
          <SignInAgain goOn={goOn} leave={leave} />
        </Suspense>
      )}
    </>
  )
}
