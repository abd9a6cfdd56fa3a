/** Access that was taken lately: credentials vended before may be alive, and until when. Nothing where there is none. */
import type { RecentlyRevoked } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { DataTable } from './data-table.tsx'
import { Section } from './page.tsx'
import { exactTime, RelativeTime } from './relative-time.tsx'

interface Props {
  readonly revoked: readonly RecentlyRevoked[]
  /** What the rows are told apart by. */
  readonly by: 'person' | 'dataSource'
}

export function RecentlyRevokedSection({ revoked, by }: Props) {
  if (revoked.length === 0) return null
  return (
    <Section title="Lately revoked">
      <DataTable
        caption="Lately revoked"
        rows={revoked}
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
            name: 'Credentials',
            cell: ({ credentialsEndBy }) => (
              <>
                New ones stop about 30 seconds after it; existing ones end by {exactTime(credentialsEndBy)} (
                <RelativeTime at={credentialsEndBy} />)
              </>
            ),
          },
        ]}
      />
    </Section>
  )
}
