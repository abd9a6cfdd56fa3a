/** What AWS must have for an export: the policies, filled in, to read and to copy. */
import type { TargetSetup } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Answer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { CopyText } from '../ui/scope-path.tsx'
import { TextDocument } from '../ui/text-document.tsx'
import { placeGapsOf, placeOf, type TypedTarget } from './target-fields.tsx'

/** Of one that is stored. */
export function SetupSection({ id, ask }: { readonly id: string; readonly ask: () => Promise<TargetSetup> }) {
  const [isOpen, setOpen] = useState(false)
  const setup = useQuery({
    queryKey: ['setup of export', id],
    queryFn: ask,
    enabled: isOpen,
    // It changes with the export only, and would fold up what is being read.
    refetchInterval: false,
  })
  return (
    <Section title={title}>
      {isOpen ? (
        <Answer query={setup} what="the set-up documents">
          {documents => <Documents setup={documents} />}
        </Answer>
      ) : (
        <Button variant="default" onClick={() => setOpen(true)}>
          Show the policies
        </Button>
      )}
    </Section>
  )
}

interface PrepareProps {
  readonly typed: TypedTarget
  readonly ask: (query: ReturnType<typeof placeOf> & { readonly principal: string }) => Promise<TargetSetup>
}

/** Of what is typed so far; stores nothing. */
export function PrepareSection({ typed, ask }: PrepareProps) {
  const [user, setUser] = useState('')
  const principal = (typed.method === 'iamRole' ? typed.roleArn : user).trim()
  const prepare = useMutation({ mutationFn: () => ask({ ...placeOf(typed), principal }) })
  return (
    <Section title={title}>
      <p className="quiet">The policies for what is typed above, filled in, for whoever looks after the AWS account.</p>
      <div className={forms.fields}>
        {typed.method === 'accessKey' && (
          <TextInput
            label="The user that has the access key"
            description="Its whole ARN; for the policies alone."
            placeholder="arn:aws:iam::111122223333:user/headgate-export"
            value={user}
            onChange={event => setUser(event.currentTarget.value)}
          />
        )}
        <div className={forms.actions}>
          <ReadyButton
            variant="default"
            missing={stillToSay(...placeGapsOf(typed), principal === '' && principalGaps[typed.method])}
            loading={prepare.isPending}
            onClick={() => prepare.mutate()}
          >
            Show the policies
          </ReadyButton>
        </div>
      </div>
      <Refusal error={prepare.error} />
      {prepare.data !== undefined && <Documents setup={prepare.data} />}
    </Section>
  )
}

const title = 'What AWS must have'

const principalGaps = { iamRole: 'the role to assume', accessKey: 'the user that has the access key' } as const

const titles = {
  trustPolicy: 'Trust policy of the role: lets Headgate assume it',
  iamPolicy: 'Policy of the user or role: what it may do in the bucket',
  bucketPolicy: 'Bucket policy: the same, said by the bucket',
  kmsKeyStatements: 'Statements to add to the policy of the KMS key',
} as const

function Documents({ setup }: { readonly setup: TargetSetup }) {
  const { tenantId } = setup
  return (
    <div>
      <p>
        External id: <code>{tenantId}</code> <CopyText text={tenantId} what="the external id" />
      </p>
      {Object.entries(titles).map(([key, title]) => {
        const document = setup[key as keyof typeof titles]
        if (document === undefined) return null
        return <TextDocument key={key} title={title} text={JSON.stringify(document, null, 2)} />
      })}
    </div>
  )
}
