/** The objects of the audit trail that were written, and tries in vain; the newest first. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted } from '../ui/words.ts'
import { bytesWords, rangeWords } from './words.ts'

const route = getRouteApi('/shell/exports/audit/$id')

export function AuditObjects({ id }: { readonly id: string }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const params = { id }
  const query = { limit: pageSize, ...pageOf(search) }
  const objects = useQuery({
    ...listQuery,
    queryKey: ['audit export', id, 'objects', query],
    queryFn: () => hg.auditExports.objects({ params, query }),
  })
  return (
    <Section title="History">
      <Answer query={objects} what="the history">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="None yet">The first comes when it is due, or as soon as it is exported above.</Nothing>
          ) : (
            <>
              <DataTable
                caption="Objects of this export"
                rows={answer.items}
                rowKey={one => one.id}
                stale={objects.isPlaceholderData}
                columns={[
                  {
                    name: 'What',
                    cell: ({ firstPosition, lastPosition, error, state }) => (
                      <>
                        Events {firstPosition.toLocaleString('en')} to {lastPosition.toLocaleString('en')}
                        {state !== 'done' && error !== undefined && (
                          <div className="small">
                            <ServerText text={error} />
                          </div>
                        )}
                      </>
                    ),
                  },
                  { name: 'State', width: '20%', cell: one => <StateBadge {...rangeWords(one)} /> },
                  {
                    name: 'Size',
                    width: '22%',
                    cell: ({ events, bytes }) =>
                      bytes === undefined
                        ? counted(events, 'event')
                        : `${counted(events, 'event')}, ${bytesWords(bytes)}`,
                  },
                  { name: 'Began', width: '16%', cell: ({ startedAt }) => <RelativeTime at={startedAt} /> },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="the history"
                go={place => void navigate({ to: '/exports/audit/$id', params, search: place })}
              />
            </>
          )
        }
      </Answer>
    </Section>
  )
}
