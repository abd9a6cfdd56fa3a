/** How large the whole is. */
import { Link, type LinkProps } from '@tanstack/react-router'
import { Answer } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import { useTotals } from './counts.ts'
import classes from './home.module.css'

export function Totals() {
  const totals = useTotals()
  return (
    <Section title="At a glance">
      <Answer query={totals} what="the numbers">
        {({ people, dataSources, policies, staged, grants }) => (
          <ul className={classes.totals}>
            <Total name="People" count={people} link={{ to: '/people' }} />
            <Total name="Data sources" count={dataSources} link={{ to: '/data-sources' }} />
            <Total
              name="Policies"
              count={policies}
              note={staged > 0 ? `and ${staged} staged` : ''}
              link={{ to: '/policies' }}
            />
            <Total name="Live grants" count={grants} link={{ to: '/grants' }} />
          </ul>
        )}
      </Answer>
    </Section>
  )
}

interface TotalProps {
  readonly name: string
  readonly count: number
  readonly note?: string
  readonly link: LinkProps
}

/** A number that leads to what it counts. */
export function Total({ name, count, note = '', link }: TotalProps) {
  return (
    <li>
      <Link {...link} className={classes.total}>
        <span className={classes.count}>{count.toLocaleString('en')}</span>
        <span>{name}</span>
        {note !== '' && <span className="quiet small">{note}</span>}
      </Link>
    </li>
  )
}
