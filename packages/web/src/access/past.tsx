/** Who had what at a moment that is over, why, and what AWS held then. What was does not change: it is asked for once. */
import type { PastAccessRow } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { readsPolicies, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Because } from '../ui/because.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import forms from '../ui/form.module.css'
import { listQuery } from '../ui/list-query.ts'
import { type ListSearch, nextPage, pageOf } from '../ui/list-search.ts'
import { Section } from '../ui/page.tsx'
import { pageSize } from '../ui/pager.tsx'
import { exactTime, RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { dataSourceColumn, personColumn } from './columns.tsx'
import type { AccessSearch } from './search.ts'

interface Props {
  readonly search: AccessSearch
  readonly when: string
  readonly go: (place: Pick<ListSearch, 'at' | 'page'>) => void
}

export function PastAccess({ search, when, go }: Props) {
  const { person, dataSource } = search
  const readsNames = readsPolicies(useMe())
  const query = {
    at: when,
    limit: pageSize,
    ...pageOf(search),
    ...(person !== undefined && { user: person }),
    ...(dataSource !== undefined && { dataSource }),
  }
  const then = useQuery({
    ...listQuery,
    queryKey: ['access at', query],
    queryFn: () => hg.pastAccess.at({ query }),
    refetchInterval: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const isOne = person !== undefined && dataSource !== undefined
  return (
    <Section
      title={`Who had what on ${exactTime(when)}`}
      beside={
        isOne && (
          <Link to="/access" search={{ person, dataSource }}>
            And now
          </Link>
        )
      }
    >
      <Answer query={then} what="who had what then">
        {({ items, next, sequence }) => (
          <>
            {items.length === 0 ? (
              <Nothing title={person === undefined ? 'Nobody had access then' : 'They had no access then'}>
                No policy and no member let them in, and AWS held no grant of Headgate&apos;s.
              </Nothing>
            ) : (
              <DataTable
                caption="Who had what then"
                rows={items}
                rowKey={({ user, dataSource }) => `${user.id} ${dataSource.id}`}
                stale={then.isPlaceholderData}
                columns={[
                  ...(person === undefined || isOne ? [personColumn<PastAccessRow>('17%')] : []),
                  ...(dataSource === undefined || isOne ? [dataSourceColumn<PastAccessRow>('20%')] : []),
                  ...thenColumns(readsNames),
                ]}
              />
            )}
            <p className="quiet small">As of change {sequence.toLocaleString('en')} of the history.</p>
            <div className={forms.actions}>
              {search.page !== undefined && (
                <Button variant="subtle" size="xs" onClick={() => go({})}>
                  First page
                </Button>
              )}
              {next !== undefined && (
                <Button variant="default" size="xs" onClick={() => go(nextPage(search, next))}>
                  Next page
                </Button>
              )}
            </div>
          </>
        )}
      </Answer>
    </Section>
  )
}

function thenColumns(linkPolicies: boolean): readonly Column<PastAccessRow>[] {
  return [
    {
      name: 'Level',
      width: '11%',
      cell: ({ level, until }) => (
        <>
          {level === undefined ? <StateBadge tone="held" word="None any more" /> : level === 'WRITE' ? 'Write' : 'Read'}
          {until !== undefined && <div className="quiet small">until {exactTime(until)}</div>}
        </>
      ),
    },
    {
      name: 'Because',
      cell: row => <Because row={{ ...row, selfGiven: false }} linkPolicies={linkPolicies} />,
    },
    { name: 'In AWS then', width: '20%', cell: ({ grants }) => <Held grants={grants} /> },
  ]
}

function Held({ grants }: Pick<PastAccessRow, 'grants'>) {
  if (grants.length === 0) return <span className="quiet">No grant of its own</span>
  return grants.map(({ id, permission, activeAt, revokedAt }) => (
    <div key={id}>
      {permission === 'READWRITE' ? 'Read and write' : 'Read'}{' '}
      <span className="quiet small">
        since {exactTime(activeAt)}
        {revokedAt !== undefined && (
          <>
            , revoked <RelativeTime at={revokedAt} />
          </>
        )}
      </span>
    </div>
  ))
}
