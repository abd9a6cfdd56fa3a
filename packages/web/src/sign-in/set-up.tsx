/**
 * Using a set-up link: a person gives themselves a password; the first admin a user name and a name besides.
 *
 * The token stands after `#`, which no server sees and no log keeps; it leaves the address bar as soon as it is read.
 */
import type { api } from '@headgate/core/api'
import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { z } from 'zod'
import { hg, signInWithPassword } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import classes from './front-page.module.css'
import { FrontPage } from './front-page.tsx'
import { useAttempt } from './use-attempt.ts'

export function SetUp() {
  const [token] = useState(takeToken)
  const purpose = useQuery({
    queryKey: ['set-up link'],
    queryFn: () => hg.setUp.look({ body: { token } }),
    enabled: token !== '',
    refetchInterval: false,
  })
  return (
    <FrontPage title="Set up">
      {token === '' ? (
        <p role="alert">
          This address lacks the token of its set-up link: open the whole link, with what stands after #.
        </p>
      ) : (
        <Answer query={purpose} what="this set-up link">
          {found => <Form token={token} purpose={found} />}
        </Answer>
      )}
    </FrontPage>
  )
}

function takeToken(): string {
  const token = window.location.hash.slice(1)
  if (token !== '') window.history.replaceState(window.history.state, '', window.location.pathname)
  return token
}

interface FormProps {
  readonly token: string
  readonly purpose: z.output<typeof api.setUp.look.response>
}

function Form({ token, purpose }: FormProps) {
  const router = useRouter()
  const isFirst = purpose.kind === 'first-admin'
  const [userid, setUserid] = useState(purpose.userid ?? '')
  const [name, setName] = useState(purpose.name ?? '')
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const { problem, isTrying, say, run } = useAttempt()

  function submit(event: FormEvent) {
    event.preventDefault()
    if (isFirst && (userid.trim() === '' || name.trim() === '')) return say('Choose a user name, and say your name.')
    if (password !== again) return say('The two passwords differ: type the same one twice.')
    void run(async () => {
      const chosen = isFirst ? { userid: userid.trim(), name: name.trim() } : {}
      const made = await hg.setUp.use({ body: { token, password, ...chosen } })
      await signInWithPassword({ userid: made.userid, password })
      router.history.push('/app/')
    })
  }

  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <p>
        {isFirst
          ? 'Make the first admin: they may do everything, and let others do what they need.'
          : `Choose a password for ${purpose.userid ?? 'your account'}.`}
      </p>
      {isFirst && (
        <>
          <TextInput
            label="User name"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={255}
            value={userid}
            onChange={event => setUserid(event.currentTarget.value)}
          />
          <TextInput
            label="Name"
            autoComplete="name"
            maxLength={255}
            value={name}
            onChange={event => setName(event.currentTarget.value)}
          />
        </>
      )}
      <PasswordInput
        label="Password"
        description="Twelve characters or more; a few words that belong together for you alone do well."
        autoComplete="new-password"
        value={password}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password', tabIndex: 0 }}
        onChange={event => {
          setPassword(event.currentTarget.value)
          say(undefined)
        }}
      />
      <PasswordInput
        label="Password, once more"
        autoComplete="new-password"
        value={again}
        error={problem}
        errorProps={{ role: 'alert' }}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the repeated password', tabIndex: 0 }}
        onChange={event => {
          setAgain(event.currentTarget.value)
          say(undefined)
        }}
      />
      <Button type="submit" loading={isTrying}>
        Set it, and sign in
      </Button>
    </form>
  )
}
