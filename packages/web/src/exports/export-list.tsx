/** Where access summaries and the audit trail go: each place with how it went last and when it is due next. */
import { type AccessExport, type AuditExport, api } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Page, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { formatWords, placeWords, runWords, scheduleWords, trailWords } from './words.ts'

export function ExportList() {
  const me = useMe()
  return (
    <Page
      title="Exports"
      lead="What Headgate knows, put into buckets of yours: for access reviews, for BI, for the archive."
    >
      {mayCall(me, api.accessExports.list) && <Summaries />}
      {mayCall(me, api.auditExports.list) && <Trails />}
    </Page>
  )
}

function Summaries() {
  const exports = useQuery({ queryKey: ['exports'], queryFn: () => hg.accessExports.list() })
  return (
    <Section title="Access summary" beside={<Link to="/exports/new">New access summary</Link>}>
      <Answer query={exports} what="the access summaries">
        {items =>
          items.length === 0 ? (
            <Nothing title="No access summary">
              Tables of who has what and why are put nowhere yet. <Link to="/exports/new">Set one up</Link> to have them
              in a bucket day by day.
            </Nothing>
          ) : (
            <ExportTable exports={items} />
          )
        }
      </Answer>
    </Section>
  )
}

function Trails() {
  const exports = useQuery({ queryKey: ['audit exports'], queryFn: () => hg.auditExports.list() })
  return (
    <Section title="Audit trail" beside={<Link to="/exports/audit/new">New audit export</Link>}>
      <Answer query={exports} what="the audit exports">
        {items =>
          items.length === 0 ? (
            <Nothing title="No audit export">
              The audit trail is kept here alone. <Link to="/exports/audit/new">Set one up</Link> to have a copy that
              whoever runs the database cannot change.
            </Nothing>
          ) : (
            <TrailTable exports={items} />
          )
        }
      </Answer>
    </Section>
  )
}

function ExportTable({ exports }: { readonly exports: readonly AccessExport[] }) {
  return (
    <DataTable
      caption="Exports"
      rows={exports}
      rowKey={({ id }) => id}
      columns={[
        {
          name: 'Where',
          cell: one => (
            <>
              <Link to="/exports/$id" params={{ id: String(one.id) }}>
                {placeWords(one)}
              </Link>
              <div className="quiet small">
                {formatWords[one.format]}, {scheduleWords(one.schedule)}
              </div>
            </>
          ),
        },
        {
          name: 'State',
          width: '18%',
          cell: ({ lastRun }) =>
            lastRun === undefined ? <span className="quiet">Not yet</span> : <StateBadge {...runWords(lastRun)} />,
        },
        {
          name: 'Last run',
          width: '16%',
          cell: ({ lastRun }) =>
            lastRun === undefined ? (
              <span className="quiet">None</span>
            ) : (
              <RelativeTime at={lastRun.finishedAt ?? lastRun.startedAt ?? lastRun.createdAt} />
            ),
        },
        { name: 'Next run', width: '16%', cell: ({ nextRunAt }) => <RelativeTime at={nextRunAt} /> },
      ]}
    />
  )
}

function TrailTable({ exports }: { readonly exports: readonly AuditExport[] }) {
  return (
    <DataTable
      caption="Audit exports"
      rows={exports}
      rowKey={({ id }) => id}
      columns={[
        {
          name: 'Where',
          cell: one => (
            <>
              <Link to="/exports/audit/$id" params={{ id: String(one.id) }}>
                {placeWords(one)}
              </Link>
              <div className="quiet small">every {one.intervalHours} hours</div>
            </>
          ),
        },
        { name: 'State', width: '18%', cell: one => <StateBadge {...trailWords(one)} /> },
        {
          name: 'Last run',
          width: '16%',
          cell: ({ lastObject }) =>
            lastObject === undefined ? (
              <span className="quiet">None</span>
            ) : (
              <RelativeTime at={lastObject.finishedAt ?? lastObject.startedAt} />
            ),
        },
        {
          name: 'Next run',
          width: '16%',
          cell: ({ enabled, nextRunAt }) =>
            enabled ? <RelativeTime at={nextRunAt} /> : <span className="quiet">None</span>,
        },
      ]}
    />
  )
}
