/** How e-mail is sent, how it goes, and a test to oneself. The password goes in and never comes out. */
import type { EmailSettings } from '@headgate/core/api'
import { Button, Checkbox, NativeSelect, NumberInput, PasswordInput, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { PageAnswer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { useWrite } from '../ui/use-write.ts'

export function EmailPage() {
  const settings = useQuery({
    queryKey: ['settings', 'e-mail'],
    queryFn: async () => ({ version: await versionOf('/settings/e-mail'), ...(await hg.emailSettings.get()) }),
    // What somebody types in is not replaced under their hands.
    refetchInterval: false,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [isSaved, setSaved] = useState(false)
  return (
    <PageAnswer query={settings} what="the settings of e-mail">
      {({ version, ...found }) => (
        <Page
          title="E-mail"
          above={<Link to="/settings">Settings</Link>}
          lead="The mail server that notifications are sent through."
        >
          {isSaved && <p role="note">Saved: this is what holds now.</p>}
          <Facts
            facts={[
              ['Waiting to be sent', found.waiting.toLocaleString('en')],
              ['Never sent, since yesterday', found.failedLately.toLocaleString('en')],
              found.lastProblem !== undefined && [
                'Last problem',
                <span key="problem">
                  {found.lastProblem.problem} (<RelativeTime at={found.lastProblem.at} />)
                </span>,
              ],
            ]}
          />
          <Form key={version} version={version} settings={found} onSaved={() => setSaved(true)} />
          {found.host !== null && found.sender !== null && <Test />}
        </Page>
      )}
    </PageAnswer>
  )
}

interface FormProps {
  readonly settings: EmailSettings
  readonly version: string
  readonly onSaved: () => void
}

const ways = [
  { value: 'starttls', label: 'STARTTLS, usually port 587' },
  { value: 'tls', label: 'TLS from the start, usually port 465' },
  { value: 'none', label: 'None: allowed private addresses only' },
]

function Form({ settings, version, onSaved }: FormProps) {
  const { waiting: _w, failedLately: _f, lastProblem: _l, hasPassword, ...given } = settings
  const [typed, setTyped] = useState(given)
  const [password, setPassword] = useState('')
  const change = (part: Partial<typeof given>) => setTyped({ ...typed, ...part })
  const orNull = (text: string) => (text.trim() === '' ? null : text.trim())
  const save = useWrite(
    () =>
      hg.emailSettings.replace({
        ifMatch: version,
        body: { ...typed, ...(password === '' ? {} : { password }) },
      }),
    onSaved,
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form className={forms.sections} onSubmit={submit} noValidate>
      <Section title="Mail server">
        <Checkbox
          label="Send e-mail"
          checked={typed.enabled}
          onChange={event => change({ enabled: event.currentTarget.checked })}
        />
        <div className={forms.row}>
          <TextInput
            label="Host"
            placeholder="smtp.example.com"
            value={typed.host ?? ''}
            onChange={event => change({ host: orNull(event.currentTarget.value) })}
          />
          <NumberInput
            label="Port"
            min={1}
            max={65_535}
            value={typed.port}
            onChange={value => change({ port: Number(value) })}
          />
          <NativeSelect
            label="Encryption"
            data={ways}
            value={typed.security}
            onChange={event => change({ security: event.currentTarget.value as EmailSettings['security'] })}
          />
        </div>
        <div className={forms.row}>
          <TextInput
            label="User name"
            description="None: it lets anybody send."
            autoComplete="off"
            value={typed.username ?? ''}
            onChange={event => change({ username: orNull(event.currentTarget.value) })}
          />
          <PasswordInput
            label="Password"
            description={hasPassword ? 'One is stored; empty keeps it.' : 'It is stored sealed and never shown.'}
            autoComplete="new-password"
            value={password}
            onChange={event => setPassword(event.currentTarget.value)}
          />
        </div>
      </Section>
      <Section title="Mails">
        <div className={forms.row}>
          <TextInput
            label="Sender"
            description="An e-mail address alone."
            placeholder="headgate@example.com"
            value={typed.sender ?? ''}
            onChange={event => change({ sender: orNull(event.currentTarget.value) })}
          />
          <NumberInput
            label="At most in a minute"
            description="What is more waits."
            min={1}
            max={10_000}
            value={typed.mostPerMinute}
            onChange={value => change({ mostPerMinute: Number(value) })}
          />
        </div>
        <Textarea
          label="Certificates to trust besides the well-known ones"
          description="In PEM, where the server has one of your own."
          autosize
          minRows={2}
          maxRows={8}
          mt="xs"
          value={typed.caCertificate ?? ''}
          onChange={event => change({ caCertificate: orNull(event.currentTarget.value) })}
        />
      </Section>
      <div className={forms.actions}>
        <Button type="submit" loading={save.isPending}>
          Save
        </Button>
      </div>
      <Refusal error={save.error} />
    </form>
  )
}

function Test() {
  const test = useWrite(() => hg.emailSettings.test())
  return (
    <Section title="Try it">
      <div className={forms.actions}>
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Send a test to my address
        </Button>
      </div>
      {test.data !== undefined && (
        <p role="note">
          Sent to {test.data.to}: the server answered “{test.data.answer}”.
        </p>
      )}
      <Refusal error={test.error} />
    </Section>
  )
}
