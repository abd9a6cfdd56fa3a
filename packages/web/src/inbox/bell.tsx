/** The way to one's inbox, on every screen, with how much is unread. */
import { IconBell } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { counted } from '../ui/words.ts'
import classes from './bell.module.css'

export function Bell() {
  const { data } = useQuery({ queryKey: ['inbox', 'unread'], queryFn: () => hg.notifications.unread() })
  const unread = data?.unread ?? 0
  const words = unread === 0 ? 'Inbox' : `Inbox: ${counted(unread, 'unread notification')}`
  return (
    <Link to="/inbox" className={classes.bell} aria-label={words} title={words}>
      <IconBell size={20} aria-hidden="true" />
      {unread > 0 && (
        <span className={classes.count} aria-hidden="true">
          {unread > 99 ? '99+' : unread}
        </span>
      )}
    </Link>
  )
}
