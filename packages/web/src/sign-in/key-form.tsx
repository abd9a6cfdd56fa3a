/** Signing in with an API key: for whoever has one and no other way. */
import { ApiError } from '@headgate/core/api'
import { Button, PasswordInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { signInWithKey } from '../api.ts'
import classes from './front-page.module.css'
import { useAttempt } from './use-attempt.ts'

export function KeyForm({ onSignedIn }: { readonly onSignedIn: () => void }) {
  const [key, setKey] = useState('')
  const { problem, isTrying, say, run } = useAttempt(wordsFor)

  function submit(event: FormEvent) {
    event.preventDefault()
    const typed = key.trim()
    if (typed === '') return say('Paste your API key: it is what the API takes as `Authorization`.')
    void run(async () => {
      await signInWithKey(typed)
      onSignedIn()
    })
  }

  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <PasswordInput
        label="API key"
        description="It stays in this browser tab and ends with it."
        autoComplete="off"
        spellCheck={false}
        value={key}
        error={problem}
        errorProps={{ role: 'alert' }}
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key', tabIndex: 0 }}
        onChange={event => {
          setKey(event.currentTarget.value)
          say(undefined)
        }}
      />
      <Button type="submit" loading={isTrying}>
        Sign in
      </Button>
      <p className="quiet small">
        No key yet? Your own are made on the page <em>My account</em>, and a user admin makes one for whoever cannot get
        there. The <a href="/docs/">API reference</a> says how programs use them.
      </p>
    </form>
  )
}

function wordsFor(error: unknown): string | undefined {
  if (!(error instanceof ApiError && error.status === 401)) return undefined
  return 'This key does not work: it is unknown, expired or revoked. Check that it was copied whole, or ask a user admin for a new one.'
}
