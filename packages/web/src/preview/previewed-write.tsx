/**
 * A write with its preview before it: what it would do is shown, and stored only as it was shown.
 *
 * The token of what is on the screen goes with the write. Where the world has moved in between nothing is stored: what it
 * would do now is shown, and asked about again.
 */
import { ApiError } from '@headgate/core/api'
import { Button, Checkbox } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { errorWords } from '../ui/error-words.ts'
import { Section } from '../ui/page.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { EffectShown } from './effect.tsx'
import classes from './preview.module.css'
import { consequence, type Effect, notShownBefore, shownAtFirst } from './words.ts'

export type Change = Parameters<typeof hg.previews.make>[0]['body']['changes'][number]

/** What goes with the write: the token of its preview where there is one, and what somebody said that they mean. */
export interface Confirmation {
  readonly ifPreview?: string
  readonly acknowledge: 'open-by-absence'[]
}

interface Props {
  readonly change: Change
  /** What the button says: `Activate it`. */
  readonly verb: string
  readonly write: (confirmation: Confirmation) => Promise<unknown>
  readonly onDone: () => unknown
  readonly onLeave: () => void
  /** Other ways out, beside the buttons. */
  readonly beside?: ReactNode
}

export function PreviewedWrite({ change, verb, write, onDone, onLeave, beside }: Props) {
  const queries = useQueryClient()
  const panel = useRef<HTMLDivElement>(null)
  const [means, setMeans] = useState(false)
  // What was on the screen when it was confirmed, and was no longer so.
  const [refused, setRefused] = useState<Effect>()
  // What asked for it is gone: a keyboard goes on here, and whoever looks is brought here.
  useEffect(() => panel.current?.focus(), [])
  const preview = useQuery({
    queryKey: ['preview', change],
    queryFn: () => hg.previews.make({ query: { limit: shownAtFirst }, body: { changes: [change] } }),
    // What is on the screen is what is confirmed: it changes only when it has to, and says so.
    refetchInterval: false,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const save = useMutation({
    mutationFn: ({ token }: Effect) =>
      write({
        ...(token !== undefined && { ifPreview: token }),
        acknowledge: means ? ['open-by-absence'] : [],
      }),
    onSuccess: async () => {
      await onDone()
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'preview' })
    },
    onError: async (error, seen) => {
      if (!isOutOfDate(error)) return
      setRefused(seen)
      await preview.refetch()
    },
  })
  const asksToMean = save.error instanceof ApiError && save.error.code === 'policy-open-by-absence'
  return (
    <Section title="What it would do">
      <div className={classes.panel} ref={panel} tabIndex={-1}>
        {isOutOfDate(save.error) && <Moved error={save.error} before={refused} now={preview.data} />}
        <Answer query={preview} what="what it would do">
          {effect => (
            <>
              <EffectShown effect={effect} />
              {(asksToMean || means) && (
                <div className={classes.notice} role="alert">
                  <p>It would let in people of whom nothing is known, those who come later as well.</p>
                  <Checkbox
                    mt="xs"
                    label="That is what I mean"
                    checked={means}
                    onChange={event => setMeans(event.currentTarget.checked)}
                  />
                </div>
              )}
              {save.error !== null && !asksToMean && !isOutOfDate(save.error) && (
                <p className={classes.notice} role="alert">
                  <ServerText text={errorWords(save.error).text} />
                </p>
              )}
              <div className={classes.buttons}>
                <Button
                  loading={save.isPending || preview.isFetching}
                  disabled={asksToMean && !means}
                  {...(effect.people.losing + effect.movements.lowered > 0 && { color: 'red.9' })}
                  onClick={() => save.mutate(effect)}
                >
                  {verb}: {consequence(effect)}
                </Button>
                {beside}
                <Button variant="default" onClick={onLeave}>
                  Leave it
                </Button>
              </div>
            </>
          )}
        </Answer>
        {preview.isError && (
          <div className={classes.buttons}>
            <Button variant="default" onClick={onLeave}>
              Leave it
            </Button>
          </div>
        )}
      </div>
    </Section>
  )
}

interface MovedProps {
  readonly error: Error
  readonly before: Effect | undefined
  readonly now: Effect | undefined
}

function Moved({ error, before, now }: MovedProps) {
  const notice = useRef<HTMLDivElement>(null)
  // The button that was pressed is far below what is to be read now.
  useEffect(() => notice.current?.scrollIntoView({ block: 'start' }), [])
  const isNew = before !== undefined && now !== undefined && before !== now
  const others = isNew ? notShownBefore(before, now) : []
  return (
    <div className={classes.notice} role="alert" ref={notice}>
      <p>
        <strong>Nothing was stored.</strong> <ServerText text={errorWords(error).text} />
      </p>
      {isNew && (
        <p>
          You saw: {consequence(before)}. Now: {consequence(now)}.
        </p>
      )}
      {others.length > 0 && <p>Not shown before: {others.join('; ')}.</p>}
      <p>Below is what it would do now. Look at it and confirm again.</p>
    </div>
  )
}

const outOfDate: ReadonlySet<string> = new Set([
  'preview-stale',
  'preview-expired',
  'preview-used',
  'preview-unknown',
  'preview-other-change',
])

function isOutOfDate(error: Error | null): error is ApiError {
  return error instanceof ApiError && outOfDate.has(error.code)
}
