/** The keys of the whole app, where they can be looked up with one of them; and those that work everywhere. */
import { Checkbox } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import classes from './shortcut-help.module.css'
import { areSingleKeysOn, type Shortcut, shortcuts, switchSingleKeys } from './shortcuts.ts'
import { rememberKey, useShortcuts } from './use-shortcuts.ts'

export function ShortcutHelp() {
  const dialog = useRef<HTMLDialogElement>(null)
  const navigate = useNavigate()
  const [isOn, setOn] = useState(areSingleKeysOn)
  useEffect(() => {
    // Ahead of all that listen to a second key.
    document.addEventListener('keydown', rememberKey, { capture: true })
    return () => document.removeEventListener('keydown', rememberKey, { capture: true })
  }, [])
  useShortcuts({
    help: () => dialog.current?.showModal(),
    find: () => document.querySelector<HTMLInputElement>('main search input')?.focus(),
    goHome: () => void navigate({ to: '/' }),
    goMarketplace: () => void navigate({ to: '/marketplace' }),
    goRequests: () => void navigate({ to: '/requests' }),
    goDataSources: () => void navigate({ to: '/data-sources' }),
    goPolicies: () => void navigate({ to: '/policies' }),
    goPeople: () => void navigate({ to: '/people' }),
    goAccess: () => void navigate({ to: '/access' }),
    goIntegrations: () => void navigate({ to: '/integrations' }),
  })
  const groups = Map.groupBy(Object.values<Shortcut>(shortcuts), ({ where }) => where)
  return (
    <>
      <button type="button" className={classes.open} onClick={() => dialog.current?.showModal()}>
        Keyboard shortcuts
      </button>
      <dialog ref={dialog} className={classes.dialog} aria-labelledby="shortcut-help">
        <div className={classes.head}>
          <h2 id="shortcut-help">Keyboard shortcuts</h2>
          <form method="dialog">
            <button type="submit" className={classes.close}>
              Close
            </button>
          </form>
        </div>
        {[...groups].map(([where, ones]) => (
          <section key={where} aria-label={where}>
            <h3>{where}</h3>
            <dl>
              {ones.map(({ keys, does }) => (
                <div key={does}>
                  <dt>
                    {keys.map(key => (
                      <kbd key={key}>{keyWords(key)}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <Checkbox
          label="Keys that are a letter or a sign alone do something"
          description="Switch it off where they are pressed by mistake, by speech for example. This browser remembers it."
          checked={isOn}
          onChange={event => {
            setOn(event.currentTarget.checked)
            switchSingleKeys(event.currentTarget.checked)
          }}
        />
      </dialog>
    </>
  )
}

function keyWords(key: string): string {
  if (!key.startsWith('mod+')) return key
  const letter = key.slice('mod+'.length).toUpperCase()
  return /Mac|iPhone|iPad/.test(navigator.platform) ? `⌘${letter}` : `Ctrl ${letter}`
}
