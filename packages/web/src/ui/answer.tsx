/** What a screen shows for an answer of the API: waiting, refused, nothing there, or the thing itself. */
import { ApiError } from '@headgate/core/api'
import { Button, Loader } from '@mantine/core'
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import classes from './answer.module.css'
import { errorWords } from './error-words.ts'
import { Page } from './page.tsx'
import { ServerText } from './server-text.tsx'
import { sentence } from './words.ts'

interface AnswerProps<Data> {
  readonly query: UseQueryResult<Data>
  /** What is waited for, as it goes into a sentence: `the data sources`. */
  readonly what: string
  readonly children: (data: Data) => ReactNode
}

export function Answer<Data>({ query, what, children }: AnswerProps<Data>) {
  const { data, error, isFetching, refetch } = query
  // While what was shown before may still be true, it stays; the head of the page says that it is no longer live. So it
  // does, unseen, while its reader has to sign in again: what they typed is in it.
  if (data !== undefined && (error === null || errorWords(error).mayPass || isSignedOut(error))) return children(data)
  if (error !== null) return <Failure error={error} what={what} isTrying={isFetching} retry={() => void refetch()} />
  return <Waiting text={`Loading ${what} …`} />
}

/** @param text what is being done, such as `Loading the policies …` */
export function Waiting({ text }: { readonly text: string }) {
  return (
    <div className={classes.waiting} role="status">
      <Loader size="sm" aria-hidden="true" />
      <span>{text}</span>
    </div>
  )
}

function isSignedOut(error: Error): boolean {
  return error instanceof ApiError && error.status === 401
}

/** The same for an answer that a whole screen is about: a failure gets the frame that the thing would have had. */
export function PageAnswer<Data>(props: AnswerProps<Data>) {
  const { query, what } = props
  const answer = <Answer {...props} />
  return query.isError && query.data === undefined ? <Page title={sentence(what)}>{answer}</Page> : answer
}

interface FailureProps {
  readonly error: unknown
  readonly what: string
  readonly isTrying?: boolean
  readonly retry: () => void
}

export function Failure({ error, what, isTrying = false, retry }: FailureProps) {
  const { title, text, requestId } = errorWords(error)
  return (
    <div className={classes.failure} role="alert">
      <IconAlertTriangle size={22} aria-hidden="true" />
      <div>
        <p className={classes.failureTitle}>{title(what)}</p>
        <p>
          <ServerText text={text} />
        </p>
        {requestId !== undefined && (
          <p className="quiet small">
            Request <code>{requestId}</code>: whoever runs Headgate finds it in the log by this.
          </p>
        )}
        <Button
          variant="default"
          size="xs"
          mt="xs"
          loading={isTrying}
          leftSection={<IconRefresh size={15} aria-hidden="true" />}
          onClick={retry}
        >
          Try again
        </Button>
      </div>
    </div>
  )
}

export function Nothing({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={classes.nothing}>
      <p className={classes.nothingTitle}>{title}</p>
      {children !== undefined && <div className="quiet">{children}</div>}
    </div>
  )
}
