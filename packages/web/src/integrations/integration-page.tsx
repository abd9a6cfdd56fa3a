/** One integration: how it is and why, what it connects, what was checked, and its grants. */
import { api, type Integration } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { GrantStates } from '../home/grant-states.tsx'
import { mayCall, seesTheWhole, useMe } from '../me.ts'
import { RestraintSection } from '../restraint/restraint-section.tsx'
import { PageAnswer } from '../ui/answer.tsx'
import { Facts, Page, Section } from '../ui/page.tsx'
import { CopyText, ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, integrationWords } from '../ui/words.ts'
import { CapacitySection } from './capacity-section.tsx'
import { DriftSection } from './drift-section.tsx'
import { EditIntegration } from './edit-integration.tsx'
import { ForeignGrants } from './foreign-grants.tsx'
import { IdentityCenterSection } from './identity-center-section.tsx'
import { RemoveIntegration } from './remove-integration.tsx'
import { SetupSection } from './setup-section.tsx'
import { ValidationTests } from './validation-tests.tsx'

const route = getRouteApi('/shell/integrations/$id')

export function IntegrationPage() {
  const { id } = route.useParams()
  const integration = useQuery({
    queryKey: ['integration', id],
    queryFn: () => hg.integrations.get({ params: { id } }),
  })
  return (
    <PageAnswer query={integration} what={`integration ${id}`}>
      {found => <Shown integration={found} />}
    </PageAnswer>
  )
}

function Shown({ integration }: { readonly integration: Integration }) {
  const { id, config, status, statusMessage, validationResults } = integration
  const me = useMe()
  return (
    <Page
      title={config.name}
      above={<Link to="/integrations">Integrations</Link>}
      beside={<StateBadge {...integrationWords[status]} />}
      lead={statusMessage === undefined ? undefined : <ServerText text={statusMessage} />}
    >
      <Section title="What it connects">
        <Facts
          facts={[
            ['AWS account', config.awsAccountId],
            ['Region', config.awsRegion],
            ['Location', <ScopePath key="location" scope={config.awsLocationPath} />],
            [
              'Location role',
              <span key="role">
                <code>{config.awsLocationRole}</code> <CopyText text={config.awsLocationRole} what="the role's ARN" />
              </span>,
            ],
            ['Signs in with', signsInWith(config)],
            ['Data sources', <DataSourceCount key="count" integration={id} />],
          ]}
        />
      </Section>
      {seesTheWhole(me) && <GrantStates integrationId={id} />}
      {mayCall(me, api.restraint.get) && <RestraintSection id={id} />}
      {mayCall(me, api.capacity.list) && <CapacitySection config={config} />}
      {mayCall(me, api.drift.read) && <DriftSection id={id} status={status} />}
      {mayCall(me, api.drift.foreign) && <ForeignGrants id={id} />}
      <ValidationTests results={validationResults} />
      {mayCall(me, api.identityCenter.get) && status === 'enabled' && <IdentityCenterSection id={id} />}
      {mayCall(me, api.integrations.update) && <EditIntegration integration={integration} />}
      {mayCall(me, api.integrations.setup) && <SetupSection id={id} />}
      {mayCall(me, api.integrations.remove) && <RemoveIntegration integration={integration} />}
    </Page>
  )
}

function signsInWith({ authenticationType, awsAccessKeyId = '', awsRoleArn = '' }: Integration['config']): string {
  if (authenticationType === 'auto') return 'the credentials that Headgate itself runs with'
  return authenticationType === 'accessKey' ? `access key ${awsAccessKeyId}` : `role ${awsRoleArn}`
}

function DataSourceCount({ integration }: { readonly integration: string }) {
  const dataSources = useQuery({
    queryKey: ['data sources of', integration],
    queryFn: () => hg.dataSources.list({ query: { limit: 1, integrationId: integration } }),
  })
  return (
    <Link to="/data-sources" search={{ integration }}>
      {dataSources.data === undefined ? 'Those you may see' : counted(dataSources.data.total, 'data source')}
    </Link>
  )
}
