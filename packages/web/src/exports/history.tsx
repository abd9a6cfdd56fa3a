/** What was exported there: the newest first, each with how far it is, where it lies, and what went wrong. */
import type { ExportRun } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { exactTime, RelativeTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { causeWords, runWords, sizeWords } from './words.ts'

const route = getRouteApi('/shell/exports/$id')

export function History({ id }: { readonly id: string }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const params = { id }
  const query = { limit: pageSize, ...pageOf(search) }
  const runs = useQuery({
    ...listQuery,
    queryKey: ['export', params.id, 'runs', query],
    queryFn: () => hg.accessExports.runs({ params, query }),
  })
  return (
    <Section title="History">
      <Answer query={runs} what="the history">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="None yet">The first comes when it is due, or as soon as it is run above.</Nothing>
          ) : (
            <>
              <RunTable runs={answer.items} stale={runs.isPlaceholderData} />
              <Pager
                search={search}
                answer={answer}
                what="the history"
                go={place => void navigate({ to: '/exports/$id', params, search: place })}
              />
            </>
          )
        }
      </Answer>
    </Section>
  )
}

interface TableProps {
  readonly runs: readonly ExportRun[]
  readonly stale: boolean
}

function RunTable({ runs, stale }: TableProps) {
  return (
    <DataTable
      caption="Runs of this export"
      rows={runs}
      rowKey={({ id }) => id}
      stale={stale}
      columns={[
        { name: 'What', cell: run => <What run={run} /> },
        { name: 'State', width: '20%', cell: run => <StateBadge {...runWords(run)} /> },
        { name: 'Size', width: '22%', cell: run => sizeWords(run) ?? <span className="quiet">Nothing yet</span> },
        {
          name: 'Began',
          width: '16%',
          cell: ({ startedAt, createdAt }) => <RelativeTime at={startedAt ?? createdAt} />,
        },
      ]}
    />
  )
}

function What({ run }: { readonly run: ExportRun }) {
  const { cause, asOf, exportDate, place, error, warnings, attempts, nextTryAt } = run
  return (
    <>
      {asOf === undefined ? (exportDate ?? causeWords[cause]) : `As of ${exactTime(asOf)}`}
      {exportDate !== undefined && <div className="quiet small">{causeWords[cause]}</div>}
      {place !== undefined && (
        <div className="small">
          <ScopePath scope={place} />
        </div>
      )}
      {run.state !== 'succeeded' && error !== undefined && (
        <div className="small">
          <ServerText text={error} />
          {error.startsWith('AWS ') && <span className="quiet">. The test below names what is missing.</span>}
        </div>
      )}
      {attempts > 1 && <div className="quiet small">After {attempts} tries</div>}
      {nextTryAt !== undefined && (
        <div className="quiet small">
          The next try is <RelativeTime at={nextTryAt} />
        </div>
      )}
      {warnings.map(warning => (
        <div key={warning} className="small">
          <ServerText text={warning} />
        </div>
      ))}
    </>
  )
}
