/** Search from everywhere, by a button or by ⌘K. What searches is loaded when somebody first does. */
import type { User } from '@headgate/core/api'
import { IconSearch } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import classes from './spotlight-button.module.css'

const load = () => import('./spotlight.tsx')
const Spotlight = lazy(() => load().then(({ Spotlight }) => ({ default: Spotlight })))

export function SpotlightButton({ me }: { readonly me: User }) {
  const [isWanted, setWanted] = useState(false)
  function open() {
    setWanted(true)
    void load().then(({ openSpotlight }) => openSpotlight())
  }
  // From within a field too: nobody types this.
  useShortcuts({ search: open })
  const keys = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘K' : 'Ctrl K'
  return (
    <>
      <button
        type="button"
        className={classes.button}
        aria-label={`Search ${keys}`}
        aria-keyshortcuts="Meta+K Control+K"
        onClick={open}
      >
        <IconSearch size={17} aria-hidden="true" />
        <span className={classes.words} aria-hidden="true">
          Search <kbd>{keys}</kbd>
        </span>
      </button>
      {isWanted && (
        <Suspense>
          <Spotlight me={me} />
        </Suspense>
      )}
    </>
  )
}
