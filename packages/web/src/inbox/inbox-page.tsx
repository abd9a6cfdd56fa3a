/** One's own inbox: what happened, newest first, and what one chooses to be told. */
import type { Notification } from '@headgate/core/api'
import { Button, Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { Choices } from './choices.tsx'

const route = getRouteApi('/shell/inbox')

export function InboxPage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const only = search.search === 'unread'
  const query = { limit: pageSize, ...pageOf(search), ...(only ? { unread: 'true' } : {}) }
  const inbox = useQuery({
    ...listQuery,
    queryKey: ['inbox', query],
    queryFn: () => hg.notifications.list({ query }),
  })
  const mark = useWrite(({ id, readAt }: Notification) =>
    readAt === undefined ? hg.notifications.read({ params: { id } }) : hg.notifications.unreadAgain({ params: { id } }),
  )
  const newest = inbox.data?.items[0]?.id
  const readAll = useWrite(async () => (newest === undefined ? undefined : markUpTo(newest)))
  return (
    <Page title="Inbox" lead="What happened that concerns you.">
      <search className={filters.filters}>
        <Checkbox
          label="Only unread"
          checked={only}
          onChange={event =>
            void navigate({ to: '/inbox', search: event.currentTarget.checked ? { search: 'unread' } : {} })
          }
        />
        {(inbox.data?.unread ?? 0) > 0 && search.page === undefined && (
          <Button variant="default" size="xs" loading={readAll.isPending} onClick={() => readAll.mutate()}>
            Mark all as read
          </Button>
        )}
      </search>
      <Refusal error={mark.error ?? readAll.error} />
      <Answer query={inbox} what="your inbox">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={only ? 'Nothing unread' : 'Nothing yet'}>
              {only ? 'Everything that came is read.' : 'What happens to your requests and your access is told here.'}
            </Nothing>
          ) : (
            <>
              <p className="quiet">{counted(answer.unread, 'unread notification')}</p>
              <DataTable
                caption="Notifications"
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={inbox.isPlaceholderData}
                columns={[
                  { name: 'What', cell: one => <What notification={one} /> },
                  { name: 'When', width: '16%', cell: ({ at }) => <RelativeTime at={at} /> },
                  {
                    name: 'Mark',
                    width: '22%',
                    cell: one => (
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`Mark as ${one.readAt === undefined ? 'read' : 'unread'}: ${one.title}`}
                        loading={mark.isPending && mark.variables.id === one.id}
                        onClick={() => mark.mutate(one)}
                      >
                        Mark as {one.readAt === undefined ? 'read' : 'unread'}
                      </Button>
                    ),
                  },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="notifications"
                go={place =>
                  void navigate({ to: '/inbox', search: { ...(only ? { search: 'unread' } : {}), ...place } })
                }
              />
            </>
          )
        }
      </Answer>
      <Choices />
    </Page>
  )
}

function markUpTo(upTo: number) {
  return hg.notifications.readAll({ body: { upTo } })
}

function What({ notification: { title, text, path, readAt } }: { readonly notification: Notification }) {
  const words = readAt === undefined ? <strong>{title}</strong> : title
  return (
    <>
      <Link to={path}>{words}</Link>
      {readAt === undefined && <span className="visually-hidden"> (unread)</span>}
      {text !== '' && (
        <div className="quiet small" style={{ whiteSpace: 'pre-line', overflowWrap: 'anywhere' }}>
          {text}
        </div>
      )}
    </>
  )
}
