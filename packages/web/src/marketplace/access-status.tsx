/** What a request would change, data source by data source, before anybody asks or decides. */
import type { AccessStatus } from '@headgate/core/api'
import { Advice } from '../people/principal-section.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import type { StateWords } from '../ui/words.ts'

type SourceStatus = AccessStatus['dataSources'][number]

const words: Readonly<Record<SourceStatus['status'], StateWords>> = {
  current: { tone: 'active', word: 'Has access' },
  ifApproved: { tone: 'onItsWay', word: 'Access if approved' },
  prevented: { tone: 'failed', word: 'Access prevented' },
}

export function AccessStatusTable({
  status: { dataSources, advice },
}: {
  readonly status: Pick<AccessStatus, 'dataSources' | 'advice'>
}) {
  return (
    <>
      <SourceStatuses dataSources={dataSources} />
      {advice.map(one => (
        <Advice key={one.principal.identifier} advice={one} />
      ))}
    </>
  )
}

function SourceStatuses({ dataSources }: { readonly dataSources: readonly SourceStatus[] }) {
  return (
    <DataTable
      caption="What it would change"
      rows={dataSources}
      rowKey={({ dataSource }) => dataSource.id}
      columns={[
        { name: 'Data source', cell: ({ dataSource }) => dataSource.name },
        { name: 'Access', width: '26%', cell: ({ status }) => <StateBadge {...words[status]} /> },
        { name: 'What is so now', width: '40%', cell: one => <Now status={one} /> },
      ]}
    />
  )
}

function Now({ status: { status, level, until, guardrails, missing } }: { readonly status: SourceStatus }) {
  if (status === 'prevented') {
    return (
      <>
        {guardrails.map(({ id, name, via }) => (
          <div key={`${id} ${via?.id}`}>
            The guardrail {name}
            {via !== undefined && ` of ${via.name} inside it`} stands in the way.
          </div>
        ))}
        {missing.map(fix => (
          <div key={JSON.stringify(fix)} className="quiet small">
            {fix.group !== undefined && `The group ${fix.group} would change that.`}
            {fix.key !== undefined &&
              `The attribute ${fix.key}${fix.value === undefined ? '' : `: ${fix.value}`} would change that.`}
          </div>
        ))}
      </>
    )
  }
  if (level === undefined) return <span className="quiet">no access now</span>
  return (
    <span className="quiet">
      {level === 'WRITE' ? 'may write now' : 'may read now'}
      {until !== undefined && (
        <>
          , ends <RelativeTime at={until} />
        </>
      )}
    </span>
  )
}
