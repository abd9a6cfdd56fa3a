/** What the AWS admin needs for an integration that is there: asked for only when somebody wants to read it. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import { Documents } from './setup-documents.tsx'

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
