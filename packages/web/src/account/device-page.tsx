/**
 * Signing a terminal in: the code that it shows is typed here, who asks is looked at, and it is given a key or not. A link may bring
 * the code along; nothing happens before a person has seen what it is about.
 */
import type { AskedSignIn } from '@headgate/core/api'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import forms from '../ui/form.module.css'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { useWrite } from '../ui/use-write.ts'

const route = getRouteApi('/shell/device')

export function DevicePage() {
  const { code = '' } = route.useSearch()
  const [typed, setTyped] = useState(code)
  const look = useWrite(() => hg.deviceSignIns.look({ body: { userCode: typed } }))

  function submit(event: FormEvent) {
    event.preventDefault()
    look.mutate()
  }

  return (
    <Page
      title="Sign in a terminal"
      lead={
        <>
          For <code>headgate login</code>: the terminal gets an API key of yours, and you can revoke it at any time.
        </>
      }
    >
      {look.data === undefined ? (
        <Section title="The code that your terminal shows">
          <form className={forms.fields} onSubmit={submit} noValidate>
            <TextInput
              label="Code"
              description="Eight letters, such as BCDF-GHJK. Type it only if you ran headgate login yourself."
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              maxLength={64}
              value={typed}
              onChange={event => setTyped(event.currentTarget.value)}
            />
            <div className={forms.actions}>
              <Button type="submit" disabled={typed.trim() === ''} loading={look.isPending}>
                See who asks
              </Button>
            </div>
            <Refusal error={look.error} />
          </form>
        </Section>
      ) : (
        <Decision code={typed} asked={look.data} />
      )}
    </Page>
  )
}

const lives = [
  { value: '1', label: 'for a day' },
  { value: '7', label: 'for a week' },
  { value: '30', label: 'for 30 days' },
  { value: '90', label: 'for 90 days' },
  { value: '365', label: 'for a year' },
]

function Decision({ code, asked }: { readonly code: string; readonly asked: AskedSignIn }) {
  const me = useMe()
  const [days, setDays] = useState('30')
  const decide = useWrite((verdict: 'approve' | 'deny') =>
    hg.deviceSignIns.decide({ body: { userCode: code, verdict, days: Number(days) } }),
  )
  if (decide.isSuccess) {
    const isApproved = decide.variables === 'approve'
    return (
      <Section title={isApproved ? 'Signed in' : 'Refused'}>
        <p role="status">
          {isApproved
            ? `You may go back to your terminal: it acts as ${me.userid} now. Its key is among those of your account.`
            : 'The terminal gets no key. If you did not run headgate login, somebody else tried.'}
        </p>
      </Section>
    )
  }
  return (
    <Section title="Is this your terminal?">
      <Facts
        facts={[
          ['Shows the code', <code key="code">{code.toUpperCase()}</code>],
          ['Calls itself', asked.device],
          ['Asks from', <code key="ip">{asked.ip}</code>],
          ['Asked', <RelativeTime key="at" at={asked.createdAt} />],
          ['Will act as', `${me.name} (${me.userid}), with all that you may do`],
        ]}
      />
      <div className={forms.fields}>
        <NativeSelect
          label="It stays signed in"
          data={lives}
          value={days}
          onChange={event => setDays(event.currentTarget.value)}
        />
        <div className={forms.actions}>
          <Button onClick={() => decide.mutate('approve')} loading={decide.isPending}>
            Sign it in
          </Button>
          <Button variant="default" onClick={() => decide.mutate('deny')} disabled={decide.isPending}>
            Refuse
          </Button>
        </div>
        <Refusal error={decide.error} />
      </div>
    </Section>
  )
}
