/** What becomes of a request, told before it is made: at once by a rule, or step by step by people. */
import type { AccessStatus } from '@headgate/core/api'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { approvalWords, criterionWords, stageSentence } from '../requests/review-words.ts'
import { listQuery } from '../ui/list-query.ts'
import { durationWords } from '../ui/words.ts'
import type { Subject } from './subject.ts'

interface Props {
  readonly subject: Subject
  readonly status: AccessStatus
  /** As typed, since who decides may hang on it; undefined: without an end. */
  readonly duration: string | undefined
}

export function WhoDecides({ subject, status, duration }: Props) {
  const [settled] = useDebouncedValue(duration, 300)
  const about = {
    level: status.level,
    for: String(status.for.id),
    ...(settled !== undefined && { duration: settled }),
  }
  const found = useQuery({
    ...listQuery,
    queryKey: ['access-status', subject.key, about],
    queryFn: () => subject.status(about),
    // Half a duration would be refused.
    enabled: settled === undefined || isDuration(settled),
  })
  const { outcome, duration: most = '', stages } = (found.data ?? status).review
  if (outcome === 'approve') return <p className="quiet">What happens next: {approvalWords(most)}</p>
  return (
    <div className="quiet">
      What happens next:
      <ol>
        {stages.map(({ match, criteria }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a stage is its place
          <li key={place}>{stageSentence(match, criteria.map(criterionWords))}</li>
        ))}
      </ol>
      You never decide on it yourself. You are told of every step, and your request tells how far it is.
    </div>
  )
}

/** What has words is one. */
function isDuration(text: string): boolean {
  return durationWords(text) !== text
}
