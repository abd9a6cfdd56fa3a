/** Signing in with an API key. A wrong key is said in words, and stays in the field to be corrected. */

import { ApiError } from '@headgate/core/api'
import { Button, PasswordInput } from '@mantine/core'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { signIn } from '../api.ts'
import { ColourScheme } from '../ui/colour-scheme.tsx'
import { errorWords } from '../ui/error-words.ts'
import { Logo } from '../ui/logo.tsx'
import classes from './sign-in.module.css'

const route = getRouteApi('/sign-in')

export function SignIn() {
  const { from } = route.useSearch()
  const router = useRouter()
  const [key, setKey] = useState('')
  const [problem, setProblem] = useState<string>()
  const [isTrying, setTrying] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const typed = key.trim()
    if (typed === '') return setProblem('Paste your API key: it is what the API takes as `Authorization`.')
    setTrying(true)
    try {
      await signIn(typed)
      router.history.push(addressInside(from))
    } catch (error) {
      setProblem(wordsFor(error))
    } finally {
      setTrying(false)
    }
  }

  return (
    <div className={classes.screen}>
      <title>Sign in · Headgate</title>
      <div className={classes.corner}>
        <ColourScheme />
      </div>
      <main className={classes.box}>
        <div className={classes.name}>
          <Logo size={40} />
          <div>
            <h1>Headgate</h1>
            <p className="quiet">Who reaches which data in Amazon S3, and why</p>
          </div>
        </div>
        <form className={classes.form} onSubmit={submit} noValidate>
          <PasswordInput
            label="API key"
            description="It stays in this browser tab and ends with it."
            autoComplete="current-password"
            spellCheck={false}
            value={key}
            error={problem}
            errorProps={{ role: 'alert' }}
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key', tabIndex: 0 }}
            onChange={event => {
              setKey(event.currentTarget.value)
              setProblem(undefined)
            }}
          />
          <Button type="submit" loading={isTrying}>
            Sign in
          </Button>
        </form>
        <p className="quiet small">
          No key yet? A user admin makes one for you. Programs use the same keys: the <a href="/docs/">API reference</a>{' '}
          says how.
        </p>
      </main>
    </div>
  )
}

/** Back to where one came from, but never to another site. */
function addressInside(from: string | undefined): string {
  const path = from?.startsWith('/') && !from.startsWith('//') ? from : '/'
  return path.startsWith('/app/') ? path : `/app${path}`
}

function wordsFor(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) {
    return 'This key does not work: it is unknown, expired or revoked. Check that it was copied whole, or ask a user admin for a new one.'
  }
  const { text, requestId } = errorWords(error)
  return requestId === undefined ? text : `${text} (Request ${requestId})`
}
