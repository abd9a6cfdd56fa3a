/** Why an identity provider's sign-in led back here, in the words of the table of errors. */
import { errors } from '@headgate/core/api'
import { ServerText } from '../ui/server-text.tsx'
import classes from './front-page.module.css'

export function Problem({ code, provider }: { readonly code: string; readonly provider: string | undefined }) {
  return (
    <div className={classes.problem} role="alert">
      <p>
        <strong>You are not signed in.</strong>
      </p>
      <p>
        <ServerText text={`${wordsOf(code, provider)}.`} />
      </p>
    </div>
  )
}

/** The address is anybody's to type: an unknown code says only that something went wrong. */
function wordsOf(code: string, provider = 'that was asked'): string {
  const entry = Object.entries(errors).find(([known]) => known === code && isOfSigningIn(known))?.[1]
  if (entry === undefined)
    return 'signing in did not work: begin again, or ask whoever runs Headgate to look at its log'
  return entry.text.replace('{provider}', provider.slice(0, 255))
}

function isOfSigningIn(code: string): boolean {
  return code.startsWith('sign-in-') || code === 'public-url-missing' || code === 'not-ready'
}
