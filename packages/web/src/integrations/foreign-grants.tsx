/** Grants in the location that Headgate did not make: who reaches what by them, and ordering one's end. */
import { api } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted, foundPermissionWords } from '../ui/words.ts'

type Foreign = Awaited<ReturnType<typeof hg.drift.foreign>>['items'][number]

const shown = 50
/** They change with a comparison only. */
const restMs = 15_000

/** Nothing where there are none. */
export function ForeignGrants({ id }: { readonly id: string }) {
  const mayRemove = mayCall(useMe(), api.drift.removeForeign)
  const grants = useQuery({
    queryKey: ['foreign grants of', id],
    queryFn: () => hg.drift.foreign({ params: { id }, query: { limit: shown } }),
    refetchInterval: restMs,
  })
  if (grants.data === undefined || grants.data.total === 0) return null
  const { items, total } = grants.data
  return (
    <Section title="Not made by Headgate" beside={<span className="quiet">{counted(total, 'grant')}</span>}>
      <p className="quiet">They give access besides every policy. Headgate leaves them alone unless it is told.</p>
      <DataTable
        caption="Grants that Headgate did not make"
        rows={items}
        rowKey={({ awsGrantId }) => awsGrantId}
        columns={[
          { name: 'What', width: '32%', cell: ({ scope }) => <ScopePath scope={scope} /> },
          {
            name: 'For',
            cell: ({ grantee, permission }) => (
              <>
                {foundPermissionWords(permission)} for{' '}
                <code style={{ overflowWrap: 'anywhere' }}>{grantee.identifier}</code>
              </>
            ),
          },
          { name: 'Seen', width: '16%', cell: ({ firstSeenAt }) => <RelativeTime at={firstSeenAt} /> },
          { name: 'End', width: '18%', cell: grant => <End id={id} grant={grant} mayRemove={mayRemove} /> },
        ]}
      />
      {total > shown && <p className="quiet">and {counted(total - shown, 'more grant')}, which the API lists.</p>}
    </Section>
  )
}

interface EndProps {
  readonly id: string
  readonly grant: Foreign
  readonly mayRemove: boolean
}

function End({ id, grant: { awsGrantId, removedAt, removalOrderedAt, error, grantee }, mayRemove }: EndProps) {
  const [means, setMeans] = useState(false)
  const remove = useWrite(() => hg.drift.removeForeign({ params: { id, grantId: awsGrantId } }))
  if (removedAt !== undefined) return <StateBadge tone="unmapped" word="Removed" />
  const wasOrdered = removalOrderedAt !== undefined && error === undefined
  if (wasOrdered) return <StateBadge tone="onItsWay" word="Being removed" />
  return (
    <>
      {error !== undefined && (
        <div className="small">
          <ServerText text={error.message} />
        </div>
      )}
      {mayRemove &&
        (means ? (
          <Button size="compact-xs" color="red.9" loading={remove.isPending} onClick={() => remove.mutate()}>
            End it for good
          </Button>
        ) : (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Delete it in AWS: the grant for ${grantee.identifier}`}
            onClick={() => setMeans(true)}
          >
            Delete it in AWS
          </Button>
        ))}
      <Refusal error={remove.error} />
    </>
  )
}
