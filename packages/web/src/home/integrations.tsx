/** Every connected account and how it is. */

import { IntegrationTable } from '../integrations/integration-table.tsx'
import { Answer } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import { useIntegrations } from './counts.ts'

export function Integrations() {
  const integrations = useIntegrations()
  return (
    <Section title="Integrations">
      <Answer query={integrations} what="the integrations">
        {items => <IntegrationTable integrations={items} />}
      </Answer>
    </Section>
  )
}
