/** The way to every screen that this person may open. */
import type { User } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
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
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
