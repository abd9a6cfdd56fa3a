/** Access that was taken lately: credentials vended before may be alive, and until when. Nothing where there is none. */
import type { RecentlyRevoked } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { DataTable } from './data-table.tsx'
import { Section } from './page.tsx'
import { exactTime, RelativeTime } from './relative-time.tsx'

const shownAtFirst = 10

interface Props {
  readonly revoked: readonly RecentlyRevoked[]
  /** What the rows are told apart by. */
  readonly by: 'person' | 'dataSource'
}

export function RecentlyRevokedSection({ revoked, by }: Props) {
  const [isWhole, setWhole] = useState(false)
  if (revoked.length === 0) return null
  const shown = isWhole ? revoked : revoked.slice(0, shownAtFirst)
  return (
    <Section title="Lately revoked">
      <p className="quiet">
        New credentials stop about 30 seconds after a revocation; existing ones end by the time beside it.
      </p>
      <DataTable
        caption="Lately revoked"
        rows={shown}
        rowKey={({ user, dataSource, permission, revokedAt }) =>
          `${user.id} ${dataSource.id} ${permission} ${revokedAt}`
        }
        columns={[
          {
            name: by === 'person' ? 'Person' : 'Data source',
            width: '26%',
            cell: ({ user, dataSource }) =>
              by === 'person' ? (
                <Link to="/people/$id" params={{ id: String(user.id) }}>
                  {user.userid}
                </Link>
              ) : (
                <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
                  {dataSource.name}
                </Link>
              ),
          },
          {
            name: 'Lost',
            width: '27%',
            cell: ({ permission, revokedAt }) => (
              <>
                {permission === 'READ' ? 'Read' : 'Read and write'}, <RelativeTime at={revokedAt} />
              </>
            ),
          },
          {
            name: 'Existing credentials end by',
            cell: ({ credentialsEndBy }) => (
              <>
                {exactTime(credentialsEndBy)} (<RelativeTime at={credentialsEndBy} />)
              </>
            ),
          },
        ]}
      />
      {shown.length < revoked.length && (
        <Button variant="default" size="xs" onClick={() => setWhole(true)}>
          Show all {revoked.length}
        </Button>
      )}
    </Section>
  )
}
