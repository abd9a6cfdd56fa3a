/** What happened and is not read yet, the newest of it; nothing where all is read. */
import type { Notification } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { counted } from '../ui/words.ts'
import classes from './home.module.css'

const most = 3

export function Unread() {
  const me = useMe()
  const query = { unread: 'true', limit: 20 } as const
  const inbox = useQuery({ queryKey: ['inbox', query], queryFn: () => hg.notifications.list({ query }) })
  const { items = [], unread = 0 } = inbox.data ?? {}
  const shown = items.filter(one => !isSaidAbove(one, me.id)).slice(0, most)
  if (shown.length === 0) return null
  return (
    <Section
      title="News for you"
      beside={
        <Link to="/inbox" search={{ search: 'unread' }}>
          {counted(unread, 'unread notification')}
        </Link>
      }
    >
      <ul className={classes.waiting}>
        {shown.map(({ id, title, path, at }) => (
          <li key={id}>
            <Link to={path}>{title}</Link>
            <span className="quiet small">
              <RelativeTime at={at} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** What waits for a decision stands there as long as it waits, and so does access of one's own that ends soon. */
function isSaidAbove({ kind, facts }: Notification, me: number): boolean {
  if (kind === 'membership.expiring') return facts.for?.id === me
  return kind === 'request.created' || kind === 'request.reminder'
}
