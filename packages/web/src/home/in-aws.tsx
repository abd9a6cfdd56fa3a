/** How full AWS is, what it holds that differs from the ledger, and the runs that wait for somebody to release them. */
import type { CapacityOfPlace } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { Facts, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted } from '../ui/words.ts'
import classes from './home.module.css'

/** These move slowly, and are not small to find out. */
const restMs = 15_000
const mostShown = 5

export function InAws() {
  const capacity = useQuery({ queryKey: ['capacity'], queryFn: () => hg.capacity.list(), refetchInterval: restMs })
  return (
    <Section title="In AWS">
      <Answer query={capacity} what="the room in AWS">
        {places => (
          <Facts
            facts={[
              ...places.map(
                place =>
                  [
                    `${place.awsRegion} ${place.awsAccountId}`,
                    <Quota key={`${place.awsAccountId} ${place.awsRegion}`} place={place} />,
                  ] as const,
              ),
              ['Drift', <Drift key="drift" />],
              ['Held runs', <HeldRuns key="held" />],
            ]}
          />
        )}
      </Answer>
    </Section>
  )
}

function Quota({ place: { grants, fullSince } }: { readonly place: CapacityOfPlace }) {
  const { used, ours, of, percent, warning, runsOutAt } = grants
  const tone = fullSince !== undefined ? 'failed' : warning !== undefined ? 'held' : 'active'
  return (
    <>
      <div className={classes.quota} aria-hidden="true">
        <span data-tone={tone} style={{ flexGrow: ours }} />
        <span data-tone="unmapped" style={{ flexGrow: used - ours }} />
        <span data-tone="free" style={{ flexGrow: Math.max(0, of - used) }} />
      </div>
      <div className="small">
        {used.toLocaleString('en')} of {of.toLocaleString('en')} grants ({percent.toLocaleString('en')} %)
        <span className="quiet">, {ours.toLocaleString('en')} of them Headgate's</span>
        {runsOutAt !== undefined && (
          <span className="quiet">
            , full <RelativeTime at={runsOutAt} /> if it goes on like this
          </span>
        )}
      </div>
    </>
  )
}

const driftKinds = ['missing', 'changed', 'orphans', 'foreign'] as const

function Drift() {
  const params = { name: 'drift-history' } as const
  const query = { limit: 100 }
  const history = useQuery({
    queryKey: ['drift at home'],
    queryFn: () => hg.reports.read({ params, query }),
    refetchInterval: restMs,
  })
  if (history.data === undefined) return <span className="quiet">{history.isError ? 'Not known' : 'Looking …'}</span>
  // Newest first: the first of each integration is its last comparison.
  const last = new Map(history.data.rows.toReversed().map(row => [row.integrationId, row]))
  const differs = [...last.values()].filter(row => driftKinds.some(kind => Number(row[kind]) > 0))
  if (last.size === 0) return <span className="quiet">Nothing has been compared yet</span>
  if (differs.length === 0) return <StateBadge tone="active" word="AWS is as the ledger says" />
  return (
    <ul>
      {differs.map(row => (
        <li key={String(row.integrationId)}>
          <StateBadge tone="held" word="Found" />{' '}
          <Link to="/integrations/$id" params={{ id: String(row.integrationId) }}>
            {String(row.integration)}
          </Link>
          : {driftKinds.flatMap(kind => (Number(row[kind]) > 0 ? [`${row[kind]} ${kind}`] : [])).join(', ')}
        </li>
      ))}
    </ul>
  )
}

function HeldRuns() {
  const query = { held: 'true', limit: mostShown } as const
  const runs = useQuery({ queryKey: ['runs', query], queryFn: () => hg.runs.list({ query }) })
  if (runs.data === undefined) return <span className="quiet">{runs.isError ? 'Not known' : 'Looking …'}</span>
  if (runs.data.total === 0) return <StateBadge tone="active" word="None waits" />
  return (
    <ul>
      {runs.data.items.map(({ id, waiting, startedAt }) => (
        <li key={id}>
          <StateBadge tone="held" word="Held" />{' '}
          <Link to="/runs/$id" params={{ id: String(id) }}>
            Run {id}
          </Link>
          : {counted(waiting, 'revocation')}, since <RelativeTime at={startedAt} />
        </li>
      ))}
      {runs.data.total > mostShown && <li className="quiet">and {runs.data.total - mostShown} more</li>}
    </ul>
  )
}
