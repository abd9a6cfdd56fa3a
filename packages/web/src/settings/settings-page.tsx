/** The settings of the whole deployment: an application admin changes them, an auditor reads them. */
import { api, type Settings } from '@headgate/core/api'
import { Button, Checkbox, NumberInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { PageAnswer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { DeploymentSection } from './deployment-section.tsx'

export function SettingsPage() {
  // The version is read before what is shown: what somebody else changes in between is refused, never overwritten.
  const settings = useQuery({
    queryKey: ['settings'],
    queryFn: async () => ({ version: await versionOf('/settings'), ...(await hg.settings.get()) }),
    // What somebody types in is not replaced under their hands.
    refetchInterval: false,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [isSaved, setSaved] = useState(false)
  const mayChange = mayCall(useMe(), api.settings.replace)
  return (
    <PageAnswer query={settings} what="the settings">
      {({ version, ...found }) => (
        <Page title="Settings" lead="They hold for the whole deployment, from the moment they are saved.">
          {isSaved && <p role="note">Saved: this is what holds now.</p>}
          {mayChange ? (
            <Form key={version} version={version} settings={found} onSaved={() => setSaved(true)} />
          ) : (
            <Read settings={found} />
          )}
          {mayChange && <DeploymentSection />}
          {mayChange && (
            <Section title="Telling people">
              <p>
                <Link to="/settings/e-mail">E-mail</Link>: the mail server that notifications are sent through.
              </p>
              <p>
                <Link to="/webhooks">Webhooks</Link>: other systems that are told what happens here.
              </p>
            </Section>
          )}
        </Page>
      )}
    </PageAnswer>
  )
}

interface FormProps {
  readonly settings: Settings
  readonly version: string
  readonly onSaved: () => void
}

function Form({ settings, version, onSaved }: FormProps) {
  const [typed, setTyped] = useState(settings)
  const change = (part: Partial<Settings>) => setTyped({ ...typed, ...part })
  const address = typed.publicUrl?.trim() ?? ''
  const save = useWrite(
    () => hg.settings.replace({ ifMatch: version, body: { ...typed, publicUrl: address === '' ? null : address } }),
    onSaved,
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form className={forms.sections} onSubmit={submit} noValidate>
      <Section title="Where it is found">
        <TextInput
          label="Public address"
          description="Where browsers find Headgate. Identity providers send people back there, and set-up links begin with it."
          placeholder="https://headgate.example.com"
          value={typed.publicUrl ?? ''}
          onChange={event => change({ publicUrl: event.currentTarget.value })}
        />
      </Section>
      <Section title="Signing in">
        <Checkbox
          label="Local accounts: people may sign in with user name and password"
          description="Switched off, only identity providers and API keys let anybody in."
          checked={typed.localAccounts}
          onChange={event => change({ localAccounts: event.currentTarget.checked })}
        />
        <div className={forms.row}>
          <NumberInput
            label="A session left idle ends after minutes"
            min={5}
            max={1440}
            value={typed.sessionIdleMinutes}
            onChange={value => change({ sessionIdleMinutes: Number(value) })}
          />
          <NumberInput
            label="Any session ends after hours"
            min={1}
            max={720}
            value={typed.sessionHours}
            onChange={value => change({ sessionHours: Number(value) })}
          />
        </div>
      </Section>
      <Section title="Who may do what">
        <Checkbox
          label="Separation of duties: nobody is both user admin and governance"
          description="Who decides what people are does not decide what policies say of them."
          checked={typed.separationOfDuties}
          onChange={event => change({ separationOfDuties: event.currentTarget.checked })}
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

function Read({ settings }: { readonly settings: Settings }) {
  return (
    <Facts
      facts={[
        ['Public address', settings.publicUrl ?? 'not set'],
        ['Local accounts', settings.localAccounts ? 'people may sign in with a password' : 'off'],
        ['Separation of duties', settings.separationOfDuties ? 'on' : 'off'],
        [
          'Sessions',
          `${counted(settings.sessionIdleMinutes, 'minute')} idle, ${counted(settings.sessionHours, 'hour')} at most`,
        ],
      ]}
    />
  )
}
