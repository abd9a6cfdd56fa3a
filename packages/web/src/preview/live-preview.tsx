/**
 * What a draft would do, while it is being written. What was asked for last wins: an answer for an older draft is given up,
 * and the one before stays, greyed, until the next is there. Nothing here is confirmed: that is `previewed-write.tsx`.
 */
import { useQuery } from '@tanstack/react-query'
import { hgUntil } from '../api.ts'
import { useSettled } from '../policies/expression/names-in-use.ts'
import { errorWords } from '../ui/error-words.ts'
import { Section } from '../ui/page.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { EffectShown } from './effect.tsx'
import classes from './preview.module.css'
import type { Change } from './previewed-write.tsx'
import { consequence } from './words.ts'

interface Props {
  /** One after the other; undefined while the draft is not complete. */
  readonly changes: readonly Change[] | undefined
  readonly title: string
}

const pauseMs = 500
const shown = 5

export function LivePreview({ changes, title }: Props) {
  const wanted = changes && JSON.stringify(changes)
  const settled = useSettled(wanted, pauseMs)
  const preview = useQuery({
    queryKey: ['preview', 'live', settled],
    queryFn: ({ signal }) =>
      hgUntil(signal).previews.make({ query: { limit: shown }, body: { changes: JSON.parse(settled ?? '') } }),
    enabled: settled !== undefined,
    placeholderData: before => before,
    refetchInterval: false,
    refetchOnWindowFocus: false,
    retry: false,
    gcTime: 0,
  })
  const { data: effect, error } = preview
  const isStale = wanted !== settled || preview.isFetching || preview.isPlaceholderData || wanted === undefined
  return (
    <Section title={title}>
      <div className={classes.live} data-stale={(isStale && effect !== undefined) || undefined}>
        <p className={classes.stand} aria-live="polite">
          {standOf({
            isComplete: wanted !== undefined,
            isStale,
            hasEffect: effect !== undefined,
            isWrong: error !== null,
          })}
          {!isStale && error === null && effect !== undefined && consequence(effect)}
        </p>
        {error !== null && !isStale && (
          <p className={classes.notice}>
            <ServerText text={errorWords(error).text} />
          </p>
        )}
        {effect !== undefined && (error === null || isStale) && <EffectShown effect={effect} />}
      </div>
    </Section>
  )
}

interface Stand {
  readonly isComplete: boolean
  readonly isStale: boolean
  readonly hasEffect: boolean
  readonly isWrong: boolean
}

function standOf({ isComplete, isStale, hasEffect, isWrong }: Stand): string {
  if (!isComplete)
    return hasEffect ? 'Not complete now; this is what it did last.' : 'Shown here as soon as it is complete.'
  if (isStale) return 'Being worked out …'
  return isWrong ? 'It cannot be worked out.' : 'Now: '
}
