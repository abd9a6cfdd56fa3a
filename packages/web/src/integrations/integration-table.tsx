/** Integrations in a list, the same on their own screen and at home. */
import type { Integration } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { integrationWords } from '../ui/words.ts'

export function IntegrationTable({ integrations }: { readonly integrations: readonly Integration[] }) {
  if (integrations.length === 0) {
    return (
      <Nothing title="No AWS account is connected">
        <Link to="/integrations/new">Connect one</Link>: an application admin may. Then data can be registered and given
        out.
      </Nothing>
    )
  }
  return (
    <DataTable
      caption="Integrations"
      rows={integrations}
      rowKey={({ id }) => id}
      columns={[
        {
          name: 'Name',
          width: '22%',
          cell: ({ id, config }) => (
            <Link to="/integrations/$id" params={{ id }}>
              {config.name}
            </Link>
          ),
        },
        {
          name: 'Status',
          width: '24%',
          cell: ({ status, statusMessage }) => (
            <>
              <StateBadge {...integrationWords[status]} />
              {statusMessage !== undefined && (
                <div className="quiet small">
                  <ServerText text={statusMessage} />
                </div>
              )}
            </>
          ),
        },
        { name: 'Account', width: '19%', cell: ({ config }) => config.awsAccountId },
        { name: 'Region', width: '15%', cell: ({ config }) => config.awsRegion },
        { name: 'Location', cell: ({ config }) => <ScopePath scope={config.awsLocationPath} canCopy={false} /> },
      ]}
    />
  )
}
