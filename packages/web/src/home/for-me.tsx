/** What waits for this very person: requests to decide, requests of their own, access that ends soon and can be extended. */
import type { AccessRequest } from '@headgate/core/api'
import { IconCircleCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { useToDecide } from '../requests/to-decide.ts'
import { subjectOf } from '../requests/words.ts'
import { Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted } from '../ui/words.ts'
import { EndsSoon } from './ends-soon.tsx'
import classes from './home.module.css'

const most = 5
/** The first notice of an end goes out this long before it. */
const soonMs = 7 * 24 * 3600 * 1000

/** @param whenNothing said where nothing waits; without it, nothing is shown at all */
export function ForMe({ whenNothing }: { readonly whenNothing?: string }) {
  const me = useMe()
  const toDecide = useToDecide()
  const mine = useQuery({
    queryKey: ['requests', 'mine', 'pending'],
    queryFn: () => hg.requests.list({ query: { box: 'mine', state: 'pending', limit: 1000 } }),
  })
  const granted = useQuery({
    queryKey: ['requests', 'mine', 'approved'],
    queryFn: () => hg.requests.list({ query: { box: 'mine', state: 'approved', limit: 1000 } }),
  })
  const pending = mine.data?.items ?? []
  const waiting = pending.slice(0, most)
  const others = (mine.data?.total ?? 0) - waiting.length
  const held = (granted.data?.items ?? []).filter(one => one.for.id === me.id && one.ended === undefined)
  const ending = held
    .filter(one => endsSoon(one) && !held.some(other => isForTheSame(one, other) && endOf(other) > endOf(one)))
    // Who has asked for longer already sees that request among those that wait.
    .filter(one => !pending.some(other => other.extension && isForTheSame(one, other)))
    .slice(0, most)
  if (toDecide + waiting.length + ending.length === 0) {
    if (whenNothing === undefined || mine.data === undefined || granted.data === undefined) return null
    return (
      <Section title="What waits for you">
        <p className={classes.allWell}>
          <IconCircleCheck size={20} aria-hidden="true" />
          {whenNothing}
        </p>
      </Section>
    )
  }
  return (
    <Section title="What waits for you">
      <ul className={classes.waiting}>
        {toDecide > 0 && (
          <li>
            <StateBadge tone="held" word="To decide" />
            <Link to="/requests" search={{ box: 'toDecide' }}>
              {counted(toDecide, 'request waits', 'requests wait')} for your decision
            </Link>
          </li>
        )}
        {ending.map(request => (
          <EndsSoon key={request.id} request={request} />
        ))}
        {waiting.map(request => (
          <li key={request.id}>
            <StateBadge tone="onItsWay" word="Asked for" />
            <span>
              <Link to="/requests/$id" params={{ id: String(request.id) }}>
                {subjectOf(request)}
              </Link>
              , <RelativeTime at={request.createdAt} />: it waits for others to decide.
            </span>
          </li>
        ))}
        {others > 0 && (
          <li>
            <Link to="/requests">{counted(others, 'more request')} of yours</Link>
          </li>
        )}
      </ul>
    </Section>
  )
}

function isForTheSame(one: AccessRequest, other: AccessRequest): boolean {
  return (
    one.for.id === other.for.id &&
    one.level === other.level &&
    one.dataProduct?.id === other.dataProduct?.id &&
    one.dataSource?.id === other.dataSource?.id
  )
}

function endsSoon(request: AccessRequest): boolean {
  const left = endOf(request) - Date.now()
  return left > 0 && left < soonMs
}

function endOf({ until }: AccessRequest): number {
  return until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until)
}
