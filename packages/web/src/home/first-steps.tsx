/** From nothing to the first grant: each step's state is read from the facts, and all are gone once AWS holds a grant. */
import { api, type User } from '@headgate/core/api'
import { IconCircle, IconCircleCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Section } from '../ui/page.tsx'
import classes from './home.module.css'

const one = { limit: 1 } as const

export function FirstSteps() {
  const me = useMe()
  const done = useQuery({ queryKey: ['first steps'], queryFn: () => stepsDone(me) })
  // Whoever comes later never sees them, not even while their answer is on its way.
  if (done.data === undefined || done.data.granted) return null
  const steps = stepsFor(me, done.data)
  const next = steps.findIndex(({ isDone }) => !isDone)
  return (
    <Section title="First steps">
      <p className="quiet">
        {steps.filter(({ isDone }) => isDone).length} of {steps.length} done. The last one is Headgate's: it makes the
        grant in AWS by itself.
      </p>
      <ol className={classes.steps}>
        {steps.map(({ name, isDone, why, link, who }, place) => (
          <li key={name} className={classes.step} data-done={isDone} aria-current={place === next ? 'step' : undefined}>
            {isDone ? <IconCircleCheck size={20} aria-hidden="true" /> : <IconCircle size={20} aria-hidden="true" />}
            <div>
              <p>
                <strong>{name}</strong> <span className="quiet small">{isDone ? 'done' : 'not yet'}</span>
              </p>
              {!isDone && (
                <p className="quiet">
                  {why} {link === undefined ? who : <Link {...link.to}>{link.words}</Link>}
                </p>
              )}
            </div>
          </li>
        ))}
      </ol>
    </Section>
  )
}

interface Done {
  readonly connected: boolean
  readonly registered: boolean
  readonly mapped: boolean
  readonly letIn: boolean
  readonly granted: boolean
}

async function stepsDone(me: User): Promise<Done> {
  const held = await Promise.all(
    (['active', 'revoking', 'revoked'] as const).map(state => hg.grants.list({ query: { ...one, state } })),
  )
  const granted = held.some(({ total }) => total > 0)
  if (granted) return { connected: true, registered: true, mapped: true, letIn: true, granted }
  const [integrations, dataSources, people, unmapped, policies, reached] = await Promise.all([
    mayCall(me, api.integrations.list) ? hg.integrations.list() : [],
    hg.dataSources.list({ query: { ...one, state: 'active' } }),
    hg.users.list({ query: one }),
    hg.users.list({ query: { ...one, unmapped: 'true' } }),
    hg.policies.list({ query: { limit: 50, state: 'active' } }),
    hg.pastAccess.at({ query: one }),
  ])
  return {
    connected: integrations.some(({ status }) => status === 'enabled') || dataSources.total > 0,
    registered: dataSources.total > 0,
    mapped: people.total > unmapped.total,
    // The marketplace's own policies are there from the start.
    letIn: reached.items.length > 0 || policies.items.some(policy => policy.kind === 'grant' && !policy.protected),
    granted,
  }
}

interface Step {
  readonly name: string
  readonly isDone: boolean
  readonly why: string
  /** For whoever may do it. */
  readonly link: { readonly to: LinkProps; readonly words: string } | undefined
  /** For everybody else. */
  readonly who: string
}

function stepsFor(me: User, { connected, registered, mapped, letIn, granted }: Done): readonly Step[] {
  const open = (may: boolean, to: LinkProps, words: string) => (may ? { to, words } : undefined)
  return [
    {
      name: 'Connect an AWS account',
      isDone: connected,
      why: 'Headgate makes grants in one location of it, and in nothing else.',
      link: open(mayCall(me, api.integrations.create), { to: '/integrations/new' }, 'Connect one'),
      who: 'An application admin does that.',
    },
    {
      name: 'Register a data source',
      isDone: registered,
      why: 'A bucket, a prefix or an object in that location.',
      link: open(mayCall(me, api.nativeS3.register), { to: '/data-sources/register' }, 'Register some'),
      who: 'A data owner does that.',
    },
    {
      name: 'Say who people are in AWS',
      isDone: mapped,
      why: 'A person with an IAM user, an IAM role or an Identity Center user can be given a grant.',
      link: open(mayCall(me, api.users.update), { to: '/people' }, 'Choose a person'),
      who: 'A user admin does that.',
    },
    {
      name: 'Let somebody in',
      isDone: letIn,
      why: 'A policy over attributes and tags, or a member added to one data source.',
      link: open(me.permissions.includes('GOVERNANCE'), { to: '/policies/new' }, 'Write a policy'),
      who: 'A governor does that.',
    },
    {
      name: 'The first grant is in AWS',
      isDone: granted,
      why: 'Made within seconds of the steps before.',
      link: open(mayCall(me, api.runs.list), { to: '/runs' }, 'Watch the runs'),
      who: '',
    },
  ]
}
