/**
 * Signing in: with the company's identity provider, with user name and password, or with an API key.
 *
 * What is wrong is said in words, and what was typed stays to be corrected.
 */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { addressInside } from './address-inside.ts'
import classes from './front-page.module.css'
import { FrontPage } from './front-page.tsx'
import { KeyForm } from './key-form.tsx'
import { PasswordForm } from './password-form.tsx'

const route = getRouteApi('/sign-in')

export function SignIn() {
  const ways = useQuery({ queryKey: ['ways to sign in'], queryFn: () => hg.session.ways(), refetchInterval: false })
  return (
    <FrontPage title="Sign in">
      <Answer query={ways} what="the ways to sign in">
        {({ localAccounts, needsSetUp }) => (needsSetUp ? <NotSetUp /> : <Ways localAccounts={localAccounts} />)}
      </Answer>
    </FrontPage>
  )
}

function Ways({ localAccounts }: { readonly localAccounts: boolean }) {
  const { from } = route.useSearch()
  const router = useRouter()
  const [withKey, setWithKey] = useState(!localAccounts)
  const goOn = () => router.history.push(addressInside(from))
  return (
    <>
      {withKey ? <KeyForm onSignedIn={goOn} /> : <PasswordForm onSignedIn={goOn} />}
      {localAccounts && (
        <Button variant="subtle" size="xs" onClick={() => setWithKey(!withKey)}>
          {withKey ? 'Use a password instead' : 'Use an API key instead'}
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
