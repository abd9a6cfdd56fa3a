/** What AWS would say to a person about a path, and the data sources that cover it. */
import type { api, Explained } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import type { z } from 'zod'
import { DataTable } from '../ui/data-table.tsx'
import { Facts, Section } from '../ui/page.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import type { StateWords } from '../ui/words.ts'
import { levelWords } from './words.ts'

type Aws = NonNullable<z.output<typeof api.access.explain.response>['aws']>

interface Props {
  readonly path: string
  readonly user: { readonly id: number; readonly name: string }
  /** Widest first. */
  readonly dataSources: readonly Explained[]
  readonly aws: Aws | undefined
}

const layers: Readonly<Record<Aws['layer'], StateWords>> = {
  granted: { tone: 'active', word: 'Granted' },
  outsideLocations: { tone: 'unmapped', word: 'Outside every location' },
  noDataSource: { tone: 'unmapped', word: 'No data source' },
  noGrant: { tone: 'unmapped', word: 'No grant' },
  unmapped: { tone: 'unmapped', word: 'Unmapped' },
  notYetProvisioned: { tone: 'onItsWay', word: 'On its way' },
}

export function PathAnswer({ path, user, dataSources, aws }: Props) {
  return (
    <>
      {aws !== undefined && (
        <Section title="What AWS would say">
          <Facts
            facts={[
              ['Path', <ScopePath key="path" scope={path} />],
              [
                'Answer',
                <span key="answer">
                  <StateBadge {...layers[aws.layer]} />{' '}
                  <span className="quiet">
                    <ServerText text={aws.message} />
                  </span>
                </span>,
              ],
              aws.grant !== undefined && ['To read', <ScopePath key="reading" scope={aws.grant.scope} />],
              aws.writing !== undefined && ['To write', <ScopePath key="writing" scope={aws.writing.scope} />],
            ]}
          />
        </Section>
      )}
      {dataSources.length > 1 && (
        <Section title="Data sources that cover it">
          <DataTable
            caption="Data sources that cover it, the widest first"
            rows={dataSources}
            rowKey={({ dataSource }) => dataSource.id}
            columns={[
              {
                name: 'Data source',
                width: '60%',
                cell: ({ dataSource }) => (
                  <>
                    <Link to="/access" search={{ person: user.id, dataSource: dataSource.id }}>
                      {dataSource.name}
                    </Link>
                    {dataSource.scope !== undefined && (
                      <div className="quiet">
                        <ScopePath scope={dataSource.scope} canCopy={false} />
                      </div>
                    )}
                  </>
                ),
              },
              {
                name: 'Verdict',
                cell: ({ verdict }) => (
                  <StateBadge
                    {...(verdict === 'none'
                      ? { tone: 'unmapped', word: 'No access' }
                      : { tone: 'active', word: levelWords(verdict) })}
                  />
                ),
              },
            ]}
          />
          <p className="quiet">The reasons below are about the closest of them.</p>
        </Section>
      )}
    </>
  )
}
