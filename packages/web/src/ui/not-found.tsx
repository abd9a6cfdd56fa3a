/** An address of the app that leads nowhere. */
import { Link } from '@tanstack/react-router'
import { Page } from './page.tsx'

export function NotFound() {
  return (
    <main style={{ padding: '2rem 1rem' }}>
      <Page title="There is nothing here" lead="The address may be mistyped, or what it led to is gone.">
        <p>
          <Link to="/">Back to the start</Link>
        </p>
      </Page>
    </main>
  )
}
