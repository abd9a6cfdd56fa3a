/** What somebody has to look into: integrations that fail, grants that AWS refuses, principals that it does not know. */
import { api, type Integration } from '@headgate/core/api'
import { IconCircleCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { mayCall, useMe } from '../me.ts'
import { useRestraints } from '../restraint/restraints.ts'
import { Answer } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, grantWords, integrationWords } from '../ui/words.ts'
import { type GrantCounts, isInTrouble, useGrantCounts, useIntegrations } from './counts.ts'
import classes from './home.module.css'

const troubled = ['createFailed', 'revokeFailed', 'waitingForPrincipal'] as const

export function Waiting() {
  const me = useMe()
  const seesIntegrations = mayCall(me, api.integrations.list)
  const counts = useGrantCounts()
  const integrations = useIntegrations(seesIntegrations)
  const restraints = useRestraints()
  const held = restraints.data?.reduce((sum, one) => sum + one.held.byBrake + one.held.byMode, 0) ?? 0
  return (
    <Section title="What needs looking after">
      <Answer query={counts} what="the grants">
        {grants => <WaitingList grants={grants} integrations={integrations.data ?? []} held={held} />}
      </Answer>
    </Section>
  )
}

function WaitingList({
  grants,
  integrations,
  held,
}: {
  readonly grants: GrantCounts
  readonly integrations: readonly Integration[]
  readonly held: number
}) {
  const failing = integrations.filter(({ status }) => isInTrouble(status))
  const states = troubled.filter(state => grants[state] > 0)
  if (failing.length + states.length + held === 0) {
    return (
      <p className={classes.allWell}>
        <IconCircleCheck size={20} aria-hidden="true" />
        Nothing: every integration is well, and AWS has taken every grant.
      </p>
    )
  }
  return (
    <ul className={classes.waiting}>
      {failing.map(({ id, status, config, statusMessage }) => (
        <li key={id}>
          <StateBadge {...integrationWords[status]} />
          <span>
            Integration{' '}
            <Link to="/integrations/$id" params={{ id }}>
              {config.name}
            </Link>
            {statusMessage !== undefined && (
              <>
                : <ServerText text={statusMessage} />
              </>
            )}
          </span>
        </li>
      ))}
      {held > 0 && (
        <li>
          <StateBadge tone="held" word="Held" />
          <Link to="/grants" search={{ state: 'held' }}>
            {counted(held, 'revocation')}
          </Link>
        </li>
      )}
      {states.map(state => (
        <li key={state}>
          <StateBadge {...grantWords[state]} />
          <Link to="/grants" search={{ state }}>
            {counted(grants[state], 'grant')}
          </Link>
        </li>
      ))}
    </ul>
  )
}
