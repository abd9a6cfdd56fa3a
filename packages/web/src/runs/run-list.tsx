/** What was done to AWS: every run, newest first, with what came of it and what the brake held. */
import { api, type Run } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useIntegrations } from '../home/counts.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted } from '../ui/words.ts'
import type { RunSearch } from './search.ts'
import { doneWords, runWords } from './words.ts'

const route = getRouteApi('/shell/runs')

export function RunList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const integrations = useIntegrations(mayCall(useMe(), api.integrations.list))
  const { at: _, page: __, ...filter } = search
  const query = {
    limit: pageSize,
    ...pageOf(search),
    ...(filter.integration !== undefined && { integrationId: filter.integration }),
    ...(filter.held && { held: 'true' as const }),
  }
  const runs = useQuery({ ...listQuery, queryKey: ['runs', query], queryFn: () => hg.runs.list({ query }) })
  const narrow = (change: { integration?: string | undefined; held?: true | undefined }) => {
    const wanted = Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined)
    void navigate({ to: '/runs', search: Object.fromEntries(wanted) as RunSearch, replace: true })
  }
  const nameOf = (id: string) => integrations.data?.find(one => one.id === id)?.config.name ?? `Integration ${id}`
  return (
    <Page title="Runs" lead="Each is one carrying-out of what was still to be done in AWS.">
      <search className={filters.filters}>
        <Choice
          label="Integration"
          none="Any integration"
          value={filter.integration}
          options={integrations.data?.map(({ id, config }) => ({ value: id, label: config.name })) ?? []}
          onChange={integration => narrow({ integration })}
        />
        <Choice
          label="Held"
          none="All runs"
          value={filter.held ? 'held' : undefined}
          options={[{ value: 'held', label: 'With revocations that wait' }]}
          onChange={value => narrow({ held: value === undefined ? undefined : true })}
        />
      </search>
      <Answer query={runs} what="the runs">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={Object.keys(filter).length > 0 ? 'No run matches' : 'No runs yet'}>
              {Object.keys(filter).length > 0 ? (
                <Link to="/runs">Show all</Link>
              ) : (
                'The first comes as soon as somebody is let in.'
              )}
            </Nothing>
          ) : (
            <>
              <RunTable runs={answer.items} stale={runs.isPlaceholderData} nameOf={nameOf} />
              <Pager
                search={search}
                answer={answer}
                what="runs"
                go={place => void navigate({ to: '/runs', search: { ...filter, ...place } })}
              />
            </>
          )
        }
      </Answer>
    </Page>
  )
}

interface TableProps {
  readonly runs: readonly Run[]
  readonly stale: boolean
  readonly nameOf: (integrationId: string) => string
}

function RunTable({ runs, stale, nameOf }: TableProps) {
  return (
    <DataTable
      caption="Runs"
      rows={runs}
      rowKey={({ id }) => id}
      stale={stale}
      columns={[
        {
          name: 'Run',
          width: '12%',
          cell: ({ id }) => (
            <Link to="/runs/$id" params={{ id: String(id) }}>
              Run {id}
            </Link>
          ),
        },
        { name: 'Integration', width: '22%', cell: ({ integrationId }) => nameOf(integrationId) },
        { name: 'State', width: '16%', cell: run => <StateBadge {...runWords[run.state]} /> },
        {
          name: 'Did',
          cell: run => (
            <>
              {doneWords(run)}
              {run.waiting > 0 && (
                <div>
                  <StateBadge tone="held" word={`${counted(run.waiting, 'revocation')} held`} />
                </div>
              )}
            </>
          ),
        },
        { name: 'Began', width: '16%', cell: ({ startedAt }) => <RelativeTime at={startedAt} /> },
      ]}
    />
  )
}
