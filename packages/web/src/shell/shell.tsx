/** What surrounds every screen once signed in: the way to all of them, whether what is shown is live, who one is. */
import { ActionIcon, Button } from '@mantine/core'
import { IconLogout, IconMenu2, IconX } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { signOut } from '../api.ts'
import { Bell } from '../inbox/bell.tsx'
import { MeContext, meQuery } from '../me.ts'
import { RestraintBanner } from '../restraint/restraint-banner.tsx'
import { ShortcutHelp } from '../shortcuts/shortcut-help.tsx'
import { SpotlightButton } from '../spotlight/spotlight-button.tsx'
import { PageAnswer } from '../ui/answer.tsx'
import { ColourScheme } from '../ui/colour-scheme.tsx'
import { errorWords } from '../ui/error-words.ts'
import { Logo } from '../ui/logo.tsx'
import { Live, Lost } from './live.tsx'
import { Navigation } from './navigation.tsx'
import classes from './shell.module.css'

export function Shell() {
  const me = useQuery(meQuery)
  const leaving = useMutation({ mutationFn: signOut })
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const [menu, setMenu] = useState({ open: false, path })
  // Going somewhere closes the menu.
  const isOpen = menu.open && menu.path === path
  const main = useFocusOnArrival(path)
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        Skip to content
      </a>
      <header className={classes.header}>
        <ActionIcon
          className={classes.menuButton}
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={isOpen ? 'Close menu' : 'Open menu'}
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setMenu({ open: !isOpen, path })}
        >
          {isOpen ? <IconX size={20} aria-hidden="true" /> : <IconMenu2 size={20} aria-hidden="true" />}
        </ActionIcon>
        <Link to="/" className={classes.home}>
          <Logo />
          Headgate
        </Link>
        <Live />
        {me.data !== undefined && <SpotlightButton me={me.data} />}
        <Bell />
        <ColourScheme />
      </header>
      <div id="navigation" className={classes.side} data-open={isOpen || undefined}>
        {me.data !== undefined && <Navigation me={me.data} />}
        <section className={classes.whoami} aria-label="Signed in as">
          {me.data !== undefined && (
            <div>
              <p>
                <Link to="/account" aria-label={`My account: ${me.data.name}`}>
                  {me.data.name}
                </Link>
              </p>
              {me.data.userid !== me.data.name && <p className="quiet small">{me.data.userid}</p>}
            </div>
          )}
          <Button
            variant="default"
            size="xs"
            leftSection={<IconLogout size={15} aria-hidden="true" />}
            loading={leaving.isPending}
            onClick={() => leaving.mutate()}
          >
            Sign out
          </Button>
          <ShortcutHelp />
          {leaving.error !== null && (
            <p className="small" role="alert">
              Not signed out: {errorWords(leaving.error).text}
            </p>
          )}
        </section>
      </div>
      <main id="main" ref={main} className={classes.main} tabIndex={-1}>
        <Lost />
        <PageAnswer query={me} what="your profile">
          {person => (
            <MeContext value={person}>
              <RestraintBanner me={person} />
              <Outlet />
            </MeContext>
          )}
        </PageAnswer>
      </main>
    </div>
  )
}

/** A keyboard goes on in the new screen, not in the menu that led to it. */
function useFocusOnArrival(path: string) {
  const main = useRef<HTMLElement>(null)
  const from = useRef(path)
  useEffect(() => {
    if (from.current !== path) main.current?.focus({ preventScroll: true })
    from.current = path
  }, [path])
  return main
}
