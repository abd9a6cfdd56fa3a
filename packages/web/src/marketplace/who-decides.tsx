/** What becomes of a request, told before it is made: at once by a rule, or step by step by people. */
import type { AccessStatus } from '@headgate/core/api'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { approvalWords, criterionWords, stageSentence } from '../requests/review-words.ts'
import { listQuery } from '../ui/list-query.ts'
import { durationWords } from '../ui/words.ts'
import type { Subject } from './subject.ts'
import classes from './who-decides.module.css'

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
  const steps =
    outcome === 'approve'
      ? [approvalWords(most)]
      : stages.map(({ match, criteria }) => stageSentence(match, criteria.map(criterionWords)))
  return (
    <div className="quiet">
      <p>What happens next</p>
      <ol className={classes.steps}>
        {steps.map((step, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
          <li key={place}>{step}</li>
        ))}
        <li>You are told, and your request tells how far it is.</li>
      </ol>
    </div>
  )
}

/** What has words is one. */
function isDuration(text: string): boolean {
  return durationWords(text) !== text
}
