/** Why a person reaches a data source, or why not: a sentence, the map, the policies asked, what would change it. */
import type { Explained } from '@headgate/core/api'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { hg } from '../api.ts'
import { readsPolicies, useMe } from '../me.ts'
import { Waiting } from '../ui/answer.tsx'
import { Facts, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { accessWords, counted, grantWords } from '../ui/words.ts'
import classes from './access.module.css'
import { Fixes } from './fixes.tsx'
import { mapOf } from './map.ts'
import { MapTable } from './map-table.tsx'
import { Rule } from './rule.tsx'
import { levelWords } from './words.ts'

/** A drawing is large: only who looks at one loads what draws it. */
const AccessMap = lazy(() => import('./access-map.tsx').then(({ AccessMap }) => ({ default: AccessMap })))

interface Props {
  readonly user: { readonly id: number; readonly name: string }
  readonly one: Explained
}

export function Explanation({ user, one }: Props) {
  const { dataSource, verdict, entitled, selfGiven, grants, guardrails, members, provisioning } = one
  const reached = verdict !== 'none'
  const readsNames = readsPolicies(useMe())
  return (
    <>
      <Section title={verdictWords(user.name, one)}>
        <Facts
          facts={[
            [
              'Verdict',
              <StateBadge
                key="verdict"
                {...(reached ? { tone: 'active', word: levelWords(verdict) } : { tone: 'unmapped', word: 'No access' })}
              />,
            ],
            [
              'Person',
              <Link key="person" to="/people/$id" params={{ id: String(user.id) }}>
                {user.name}
              </Link>,
            ],
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
              <StateBadge key="self" tone="held" word={`Every reason was made by ${user.name} alone`} />,
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
            !reached && ['In AWS', <Left key="aws" user={user.id} dataSource={dataSource.id} />],
          ]}
        />
      </Section>
      <Fixes one={one} user={user.id} />
      <Way user={user} one={one} />
      <Policies
        title="Policies that let people in"
        none="No policy lets anybody in here."
        policies={grants}
        link={readsNames}
      />
      <Policies title="Guardrails" none="No guardrail applies here." policies={guardrails} link={readsNames} />
      {members.length > 0 && <Members members={members} />}
    </>
  )
}

/** `Ann Lee can read Claims.` */
function verdictWords(name: string, { verdict, dataSource, provisioning, because }: Explained): string {
  if (verdict === 'none') return `${name} has no access to ${dataSource.name}`
  const may = `${name} may ${verdict === 'WRITE' ? 'read and write' : 'read'} ${dataSource.name}`
  const reasons = because.length > 1 ? `, for ${counted(because.length, 'reason')}` : ''
  const isThere = provisioning === undefined || ['active', 'covered', 'via'].includes(provisioning.status)
  return isThere ? `${may}${reasons}` : `${may}${reasons}, but AWS does not have it yet`
}

function Way({ user, one }: Props) {
  const me = useMe()
  const { id } = one.dataSource
  // Who may only find it is not told how policies come to apply; the map does without.
  const source = useQuery({
    queryKey: ['data source', String(id)],
    queryFn: () => hg.dataSources.get({ params: { id } }),
    enabled: one.dataSource.scope !== undefined,
  })
  const live = { userId: user.id, dataSourceId: id, live: 'true', limit: 10 } as const
  const grants = useQuery({ queryKey: ['grants', live], queryFn: () => hg.grants.list({ query: live }) })
  const isWide = useMediaQuery('(min-width: 62em)', window.matchMedia('(min-width: 62em)').matches)
  const why = new Map(
    (source.data?.policies ?? []).flatMap(policy =>
      policy.via === undefined ? [[String(policy.id), policy.why.replaceAll('`', '')] as const] : [],
    ),
  )
  const map = mapOf({ person: user, explained: one, why, grants: grants.data?.items ?? [] })
  return (
    <Section title={user.id === me.id ? 'How you come to it' : 'How they come to it'}>
      {map.leftOut > 0 && <p className="quiet">{counted(map.leftOut, 'more rule')} below.</p>}
      {isWide && (
        <Suspense fallback={<Waiting text="Drawing the map …" />}>
          <AccessMap map={map} />
        </Suspense>
      )}
      {isWide ? (
        <details>
          <summary className="quiet">The same as a table</summary>
          <MapTable map={map} />
        </details>
      ) : (
        <MapTable map={map} />
      )}
    </Section>
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
