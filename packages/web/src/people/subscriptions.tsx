/** What a person has subscribed to, and whether it gives them anything now. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { listQuery } from '../ui/list-query.ts'
import { type ListSearch, pageOf } from '../ui/list-search.ts'
import { Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'

/** Nothing at all for those who subscribed to nothing, which is nearly everybody. */
export function Subscriptions({ id, isMe }: { readonly id: number; readonly isMe: boolean }) {
  const [place, go] = useState<ListSearch>({})
  const query = { limit: pageSize, ...pageOf(place) }
  const found = useQuery({
    ...listQuery,
    queryKey: ['subscriptions of', id, query],
    queryFn: () => hg.subscriptions.ofUser({ params: { id }, query }),
  })
  if (found.data === undefined || found.data.total === 0) return null
  return (
    <Section title={isMe ? 'What you subscribed to' : 'What they subscribed to'}>
      <Answer query={found} what="the subscriptions">
        {answer => (
          <>
            <DataTable
              caption="Subscriptions"
              rows={answer.items}
              rowKey={({ dataSource, level }) => `${dataSource.id} ${level}`}
              stale={found.isPlaceholderData}
              columns={[
                {
                  name: 'Data source',
                  width: '34%',
                  cell: ({ dataSource }) =>
                    isMe ? (
                      <Link to="/find/$id" params={{ id: String(dataSource.id) }}>
                        {dataSource.name}
                      </Link>
                    ) : (
                      <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
                        {dataSource.name}
                      </Link>
                    ),
                },
                { name: 'Level', width: '12%', cell: ({ level }) => (level === 'WRITE' ? 'Write' : 'Read') },
                {
                  name: 'Gives access by',
                  cell: ({ policies }) =>
                    policies.length === 0 ? (
                      <span className="quiet">nothing at present</span>
                    ) : (
                      policies.map(({ name }) => name).join(', ')
                    ),
                },
                { name: 'Since', width: '16%', cell: ({ subscribedAt }) => <RelativeTime at={subscribedAt} /> },
              ]}
            />
            <Pager search={place} answer={answer} what="subscriptions" go={go} />
          </>
        )}
      </Answer>
    </Section>
  )
}
