/** What the AWS admin needs for an integration: each document to read and to copy, and one template with all of them. */
import type { SetupDocuments } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import { CopyText } from '../ui/scope-path.tsx'
import { TextDocument } from '../ui/text-document.tsx'

export function SetupSection({ id }: { readonly id: string }) {
  const [isOpen, setOpen] = useState(false)
  const setup = useQuery({
    queryKey: ['setup of', id],
    queryFn: () => hg.integrations.setup({ params: { id } }),
    enabled: isOpen,
    // It changes with the integration only, and would fold up what is being read.
    refetchInterval: false,
  })
  return (
    <Section title="Set-up documents">
      {isOpen ? (
        <Answer query={setup} what="the set-up documents">
          {documents => <Documents documents={documents} />}
        </Answer>
      ) : (
        <Button variant="default" onClick={() => setOpen(true)}>
          Show what AWS must have
        </Button>
      )}
    </Section>
  )
}

const titles = {
  cloudFormation: 'CloudFormation template with all of it',
  controllerPolicy: 'Policy of the role that Headgate assumes',
  controllerTrustPolicy: 'Trust policy of the role that Headgate assumes',
  locationRoleTrustPolicy: 'Trust policy of the location role',
  locationRolePolicy: 'Policy of the location role',
  consumerPolicy: 'Policy for people who ask for credentials themselves',
} as const

function Documents({ documents }: { readonly documents: SetupDocuments }) {
  return (
    <>
      <p>
        External id: <code>{documents.tenantId}</code> <CopyText text={documents.tenantId} what="the external id" />
      </p>
      {Object.entries(titles).map(([key, title]) => {
        const text = JSON.stringify(documents[key as keyof typeof titles], null, 2)
        return <TextDocument key={key} title={title} text={text} />
      })}
    </>
  )
}
