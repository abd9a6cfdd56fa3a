/** Which other systems are told what; a new one shows its secret this once. */
import type { NoticeKind } from '@headgate/core/api'
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import forms from '../ui/form.module.css'
import { Page, Section } from '../ui/page.tsx'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { KindsField } from './kinds.tsx'
import { webhookWords } from './words.ts'

export function WebhookList() {
  const webhooks = useQuery({ queryKey: ['webhooks'], queryFn: () => hg.webhooks.list() })
  return (
    <Page
      title="Webhooks"
      above={<Link to="/settings">Settings</Link>}
      lead="Other systems that are told what happens here, each call signed."
    >
      <Answer query={webhooks} what="the webhooks">
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="No webhook">Nobody but people is told anything.</Nothing>
          ) : (
            <DataTable
              caption="Webhooks"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                {
                  name: 'Name',
                  cell: ({ id, name, url }) => (
                    <>
                      <Link to="/webhooks/$id" params={{ id: String(id) }}>
                        {name}
                      </Link>
                      <div className="quiet small">{new URL(url).host}</div>
                    </>
                  ),
                },
                { name: 'Waiting', width: '14%', cell: ({ waiting }) => waiting.toLocaleString('en') },
                { name: 'State', width: '20%', cell: ({ state }) => <StateBadge {...webhookWords[state]} /> },
              ]}
            />
          )
        }
      </Answer>
      <NewWebhook />
    </Page>
  )
}

function NewWebhook() {
  const [name, setName] = useState('')
  const [url, setUrl] = useState('')
  const [kinds, setKinds] = useState<NoticeKind[]>([])
  const create = useWrite(
    () => hg.webhooks.create({ body: { name, url, kinds } }),
    () => {
      setName('')
      setUrl('')
    },
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    create.mutate()
  }
  return (
    <Section title="Add one">
      <form className={forms.fields} onSubmit={submit} noValidate>
        <div className={forms.row}>
          <TextInput label="Name" maxLength={255} value={name} onChange={event => setName(event.currentTarget.value)} />
          <TextInput
            label="Address"
            placeholder="https://hooks.example.com/headgate"
            value={url}
            onChange={event => setUrl(event.currentTarget.value)}
          />
        </div>
        <KindsField kinds={kinds} onChange={setKinds} />
        <div className={forms.actions}>
          <ReadyButton
            type="submit"
            variant="default"
            missing={stillToSay(
              name.trim() === '' && 'its name',
              url.trim() === '' && 'its address',
              kinds.length === 0 && 'what it is told',
            )}
            loading={create.isPending}
          >
            Add it
          </ReadyButton>
        </div>
        <Refusal error={create.error} />
        {create.data !== undefined && <ShownOnce secret={create.data.secret} what="the secret" />}
      </form>
    </Section>
  )
}
