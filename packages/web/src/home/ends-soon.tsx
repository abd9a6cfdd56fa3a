/** Access that ends soon: asked for again, for as long as before, by one press. Somebody decides on it like on any request. */
import type { AccessRequest } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { subjectOf } from '../requests/words.ts'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { durationWords } from '../ui/words.ts'
import classes from './home.module.css'

export function EndsSoon({ request }: { readonly request: AccessRequest }) {
  const { id, until, duration } = request
  const extend = useWrite(() => hg.requests.extend({ params: { id }, body: {} }))
  const subject = subjectOf(request)
  const length = duration === undefined ? 'without an end' : `${durationWords(duration)} from now`
  return (
    <li>
      <StateBadge tone="held" word="Ends soon" />
      <span className={classes.said}>
        Your access to{' '}
        <Link to="/requests/$id" params={{ id: String(id) }}>
          {subject}
        </Link>{' '}
        ends {until !== undefined && <RelativeTime at={until} />}.
      </span>
      <Button
        variant="default"
        size="compact-sm"
        aria-label={`Ask for longer: ${length}, for ${subject}`}
        loading={extend.isPending}
        onClick={() => extend.mutate()}
      >
        Ask for longer: {length}
      </Button>
      <Refusal error={extend.error} />
    </li>
  )
}
