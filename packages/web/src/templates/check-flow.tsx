/**
 * What is wrong or odd with a review flow that is being written, by the API's own check: names that nobody has, stages
 * that nobody can decide, conditions that cannot be read. Asked for again whenever one stops typing; nothing is stored.
 */
import { useQuery } from '@tanstack/react-query'
import { hgUntil } from '../api.ts'
import { useSettled } from '../policies/expression/names-in-use.ts'
import { Refusal } from '../ui/refusal.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { readFlow, unfinished } from './flow-draft.ts'

type Draft = Parameters<ReturnType<typeof hgUntil>['reviewFlows']['check']>[0]['body']

const pauseMs = 350

export function CheckFlow({ text }: { readonly text: string }) {
  const settled = useSettled(text, pauseMs)
  const flow = readFlow(settled)
  const missing = flow === undefined ? [] : unfinished(flow)
  const isReady = isJson(settled) && missing.length === 0
  const { data, error } = useQuery({
    queryKey: ['review-flow-check', settled],
    queryFn: ({ signal }) => hgUntil(signal).reviewFlows.check({ body: JSON.parse(settled) as Draft }),
    enabled: isReady,
    refetchInterval: false,
    retry: false,
    placeholderData: before => before,
  })
  if (!isReady) {
    const words = missing.length > 0 ? missing : ['This is not JSON yet, so it cannot be checked.']
    return (
      <div aria-live="polite">
        {words.map(one => (
          <p key={one} className="quiet small">
            {one}
          </p>
        ))}
      </div>
    )
  }
  return (
    <div aria-live="polite">
      <Refusal error={error} />
      {error === null && data !== undefined && (
        <>
          {data.valid && data.warnings.length === 0 && <StateBadge tone="active" word="Nothing wrong, nothing odd" />}
          {data.faults.map(({ path, message }) => (
            <p key={`${path} ${message}`}>
              <StateBadge tone="failed" word="Wrong" /> {placeWords(path)}: <ServerText text={message} />
            </p>
          ))}
          {data.warnings.map(({ path, message }) => (
            <p key={`${path} ${message}`}>
              <StateBadge tone="held" word="Odd" /> {placeWords(path)}: <ServerText text={message} />
            </p>
          ))}
        </>
      )}
    </div>
  )
}

/** `rules.0.then.review.stages.1.any.0` as people count. */
export function placeWords(path: string): string {
  const rule = /^rules\.(\d+)/.exec(path)?.[1]
  const stage = /\bstages\.(\d+)/.exec(path)?.[1]
  const words = [
    rule === undefined ? (path.startsWith('otherwise') ? 'What holds otherwise' : path) : `Rule ${Number(rule) + 1}`,
    ...(path.endsWith('.if') ? ['its condition'] : []),
    ...(stage === undefined ? [] : [`stage ${Number(stage) + 1}`]),
  ]
  return words.join(', ')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
