/** Why a person reaches a data source, or why not: the policies asked, what each found, and what would change it. */
import type { Explained } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { readsPolicies, useMe } from '../me.ts'
import { Nothing, PageAnswer } from '../ui/answer.tsx'
import { Facts, Page, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { accessWords, grantWords } from '../ui/words.ts'
import classes from './explain.module.css'
import { Rule } from './rule.tsx'
import { fixWords, levelWords, obstacleWords } from './words.ts'

const route = getRouteApi('/shell/explain/$person/$dataSource')

export function ExplainPage() {
  const { person, dataSource } = route.useParams()
  const query = { user: person, dataSource }
  const answer = useQuery({ queryKey: ['explained', query], queryFn: () => hg.access.explain({ query }) })
  return (
    <PageAnswer query={answer} what="why there is access or none">
      {({ user, dataSources: [one] }) =>
        one === undefined ? (
          <Nothing title="Nothing is known of it" />
        ) : (
          <Shown name={user.name} user={user.id} one={one} />
        )
      }
    </PageAnswer>
  )
}

interface Props {
  readonly name: string
  readonly user: number
  readonly one: Explained
}

function Shown({ name, user, one }: Props) {
  const { dataSource, verdict, entitled, selfGiven, obstacles, grants, guardrails, members, fixes, provisioning } = one
  const reached = verdict !== 'none'
  const readsNames = readsPolicies(useMe())
  return (
    <Page
      title={`${name} and ${dataSource.name}`}
      above={
        <Link to="/people/$id" params={{ id: String(user) }}>
          {name}
        </Link>
      }
      beside={
        <StateBadge
          {...(reached ? { tone: 'active', word: levelWords(verdict) } : { tone: 'unmapped', word: 'No access' })}
        />
      }
      lead={reached ? 'Why there is access.' : 'Why there is no access.'}
    >
      <Facts
        facts={[
          [
            'Data source',
            <span key="data source">
              <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
                {dataSource.name}
              </Link>
              {dataSource.scope !== undefined && (
                <div>
                  <ScopePath scope={dataSource.scope} />
                </div>
              )}
            </span>,
          ],
          reached && [
            'Own access',
            entitled === undefined ? 'none: it is reached through what covers it' : levelWords(entitled),
          ],
          selfGiven === true && [
            'Self-given',
            <StateBadge key="self" tone="held" word={`Every reason was made by ${name} alone`} />,
          ],
          provisioning !== undefined && [
            'In AWS',
            <span key="aws">
              <StateBadge {...accessWords[provisioning.status]} />{' '}
              <span className="quiet">
                <ServerText text={provisioning.message} />
              </span>
            </span>,
          ],
          !reached && ['In AWS', <Left key="aws" user={user} dataSource={dataSource.id} />],
          obstacles.length > 0 && ['In the way', obstacles.map(one => obstacleWords[one]).join('; ')],
          fixes.length > 0 && [
            reached ? 'Would give more' : 'Would give access',
            <ul key="fixes">
              {fixes.map(fix => (
                <li key={JSON.stringify(fix)}>{fixWords(fix)}</li>
              ))}
            </ul>,
          ],
        ]}
      />
      <Policies
        title="Policies that let people in"
        none="No policy lets anybody in here."
        policies={grants}
        link={readsNames}
      />
      <Policies title="Guardrails" none="No guardrail applies here." policies={guardrails} link={readsNames} />
      {members.length > 0 && <Members members={members} />}
    </Page>
  )
}

/** What AWS holds all the same: until it is revoked, the access lasts. */
function Left({ user, dataSource }: { readonly user: number; readonly dataSource: number }) {
  const query = { userId: user, dataSourceId: dataSource, live: 'true', limit: 1 } as const
  const left = useQuery({ queryKey: ['grants', query], queryFn: () => hg.grants.list({ query }) })
  const [grant] = left.data?.items ?? []
  if (grant === undefined) return <span className="quiet">no grant</span>
  return (
    <>
      <StateBadge {...(grant.held === undefined ? grantWords[grant.state] : { tone: 'held', word: 'Held' })} />{' '}
      {grant.held !== undefined && (
        <span className="quiet">
          <ServerText text={grant.held.message} />
        </span>
      )}
    </>
  )
}

interface PoliciesProps {
  readonly title: string
  readonly none: string
  readonly policies: Explained['grants']
  readonly link: boolean
}

function Policies({ title, none, policies, link }: PoliciesProps) {
  return (
    <Section title={title}>
      {policies.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        <ul className={classes.policies}>
          {policies.map(({ id, name, version, level, holds, subscribed, via, rule }) => (
            <li key={`${id} ${via?.id}`}>
              <p className={classes.policy}>
                <StateBadge
                  {...(holds && subscribed !== false
                    ? { tone: 'active', word: 'Met' }
                    : { tone: 'unmapped', word: 'Not met' })}
                />
                {link ? (
                  <Link to="/policies/$id" params={{ id: String(id) }}>
                    {name}
                  </Link>
                ) : (
                  <strong>{name}</strong>
                )}
                <span className="quiet">
                  {levelWords(level).toLowerCase()}, version {version}
                  {via !== undefined && `, because it covers ${via.name}`}
                  {subscribed !== undefined && (subscribed ? ', subscribed' : ', not subscribed')}
                </span>
              </p>
              {rule === undefined ? <p className="quiet">It is about everyone.</p> : <Rule rule={rule} />}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function Members({ members }: { readonly members: Explained['members'] }) {
  return (
    <Section title="Added by hand">
      <ul>
        {members.map(({ id, level, group, since, until, holds }) => (
          <li key={id}>
            {levelWords(level)} {group === undefined ? 'by name' : `through the group ${group.name ?? group.id}`}
            {since !== undefined && (
              <>
                , since <RelativeTime at={since} />
              </>
            )}
            {until !== undefined && (
              <>
                , {holds ? 'ends' : 'ended'} <RelativeTime at={until} />
              </>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}
