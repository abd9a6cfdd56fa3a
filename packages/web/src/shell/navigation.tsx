/** The way to every screen that this person may open. */
import type { User } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { useToDecide } from '../requests/to-decide.ts'
import classes from './navigation.module.css'
import { useScreens } from './screens.ts'

export function Navigation({ me }: { readonly me: User }) {
  return (
    <nav aria-label="Screens">
      <ul className={classes.items}>
        {useScreens(me).map(({ icon: Icon, name, link }) => (
          <li key={name}>
            <Link {...link} activeOptions={{ includeSearch: false, ...link.activeOptions }} className={classes.item}>
              <Icon size={18} stroke={1.75} aria-hidden="true" />
              {name}
              {link.to === '/requests' && <ToDecide />}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
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
