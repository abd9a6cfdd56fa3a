/** Grants in a list: whose, over what, in which state, and what AWS said when it refused. */
import type { Grant } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { DataTable } from '../ui/data-table.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { grantPermissionWords, grantWords } from '../ui/words.ts'

export function GrantTable({ grants, stale }: { readonly grants: readonly Grant[]; readonly stale: boolean }) {
  return (
    <DataTable
      caption="Grants"
      rows={grants}
      rowKey={({ id }) => id}
      stale={stale}
      columns={[
        {
          name: 'Data source',
          width: '34%',
          cell: ({ dataSource, scope }) => (
            <>
              <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
                {dataSource.name}
              </Link>
              <div className="quiet">
                <ScopePath scope={scope} canCopy={false} />
              </div>
            </>
          ),
        },
        {
          name: 'Person',
          width: '27%',
          cell: ({ user, grantee }) => (
            <>
              <Link to="/people/$id" params={{ id: String(user.id) }}>
                {user.userid}
              </Link>
              <div className="quiet small">
                {grantee.type === 'IAM' ? shortArn(grantee.identifier) : 'Identity Center user'}
              </div>
            </>
          ),
        },
        { name: 'Level', width: '13%', cell: ({ permission }) => grantPermissionWords[permission] },
        { name: 'State', cell: grant => <State grant={grant} /> },
      ]}
    />
  )
}

function State({ grant }: { readonly grant: Grant }) {
  const { state, error, held, createdAt, activeAt, revokedAt, credentialsEndBy } = grant
  const since = state === 'revoked' ? revokedAt : state === 'active' ? activeAt : createdAt
  return (
    <>
      <StateBadge {...(held === undefined ? grantWords[state] : { tone: 'held', word: 'Held' })} />
      <div className="quiet small">
        {state === 'active' || state === 'revoked' ? (held === undefined ? 'since ' : 'active since ') : 'intended '}
        <RelativeTime at={since ?? createdAt} />
        {state === 'revoked' && credentialsEndBy !== undefined && (
          <>
            ; credentials vended before end by <RelativeTime at={credentialsEndBy} />
          </>
        )}
      </div>
      {held !== undefined && (
        <div className="small">
          <ServerText text={held.message} />
        </div>
      )}
      {error !== undefined && (
        <div className="small">
          {error.code}: <ServerText text={error.message} />
          {error.nextTryAt !== undefined && (
            <>
              ; tried again <RelativeTime at={error.nextTryAt} />
            </>
          )}
        </div>
      )}
    </>
  )
}

/** `role/etl` of account 111122223333: what tells principals apart comes first. */
function shortArn(arn: string): string {
  const [, , , , account, ...name] = arn.split(':')
  return account === undefined || name.length === 0 ? arn : `${name.join(':')} in account ${account}`
}
