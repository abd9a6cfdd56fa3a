/** Every AWS account, region and Access Grants location that Headgate manages. */
import { useIntegrations } from '../home/counts.ts'
import { Answer } from '../ui/answer.tsx'
import { Page } from '../ui/page.tsx'
import { IntegrationTable } from './integration-table.tsx'

export function IntegrationList() {
  const integrations = useIntegrations()
  return (
    <Page
      title="Integrations"
      lead="Each is one AWS account and region with the Access Grants location that Headgate manages."
    >
      <Answer query={integrations} what="the integrations">
        {items => <IntegrationTable integrations={items} />}
      </Answer>
    </Page>
  )
}
