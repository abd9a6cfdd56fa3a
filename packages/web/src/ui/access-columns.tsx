/** Columns that tell of an access the same wherever it is shown: level, reasons, where it stands in AWS. */
import type { AccessRow } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { Because } from './because.tsx'
import type { Column } from './data-table.tsx'
import { RelativeTime } from './relative-time.tsx'
import { ServerText } from './server-text.tsx'
import { StateBadge } from './state-badge.tsx'
import { accessWords } from './words.ts'

export function accessColumns(linkPolicies: boolean): readonly Column<AccessRow>[] {
  return [
    { name: 'Level', width: '11%', cell: row => <Level row={row} /> },
    { name: 'Because', width: '35%', cell: row => <Reasons row={row} linkPolicies={linkPolicies} /> },
    { name: 'In AWS', width: '29%', cell: row => <Provisioning row={row} /> },
  ]
}

function Reasons({ row, linkPolicies }: { readonly row: AccessRow; readonly linkPolicies: boolean }) {
  return (
    <Because row={row} linkPolicies={linkPolicies}>
      <Link className="small" to="/access" search={{ person: row.user.id, dataSource: row.dataSource.id }}>
        Explain
      </Link>
    </Because>
  )
}

function Level({ row }: { readonly row: AccessRow }) {
  return (
    <>
      {row.level === 'WRITE' ? 'Write' : 'Read'}
      {row.level === 'WRITE' && <span className="quiet small"> includes delete</span>}
      {row.until !== undefined && (
        <div className="quiet small">
          ends <RelativeTime at={row.until} />
        </div>
      )}
    </>
  )
}

function Provisioning({ row: { provisioning } }: { readonly row: AccessRow }) {
  return (
    <>
      <StateBadge {...accessWords[provisioning.status]} />
      <div className="quiet small">
        {provisioning.status === 'active' && provisioning.since !== undefined ? (
          <>
            since <RelativeTime at={provisioning.since} />
          </>
        ) : (
          <ServerText text={provisioning.message} />
        )}
      </div>
    </>
  )
}
