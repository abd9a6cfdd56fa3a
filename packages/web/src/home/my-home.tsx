/** The start of somebody who sees their own access alone: what waits for them, and the short ways to what they have and may ask for. */
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { Answer } from '../ui/answer.tsx'
import { Page, Section } from '../ui/page.tsx'
import { ForMe } from './for-me.tsx'
import classes from './home.module.css'
import { Total } from './totals.tsx'
import { Unread } from './unread.tsx'

const one = { limit: 1 } as const

export function MyHome() {
  const { id } = useMe()
  const mine = useQuery({
    queryKey: ['at a glance', id],
    queryFn: async () => {
      const [reached, offered, asked] = await Promise.all([
        hg.users.access({ params: { id }, query: one }),
        hg.marketplace.list({ query: one }),
        hg.requests.list({ query: { ...one, box: 'mine' } }),
      ])
      return { reached: reached.total, offered: offered.total, asked: asked.total }
    },
  })
  return (
    <Page title="Home" withContents={false}>
      <ForMe whenNothing="Nothing: what you asked for is decided, and none of your access ends within a week." />
      <Unread />
      <Section title="At a glance">
        <Answer query={mine} what="the numbers">
          {({ reached, offered, asked }) => (
            <ul className={classes.totals}>
              <Total
                name={reached === 0 ? 'You reach no data yet' : `Data source${reached === 1 ? '' : 's'} that you reach`}
                count={reached}
                note="why, and until when"
                link={{ to: '/people/$id', params: { id: String(id) } }}
              />
              <Total
                name={offered === 1 ? 'Data product' : 'Data products'}
                count={offered}
                note="to find and to ask for"
                link={{ to: '/marketplace' }}
              />
              <Total
                name={asked === 1 ? 'Request of yours' : 'Requests of yours'}
                count={asked}
                note="what became of them"
                link={{ to: '/requests' }}
              />
            </ul>
          )}
        </Answer>
      </Section>
    </Page>
  )
}
