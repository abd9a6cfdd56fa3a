/** Every AWS account, region and Access Grants location that Headgate manages. */
import { api } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { useIntegrations } from '../home/counts.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer } from '../ui/answer.tsx'
import { Page } from '../ui/page.tsx'
import { IntegrationTable } from './integration-table.tsx'

export function IntegrationList() {
  const integrations = useIntegrations()
  const mayConnect = mayCall(useMe(), api.integrations.create)
  return (
    <Page
      title="Integrations"
      lead="Each is one AWS account and region with the Access Grants location that Headgate manages."
      beside={mayConnect && <Link to="/integrations/new">Connect an account</Link>}
    >
      <Answer query={integrations} what="the integrations">
        {items => <IntegrationTable integrations={items} />}
      </Answer>
    </Page>
  )
}
