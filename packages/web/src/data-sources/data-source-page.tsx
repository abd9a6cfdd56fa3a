/** One data source: where it lies, who reaches it and why, the policies that bind it, its members and grants. */
import { api, type GrantState } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { PageAnswer } from '../ui/answer.tsx'
import { Facts, Page, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, dataSourceStateWords, grantWords } from '../ui/words.ts'
import { Audience } from './audience.tsx'
import { BindingPolicies } from './binding-policies.tsx'
import { Tags } from './data-source-list.tsx'
import { Members } from './members.tsx'

const route = getRouteApi('/shell/data-sources/$id')

type Whole = Awaited<ReturnType<typeof hg.dataSources.get>>

export function DataSourcePage() {
  const { id } = route.useParams()
  const dataSource = useQuery({
    queryKey: ['data source', id],
    queryFn: () => hg.dataSources.get({ params: { id } }),
  })
  return (
    <PageAnswer query={dataSource} what={`data source ${id}`}>
      {found => <Shown dataSource={found} />}
    </PageAnswer>
  )
}

const kinds = { bucket: 'a whole bucket', prefix: 'a prefix', object: 'one object' } as const

function Shown({ dataSource }: { readonly dataSource: Whole }) {
  const me = useMe()
  const { id, name, description, scope, kind, tags, owners, state, createdAt, integrationId } = dataSource
  return (
    <Page
      title={name}
      above={<Link to="/data-sources">Data sources</Link>}
      beside={<StateBadge {...dataSourceStateWords[state]} />}
      lead={description === '' ? undefined : description}
    >
      <Facts
        facts={[
          ['Scope', <ScopePath key="scope" scope={scope} />],
          ['Kind', kinds[kind]],
          ['Tags', <Tags key="tags" tags={tags} />],
          [
            'Owners',
            owners.length === 0
              ? 'nobody'
              : owners.map((owner, place) => (
                  <span key={owner.id}>
                    {place > 0 && ', '}
                    <Link to="/people/$id" params={{ id: String(owner.id) }}>
                      {owner.userid}
                    </Link>
                  </span>
                )),
          ],
          mayCall(me, api.integrations.get) && [
            'Integration',
            <IntegrationName key="integration" id={integrationId} />,
          ],
          ['Registered', <RelativeTime key="at" at={createdAt} />],
          ['Grants', <GrantCounts key="grants" id={id} grants={dataSource.grants} />],
        ]}
      />
      <Section
        title="Who has access, and why"
        beside={<span className="quiet">{counted(dataSource.audience, 'person', 'people')}</span>}
      >
        <Audience dataSourceId={String(id)} />
      </Section>
      <BindingPolicies policies={dataSource.policies} />
      <Members members={dataSource.members} />
    </Page>
  )
}

function IntegrationName({ id }: { readonly id: string }) {
  const integration = useQuery({
    queryKey: ['integration', id],
    queryFn: () => hg.integrations.get({ params: { id } }),
  })
  return (
    <Link to="/integrations/$id" params={{ id }}>
      {integration.data?.config.name ?? `Integration ${id}`}
    </Link>
  )
}

function GrantCounts({ id, grants }: { readonly id: number; readonly grants: Whole['grants'] }) {
  const states = (Object.entries(grants) as [GrantState, number][]).filter(([, count]) => count > 0)
  if (states.length === 0) return <span className="quiet">none yet</span>
  return (
    <span style={{ display: 'flex', flexWrap: 'wrap', gap: '0.15rem 1.25rem' }}>
      {states.map(([state, count]) => (
        <Link
          key={state}
          to="/grants"
          search={{ state, dataSource: String(id) }}
          style={{ display: 'inline-flex', gap: '0.4rem' }}
        >
          <StateBadge {...grantWords[state]} /> {count.toLocaleString('en')}
        </Link>
      ))}
    </span>
  )
}
