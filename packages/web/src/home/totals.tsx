/** How large the whole is. */
import { Link } from '@tanstack/react-router'
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
            <Total name="People" count={people} to="/people" />
            <Total name="Data sources" count={dataSources} to="/data-sources" />
            <Total name="Policies" count={policies} note={staged > 0 ? `and ${staged} staged` : ''} to="/policies" />
            <Total name="Live grants" count={grants} to="/grants" />
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
  readonly to: '/people' | '/data-sources' | '/policies' | '/grants'
}

function Total({ name, count, note = '', to }: TotalProps) {
  return (
    <li>
      <Link to={to} className={classes.total}>
        <span className={classes.count}>{count.toLocaleString('en')}</span>
        <span>{name}</span>
        {note !== '' && <span className="quiet small">{note}</span>}
      </Link>
    </li>
  )
}
