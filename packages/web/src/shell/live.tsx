/** Whether what is shown is live, and when it was last heard from the server. */
import { IconPlugConnectedX } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { errorWords } from '../ui/error-words.ts'
import classes from './live.module.css'

export function Live() {
  const state = useLiveState()
  const [status, at] = state.split(' ')
  const time = at === undefined || at === '0' ? undefined : new Date(Number(at)).toLocaleTimeString('en-GB')
  if (status === 'paused')
    return <Shown status="paused" word="Paused" time={time} title="Goes on once you look again" />
  if (status === 'lost') {
    return (
      <Shown
        status="lost"
        word="Not live"
        time={time}
        title="The server does not answer; asked again every few seconds"
      />
    )
  }
  return <Shown status="live" word="Live" time={time} title="Asked again every other second" />
}

/** Above a screen that is no longer kept true: since when, and that nothing is to be done. */
export function Lost() {
  const [status, at] = useLiveState().split(' ')
  if (status !== 'lost') return null
  const since = at === undefined || at === '0' ? undefined : new Date(Number(at)).toLocaleTimeString('en-GB')
  return (
    <p className={classes.lost} role="alert">
      <IconPlugConnectedX size={18} aria-hidden="true" />
      <span>
        Headgate does not answer{since !== undefined && `: what you see is as of ${since}`}. It is asked again every few
        seconds, and the screen goes on by itself.
      </span>
    </p>
  )
}

interface ShownProps {
  readonly status: string
  readonly word: string
  readonly time: string | undefined
  readonly title: string
}

function Shown({ status, word, time, title }: ShownProps) {
  return (
    <p className={classes.live} data-status={status} title={title}>
      <span className={classes.dot} aria-hidden="true" />
      <span className={classes.word}>{word}</span>
      {time !== undefined && (
        <span className="quiet">
          <span className={classes.long}>updated </span>
          <time>{time}</time>
        </span>
      )}
    </p>
  )
}

/** `live`, `lost` or `paused`, and the last answer's instant in whole seconds: a text, so that equal states are equal. */
function useLiveState(): string {
  const answers = useQueryClient().getQueryCache()
  return useSyncExternalStore(
    tell => {
      const unsubscribe = answers.subscribe(tell)
      document.addEventListener('visibilitychange', tell)
      return () => {
        unsubscribe()
        document.removeEventListener('visibilitychange', tell)
      }
    },
    () => {
      const watched = answers.getAll().filter(query => query.isActive())
      const last = Math.max(0, ...watched.map(query => query.state.dataUpdatedAt))
      const at = Math.floor(last / 1000) * 1000
      if (document.hidden) return `paused ${at}`
      const isLost = watched.some(({ state }) => state.error !== null && errorWords(state.error).mayPass)
      return `${isLost ? 'lost' : 'live'} ${at}`
    },
  )
}
