/** Signing in again, over work that is kept meanwhile. Through an identity provider it is done in another tab. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { isSignedIn } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { FrontPage } from './front-page.tsx'
import { KeyForm } from './key-form.tsx'
import { PasswordForm } from './password-form.tsx'
import { ProviderButtons } from './provider-buttons.tsx'
import { firstOf, waysIn } from './ways.ts'

interface Props {
  readonly goOn: () => Promise<void>
  readonly leave: () => void
}

export default function SignInAgain({ goOn, leave }: Props) {
  const ways = useQuery({ queryKey: ['ways to sign in'], queryFn: waysIn, refetchInterval: false })
  useSignedInElsewhere(goOn)
  return (
    <FrontPage title="Sign in again">
      <p role="status">
        <strong>You were signed out: your session has ended.</strong> What you typed is kept in this tab for a quarter
        of an hour; sign in again and go on.
      </p>
      <Answer query={ways} what="the ways to sign in">
        {({ localAccounts, providers }) => (
          <Ways localAccounts={localAccounts} providers={providers} goOn={() => void goOn()} />
        )}
      </Answer>
      <Button variant="subtle" size="xs" onClick={leave}>
        I am somebody else: drop it
      </Button>
    </FrontPage>
  )
}

type WaysProps = Parameters<typeof firstOf>[0] & { readonly goOn: () => void }

function Ways({ localAccounts, providers, goOn }: WaysProps) {
  const [way, setWay] = useState(firstOf({ localAccounts, providers }))
  const other = way === 'key' && localAccounts ? 'password' : 'key'
  return (
    <>
      {providers.length > 0 && <ProviderButtons providers={providers} from="/account" inAnotherTab />}
      {way === 'key' ? <KeyForm onSignedIn={goOn} /> : way && <PasswordForm onSignedIn={goOn} />}
      {way !== other && (
        <Button variant="subtle" size="xs" onClick={() => setWay(other)}>
          {other === 'key' ? 'Use an API key instead' : 'Use a password instead'}
        </Button>
      )}
    </>
  )
}

/** Looks whenever somebody comes back to this tab. */
function useSignedInElsewhere(goOn: () => Promise<void>): void {
  useEffect(() => {
    async function look(): Promise<void> {
      // A server that does not answer is asked again the next time.
      if (!document.hidden && (await isSignedIn().catch(() => false))) await goOn()
    }
    const looking = () => void look()
    document.addEventListener('visibilitychange', looking)
    window.addEventListener('focus', looking)
    return () => {
      document.removeEventListener('visibilitychange', looking)
      window.removeEventListener('focus', looking)
    }
  }, [goOn])
}
