/** The last things that happened to one thing, with the way to all of them. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { saysItFailed, typeWords } from './words.ts'

const shown = 10
/** It looks through the whole trail: asked less often than the rest. */
const restMs = 15_000

/** @param target `TYPE/id`, as events name it */
export function Activity({ target }: { readonly target: string }) {
  const query = { target, limit: shown }
  const events = useQuery({
    queryKey: ['activity', query],
    queryFn: () => hg.audit.list({ query }),
    refetchInterval: restMs,
  })
  return (
    <Section
      title="Activity"
      beside={
        <Link to="/audit" search={{ target }}>
          All of it
        </Link>
      }
    >
      <Answer query={events} what="what happened">
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="Nothing that you may see" />
          ) : (
            <DataTable
              caption="Activity"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                {
                  name: 'What',
                  cell: ({ auditPayload, actionStatus }) => (
                    <>
                      {typeWords(auditPayload.type)}
                      {actionStatus === 'FAILURE' && !saysItFailed(auditPayload.type) && (
                        <span className="quiet small"> · refused or failed</span>
                      )}
                    </>
                  ),
                },
                { name: 'By', width: '30%', cell: ({ actor }) => actor.name },
                { name: 'When', width: '26%', cell: ({ eventTimestamp }) => <RelativeTime at={eventTimestamp} /> },
              ]}
            />
          )
        }
      </Answer>
    </Section>
  )
}
