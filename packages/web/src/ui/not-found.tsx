/** An address of the app that leads nowhere. */
import { Link } from '@tanstack/react-router'
import { Page } from './page.tsx'

/** Where there is nothing around it. */
export function NotFound() {
  return (
    <main style={{ maxWidth: '40rem', margin: '20vh auto 0', padding: '0 1rem' }}>
      <NothingHere />
    </main>
  )
}

export function NothingHere() {
  return (
    <Page title="There is nothing here" lead="The address may be mistyped, or what it led to is gone.">
      <p>
        <Link to="/">Back to the start</Link>
      </p>
    </Page>
  )
}
