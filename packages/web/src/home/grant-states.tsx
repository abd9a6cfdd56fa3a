/** Every live grant by its state, as a bar in true proportion and as numbers that lead to the grants. */
import { Link } from '@tanstack/react-router'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { grantWords } from '../ui/words.ts'
import { type GrantCounts, liveStates, useGrantCounts } from './counts.ts'
import classes from './home.module.css'

export function GrantStates({ integrationId }: { readonly integrationId?: string }) {
  const counts = useGrantCounts(integrationId === undefined ? {} : { integrationId })
  return (
    <Section title="Grants by state">
      <Answer query={counts} what="the grants">
        {grants => <States grants={grants} integrationId={integrationId} />}
      </Answer>
    </Section>
  )
}

function States({
  grants,
  integrationId,
}: {
  readonly grants: GrantCounts
  readonly integrationId: string | undefined
}) {
  const present = liveStates.filter(state => grants[state] > 0)
  if (present.length === 0) {
    return <Nothing title="No grants yet">They appear as soon as a policy or a member lets somebody in.</Nothing>
  }
  return (
    <div className={classes.states}>
      <div className={classes.bar} aria-hidden="true">
        {present.map(state => (
          <span key={state} data-tone={grantWords[state].tone} style={{ flexGrow: grants[state] }} />
        ))}
      </div>
      <ul className={classes.stateList}>
        {present.map(state => (
          <li key={state}>
            <Link
              to="/grants"
              search={{ state, ...(integrationId !== undefined && { integration: integrationId }) }}
              className={classes.state}
            >
              <StateBadge {...grantWords[state]} />
              <span>{grants[state].toLocaleString('en')}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}
