/** A secret that is kept nowhere: it is there to be copied until the page is left. */
import { CopyText } from './scope-path.tsx'

export function ShownOnce({ secret, what }: { readonly secret: string; readonly what: string }) {
  return (
    <div role="status">
      <p>
        <strong>Copy it now: it is shown this once.</strong>
      </p>
      <p>
        <code style={{ overflowWrap: 'anywhere' }}>{secret}</code> <CopyText text={secret} what={what} />
      </p>
    </div>
  )
}
