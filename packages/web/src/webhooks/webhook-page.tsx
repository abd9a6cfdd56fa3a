/** One webhook: what it is told, its deliveries, its secret, and the end of it. */
import type { Webhook } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { PageAnswer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Facts, Page, Section } from '../ui/page.tsx'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { RemoveSection } from '../ui/remove-section.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { Deliveries } from './deliveries.tsx'
import { KindsField } from './kinds.tsx'
import { webhookWords } from './words.ts'

const route = getRouteApi('/shell/webhooks/$id')

export function WebhookPage() {
  const { id } = route.useParams()
  const webhook = useQuery({ queryKey: ['webhook', id], queryFn: () => hg.webhooks.get({ params: { id } }) })
  return (
    <PageAnswer query={webhook} what={`webhook ${id}`}>
      {found => <Shown key={found.id} webhook={found} />}
    </PageAnswer>
  )
}

function Shown({ webhook }: { readonly webhook: Webhook }) {
  const { id, name, url, state, problem, failingSince, oldSecretUntil, waiting } = webhook
  const params = { id: String(id) }
  const isOn = state === 'active'
  const turn = useWrite(() => (isOn ? hg.webhooks.pause({ params }) : hg.webhooks.resume({ params })))
  return (
    <Page
      title={name}
      above={<Link to="/webhooks">Webhooks</Link>}
      beside={<StateBadge {...webhookWords[state]} />}
      lead={state === 'disabled' ? `Headgate calls it no more: ${problem ?? ''}` : undefined}
    >
      <Facts
        facts={[
          [
            'Address',
            <code key="url" style={{ overflowWrap: 'anywhere' }}>
              {url}
            </code>,
          ],
          ['Waiting to be delivered', waiting.toLocaleString('en')],
          failingSince !== undefined && ['Nothing came through since', <RelativeTime key="since" at={failingSince} />],
          oldSecretUntil !== undefined && [
            'The old secret signs too',
            <span key="old">
              it ends <RelativeTime at={oldSecretUntil} />
            </span>,
          ],
        ]}
      />
      <div className={forms.actions}>
        <Button variant="default" loading={turn.isPending} onClick={() => turn.mutate()}>
          {isOn ? 'Pause it' : 'Resume it'}
        </Button>
        <Test id={params.id} />
      </div>
      <Refusal error={turn.error} />
      <Deliveries id={params.id} />
      <Edit webhook={webhook} />
      <Secret id={params.id} />
      <Remove webhook={webhook} />
    </Page>
  )
}

function Test({ id }: { readonly id: string }) {
  const test = useWrite(() => hg.webhooks.test({ params: { id } }))
  const attempt = test.data?.attempts.at(-1)
  return (
    <>
      <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
        Call it now
      </Button>
      {attempt !== undefined && (
        <p role="note">{attempt.problem ?? `It answered ${attempt.status}, in ${attempt.tookMs} ms.`}</p>
      )}
      <Refusal error={test.error} />
    </>
  )
}

function Edit({ webhook }: { readonly webhook: Webhook }) {
  const [typed, setTyped] = useState({ name: webhook.name, url: webhook.url, kinds: [...webhook.kinds] })
  const params = { id: String(webhook.id) }
  const save = useWrite(async () => {
    const ifMatch = await versionOf(`/webhooks/${webhook.id}`)
    return hg.webhooks.replace({ params, ifMatch, body: typed })
  })
  function submit(event: FormEvent) {
    event.preventDefault()
    save.mutate()
  }
  return (
    <Section title="What it is told">
      <form className={forms.fields} onSubmit={submit} noValidate>
        <div className={forms.row}>
          <TextInput
            label="Name"
            maxLength={255}
            value={typed.name}
            onChange={event => setTyped({ ...typed, name: event.currentTarget.value })}
          />
          <TextInput
            label="Address"
            value={typed.url}
            onChange={event => setTyped({ ...typed, url: event.currentTarget.value })}
          />
        </div>
        <KindsField kinds={typed.kinds} onChange={kinds => setTyped({ ...typed, kinds })} />
        <div className={forms.actions}>
          <ReadyButton
            type="submit"
            variant="default"
            missing={stillToSay(typed.kinds.length === 0 && 'what it is told')}
            loading={save.isPending}
          >
            Save
          </ReadyButton>
        </div>
        <Refusal error={save.error} />
      </form>
    </Section>
  )
}

function Secret({ id }: { readonly id: string }) {
  const rotate = useWrite(() => hg.webhooks.rotateSecret({ params: { id }, body: {} }))
  return (
    <Section title="Secret">
      <p>A new one signs from now on; for a day every call is signed with the old one too.</p>
      <div className={forms.actions}>
        <Button variant="default" loading={rotate.isPending} onClick={() => rotate.mutate()}>
          Make a new secret
        </Button>
      </div>
      <Refusal error={rotate.error} />
      {rotate.data !== undefined && <ShownOnce secret={rotate.data.secret} what="the secret" />}
    </Section>
  )
}

function Remove({ webhook: { id, waiting } }: { readonly webhook: Webhook }) {
  const navigate = useNavigate()
  return (
    <RemoveSection
      verb="Delete this webhook"
      write={() => hg.webhooks.remove({ params: { id: String(id) } })}
      done={() => navigate({ to: '/webhooks' })}
    >
      Its history goes with it{waiting === 0 ? '' : `, and ${waiting} that wait are never delivered`}.
    </RemoveSection>
  )
}
