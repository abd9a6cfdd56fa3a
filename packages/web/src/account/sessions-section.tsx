/** Where one is signed in, each place to be signed out of from here. */
import type { ListedSession } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'

export function SessionsSection() {
  const queries = useQueryClient()
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => hg.sessions.list() })
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['sessions'] })
  const end = useMutation({ mutationFn: (id: number) => hg.sessions.end({ params: { id } }), onSuccess })
  const endOthers = useMutation({ mutationFn: () => hg.sessions.endOthers(), onSuccess })
  return (
    <Section title="Where you are signed in">
      <Answer query={sessions} what="your sessions">
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="No session">You came with an API key, which needs none.</Nothing>
          ) : (
            <>
              <DataTable
                caption="Where you are signed in"
                rows={items}
                rowKey={({ id }) => id}
                columns={[
                  { name: 'Browser', cell: session => <Browser session={session} /> },
                  { name: 'Last seen', width: '18%', cell: ({ lastSeenAt }) => <RelativeTime at={lastSeenAt} /> },
                  { name: 'Ends', width: '18%', cell: ({ endsAt }) => <RelativeTime at={endsAt} /> },
                  {
                    name: 'Sign out',
                    width: '16%',
                    cell: ({ id, isCurrent }) =>
                      isCurrent ? (
                        <span className="quiet">This one</span>
                      ) : (
                        <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate(id)}>
                          Sign out
                        </Button>
                      ),
                  },
                ]}
              />
              {items.some(({ isCurrent }) => !isCurrent) && (
                <Button variant="default" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
                  Sign out everywhere else
                </Button>
              )}
            </>
          )
        }
      </Answer>
      <Refusal error={end.error ?? endOthers.error} />
    </Section>
  )
}

function Browser({ session: { userAgent, ip, via } }: { readonly session: ListedSession }) {
  return (
    <>
      {browserWords(userAgent)}
      <div className="quiet small">
        {[ip, via === 'local' ? 'with a password' : `through ${via}`].filter(Boolean).join(', ')}
      </div>
    </>
  )
}

/** What a person recognises in the long line that a browser sends; the line itself where nothing is known in it. */
function browserWords(userAgent: string | undefined): string {
  if (userAgent === undefined) return 'Unknown'
  const browser = [/Edg/, /Firefox/, /Chrome/, /Safari/].find(known => known.test(userAgent))
  const system = [/Windows/, /Android/, /iPhone|iPad/, /Mac OS/, /Linux/].find(known => known.test(userAgent))
  if (!browser) return userAgent.slice(0, 60)
  const name = browser.source === 'Edg' ? 'Edge' : browser.source
  return system ? `${name} on ${system.exec(userAgent)?.[0]}` : name
}
