/** The requests for one data product, newest first, as far as one may read them. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { requestWords, wishOf } from '../requests/words.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { listQuery } from '../ui/list-query.ts'
import { type ListSearch, pageOf } from '../ui/list-search.ts'
import { Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'

export function ProductRequests({ id }: { readonly id: string }) {
  const [place, go] = useState<ListSearch>({})
  const query = { limit: pageSize, ...pageOf(place) }
  const requests = useQuery({
    ...listQuery,
    queryKey: ['requests', 'of product', id, query],
    queryFn: () => hg.requests.ofProduct({ params: { id }, query }),
  })
  return (
    <Section title="Requests for it">
      <Answer query={requests} what="the requests for it">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="None that you may read">Whoever asks for it stands here, newest first.</Nothing>
          ) : (
            <>
              <DataTable
                caption="Requests for the product"
                rows={answer.items}
                rowKey={request => request.id}
                stale={requests.isPlaceholderData}
                columns={[
                  {
                    name: 'For',
                    width: '28%',
                    cell: ({ id: request, for: { name, userid } }) => (
                      <PersonName name={name} userid={userid}>
                        {shown => (
                          <Link to="/requests/$id" params={{ id: String(request) }}>
                            {shown}
                          </Link>
                        )}
                      </PersonName>
                    ),
                  },
                  { name: 'Wish', cell: wishOf },
                  { name: 'State', width: '24%', cell: ({ state }) => <StateBadge {...requestWords[state]} /> },
                  { name: 'Asked', width: '16%', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
                ]}
              />
              <Pager search={place} answer={answer} what="requests" go={go} />
            </>
          )
        }
      </Answer>
    </Section>
  )
}
