/**
 * Signing in: with the company's identity provider, with user name and password, or with an API key.
 *
 * What is wrong is said in words, and what was typed stays to be corrected.
 */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { Answer } from '../ui/answer.tsx'
import { addressInside } from './address-inside.ts'
import classes from './front-page.module.css'
import { FrontPage } from './front-page.tsx'
import { KeyForm } from './key-form.tsx'
import { PasswordForm } from './password-form.tsx'
import { Problem } from './problem.tsx'
import { ProviderButtons } from './provider-buttons.tsx'
import { firstOf, type Ways as WaysIn, waysIn } from './ways.ts'

const route = getRouteApi('/sign-in')

export function SignIn() {
  const { problem, provider } = route.useSearch()
  const ways = useQuery({ queryKey: ['ways to sign in'], queryFn: waysIn, refetchInterval: false })
  return (
    <FrontPage title="Sign in">
      {problem !== undefined && <Problem code={problem} provider={provider} />}
      <Answer query={ways} what="the ways to sign in">
        {({ needsSetUp, ...ways }) => (needsSetUp ? <NotSetUp /> : <Ways {...ways} />)}
      </Answer>
    </FrontPage>
  )
}

function Ways({ localAccounts, providers }: WaysIn) {
  const { from } = route.useSearch()
  const router = useRouter()
  const [way, setWay] = useState(firstOf({ localAccounts, providers }))
  const goOn = () => router.history.push(addressInside(from))
  const typed = way === 'key' ? <KeyForm onSignedIn={goOn} /> : way && <PasswordForm onSignedIn={goOn} />
  const other = way === 'key' && localAccounts ? 'password' : 'key'
  return (
    <>
      {providers.length > 0 && <ProviderButtons providers={providers} from={from} />}
      {providers.length > 0 && typed && <p className={classes.or}>or</p>}
      {typed}
      {way !== other && (
        <Button variant="subtle" size="xs" onClick={() => setWay(other)}>
          {other === 'key' ? 'Use an API key instead' : 'Use a password instead'}
        </Button>
      )}
    </>
  )
}

function NotSetUp() {
  return (
    <div className={classes.form}>
      <p>
        <strong>Nobody can sign in yet.</strong>
      </p>
      <p>
        Headgate printed a set-up link when it started for the first time: open it to make the first admin. It works
        once; <code>headgate admin-link</code> prints another.
      </p>
      <p className="quiet small">
        Have you set it up already? <Link to="/sign-in">Look again</Link>
      </p>
    </div>
  )
}
