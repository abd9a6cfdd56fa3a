/** A screen that could not be drawn or fetched: said, not left blank. */
import { Button } from '@mantine/core'
import { Page } from './page.tsx'

export function ScreenFailed() {
  return (
    <div style={{ padding: '1rem' }} role="alert">
      <Page
        title="This screen cannot be shown"
        lead="Headgate may have been updated since this page was opened, or does not answer. Reloading helps in both cases."
      >
        <p>
          <Button onClick={() => window.location.reload()}>Reload</Button>
        </p>
      </Page>
    </div>
  )
}
