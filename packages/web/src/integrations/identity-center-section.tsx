/** The IAM Identity Center behind an integration: asked of AWS only when somebody wants to know, associated and parted. */
import { api } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Facts, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { useWrite } from '../ui/use-write.ts'
import { WriteForm } from '../ui/write-form.tsx'

export function IdentityCenterSection({ id }: { readonly id: string }) {
  const [isOpen, setOpen] = useState(false)
  const mayChange = mayCall(useMe(), api.identityCenter.associate)
  const association = useQuery({
    queryKey: ['identity center of', id],
    queryFn: () => hg.identityCenter.get({ params: { id } }),
    enabled: isOpen,
    // AWS is asked each time.
    refetchInterval: false,
  })
  return (
    <Section title="IAM Identity Center">
      {isOpen ? (
        <Answer query={association} what="the association">
          {({ instanceArn, applicationArn, identityStoreId, identityStoreMessage }) =>
            instanceArn === undefined ? (
              <>
                <Nothing title="Associated with none">
                  Access is given to IAM users and roles. Once it is associated, people of the directory get it as
                  themselves.
                </Nothing>
                {mayChange && <Associate id={id} />}
              </>
            ) : (
              <>
                <Facts
                  facts={[
                    ['Instance', <code key="instance">{instanceArn}</code>],
                    applicationArn !== undefined && ['Application', <code key="application">{applicationArn}</code>],
                    [
                      'Identity store',
                      identityStoreId ?? <ServerText key="store" text={identityStoreMessage ?? 'not known'} />,
                    ],
                  ]}
                />
                {mayChange && <Part id={id} />}
              </>
            )
          }
        </Answer>
      ) : (
        <>
          <p className="quiet">
            Whether people of a directory are granted access as themselves is known to AWS alone: it is asked when you
            want to know.
          </p>
          <Button variant="default" onClick={() => setOpen(true)}>
            Ask AWS
          </Button>
        </>
      )}
    </Section>
  )
}

function Associate({ id }: { readonly id: string }) {
  const [instanceArn, setInstanceArn] = useState('')
  const write = useWrite(() =>
    hg.identityCenter.associate({ params: { id }, body: { instanceArn: instanceArn.trim() } }),
  )
  return (
    <WriteForm write={write} verb="Associate it" disabled={instanceArn.trim() === ''}>
      <TextInput
        label="ARN of the Identity Center instance"
        placeholder="arn:aws:sso:::instance/ssoins-1234567890abcdef"
        className={forms.wide}
        value={instanceArn}
        onChange={event => setInstanceArn(event.currentTarget.value)}
      />
    </WriteForm>
  )
}

function Part({ id }: { readonly id: string }) {
  const write = useWrite(() => hg.identityCenter.dissociate({ params: { id } }))
  return (
    <>
      <p className="quiet small">Ending it is refused while grants name people of the directory.</p>
      <div>
        <Button variant="default" loading={write.isPending} onClick={() => write.mutate()}>
          End the association
        </Button>
      </div>
      <Refusal error={write.error} />
    </>
  )
}
