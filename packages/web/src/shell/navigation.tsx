/** The way to every screen that this person may open. */
import type { User } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { useToDecide } from '../requests/to-decide.ts'
import classes from './navigation.module.css'
import { type Screen, useScreens } from './screens.ts'

export function Navigation({ me }: { readonly me: User }) {
  const screens = useScreens(me)
  const groups = [...new Set(screens.map(({ group }) => group))]
  return (
    <nav aria-label="Screens" className={classes.navigation}>
      {groups.map(group => (
        <Group key={group ?? ''} name={group} screens={screens.filter(screen => screen.group === group)} />
      ))}
    </nav>
  )
}

function Group({ name, screens }: { readonly name: string | undefined; readonly screens: readonly Screen[] }) {
  return (
    <div>
      {name !== undefined && <p className={classes.group}>{name}</p>}
      <ul className={classes.items} aria-label={name}>
        {screens.map(({ icon: Icon, name, link }) => (
          <li key={name}>
            <Link {...link} activeOptions={{ includeSearch: false, ...link.activeOptions }} className={classes.item}>
              <Icon size={17} stroke={1.75} aria-hidden="true" />
              {name}
              {link.to === '/requests' && <ToDecide />}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** How many requests wait for this person's decision; nothing where none does. */
function ToDecide() {
  const waiting = useToDecide()
  if (waiting === 0) return null
  return (
    <span className={classes.count}>
      {waiting.toLocaleString('en')}
      <span className="visually-hidden"> to decide</span>
    </span>
  )
}
