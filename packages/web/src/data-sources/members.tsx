/** People and groups that were added to one data source by hand. */
import type { Member } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { GroupName } from '../people/group-name.tsx'
import { Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'

export function Members({ members }: { readonly members: readonly Member[] }) {
  return (
    <Section title="Members">
      {members.length === 0 ? (
        <Nothing title="No members">Nobody was added by hand; policies alone decide.</Nothing>
      ) : (
        <DataTable
          caption="Members"
          rows={members}
          rowKey={({ id }) => id}
          columns={[
            { name: 'Member', width: '26%', cell: ({ subject }) => <Subject subject={subject} /> },
            { name: 'Level', width: '10%', cell: ({ level }) => (level === 'WRITE' ? 'Write' : 'Read') },
            {
              name: 'Ends',
              width: '14%',
              cell: ({ until }) =>
                until === undefined ? <span className="quiet">never</span> : <RelativeTime at={until} />,
            },
            { name: 'Reason', cell: ({ reason }) => reason },
            {
              name: 'Added',
              width: '20%',
              cell: ({ addedBy, addedAt }) => (
                <>
                  by {addedBy}, <RelativeTime at={addedAt} />
                </>
              ),
            },
          ]}
        />
      )}
    </Section>
  )
}

function Subject({ subject }: { readonly subject: Member['subject'] }) {
  if ('group' in subject) {
    return (
      <>
        Everyone in the group <GroupName {...subject.group} />
      </>
    )
  }
  return (
    <Link to="/people/$id" params={{ id: String(subject.user.id) }}>
      {subject.user.userid}
    </Link>
  )
}
