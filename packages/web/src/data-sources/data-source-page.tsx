/** One data source: where it lies, who reaches it and why, the policies that bind it, its members and grants. */
import { api, type GrantState, type Health, type User } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Activity } from '../audit/activity.tsx'
import { mayCall, seesTheWhole, useMe } from '../me.ts'
import { GroupName } from '../people/group-name.tsx'
import { PageAnswer } from '../ui/answer.tsx'
import { errorWords } from '../ui/error-words.ts'
import { Facts, Page, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { TagChips } from '../ui/tag-chips.tsx'
import { counted, dataSourceStateWords, grantWords, healthState, sentence } from '../ui/words.ts'
import { Audience } from './audience.tsx'
import { BindingPolicies } from './binding-policies.tsx'
import { ChangeDataSource } from './change.tsx'
import { EditMembers } from './edit-members.tsx'
import { Members } from './members.tsx'
import { PickPolicies } from './pick-policies.tsx'
import { OwnSubscription } from './subscription.tsx'

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
  const mayChange = mayChangeDataSource(me, dataSource)
  const { id, name, description, scope, kind, tags, owners, ownerGroups, state, health, createdAt, integrationId } =
    dataSource
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
          ['Tags', <TagChips key="tags" tags={tags} />],
          [
            'Owners',
            owners.length + ownerGroups.length === 0 ? (
              'nobody'
            ) : (
              <Owners key="owners" people={owners} groups={ownerGroups} />
            ),
          ],
          ['Health', <HealthFact key="health" id={id} health={health} />],
          mayCall(me, api.integrations.get) && [
            'Integration',
            <IntegrationName key="integration" id={integrationId} />,
          ],
          ['Registered', <RelativeTime key="at" at={createdAt} />],
          ['Grants', <GrantCounts key="grants" id={id} grants={dataSource.grants} />],
        ]}
      />
      <OwnSubscription id={String(id)} />
      <Section
        title="Who has access, and why"
        beside={<span className="quiet">{counted(dataSource.audience, 'person', 'people')}</span>}
      >
        <Audience dataSourceId={String(id)} />
      </Section>
      <BindingPolicies policies={dataSource.policies} />
      <Members members={dataSource.members} />
      {(seesTheWhole(me) || mayChange) && <Activity target={`DATASOURCE/${id}`} />}
      {mayChange && (
        <Section title="Change it">
          {dataSource.state === 'active' && <EditMembers id={id} members={dataSource.members} />}
          {dataSource.state === 'active' && (
            <PickPolicies
              id={id}
              picked={new Set(dataSource.policies.flatMap(({ id, via }) => (via === undefined ? [id] : [])))}
            />
          )}
          <ChangeDataSource dataSource={dataSource} />
        </Section>
      )}
    </Page>
  )
}

/** Owners, by themselves or by a group of theirs, and governors. */
function mayChangeDataSource(me: User, { owners, ownerGroups }: Whole): boolean {
  const groups = new Set(me.groups.map(({ id }) => id))
  return (
    me.permissions.includes('GOVERNANCE') ||
    owners.some(({ id }) => id === me.id) ||
    ownerGroups.some(({ id }) => groups.has(id))
  )
}

interface OwnersProps {
  readonly people: Whole['owners']
  readonly groups: Whole['ownerGroups']
}

function Owners({ people, groups }: OwnersProps) {
  return (
    <>
      {people.map((owner, place) => (
        <span key={owner.id}>
          {place > 0 && ', '}
          <Link to="/people/$id" params={{ id: String(owner.id) }}>
            {owner.userid}
          </Link>
        </span>
      ))}
      {groups.map(({ id, name }, place) => (
        <span key={id}>
          {people.length + place > 0 && ', '}the group <GroupName id={id} name={name} />
        </span>
      ))}
    </>
  )
}

/** With a way to look again; who may not is told so by the answer. */
function HealthFact({ id, health }: { readonly id: number; readonly health: Health }) {
  const queries = useQueryClient()
  const check = useMutation({
    mutationFn: () => hg.dataSources.check({ params: { id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['data source'] }),
  })
  return (
    <>
      <StateBadge {...healthState(health)} />{' '}
      {health.checkedAt !== undefined && (
        <span className="quiet">
          <RelativeTime at={health.checkedAt} />
        </span>
      )}{' '}
      <Button variant="default" size="compact-xs" loading={check.isPending} onClick={() => check.mutate()}>
        Look now
      </Button>
      {health.message !== undefined && (
        <p>
          <ServerText text={sentence(health.message)} />
        </p>
      )}
      {check.error !== null && (
        <p role="alert">
          <ServerText text={errorWords(check.error).text} />
        </p>
      )}
    </>
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
