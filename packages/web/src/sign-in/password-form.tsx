/** Signing in with user name and password. */
import { Button, PasswordInput, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { signInWithPassword } from '../api.ts'
import classes from './front-page.module.css'
import { useAttempt } from './use-attempt.ts'

export function PasswordForm({ onSignedIn }: { readonly onSignedIn: () => void }) {
  const [userid, setUserid] = useState('')
  const [password, setPassword] = useState('')
  const { problem, isTrying, say, run } = useAttempt()

  function submit(event: FormEvent) {
    event.preventDefault()
    if (userid.trim() === '' || password === '') return say('Type both: your user name and your password.')
    void run(async () => {
      await signInWithPassword({ userid: userid.trim(), password })
      onSignedIn()
    })
  }

  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <TextInput
        label="User name"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        value={userid}
        onChange={event => {
          setUserid(event.currentTarget.value)
          say(undefined)
        }}
      />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        value={password}
        error={problem}
        errorProps={{ role: 'alert' }}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password', tabIndex: 0 }}
        onChange={event => {
          setPassword(event.currentTarget.value)
          say(undefined)
        }}
      />
      <Button type="submit" loading={isTrying}>
        Sign in
      </Button>
      <p className="quiet small">Forgotten it, or never had one? A user admin makes you a link that sets a new one.</p>
    </form>
  )
}
