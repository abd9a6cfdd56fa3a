/** One policy: what it applies to, whom it takes, its expression with what is odd about it. */
import type { Policy } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { PageAnswer } from '../ui/answer.tsx'
import { Facts, Page, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, policyKindWords, policyStateWords } from '../ui/words.ts'
import { AppliesTo } from './applies-to.tsx'
import { PolicyActions } from './policy-actions.tsx'
import classes from './policy-page.module.css'
import { PolicyVersions } from './policy-versions.tsx'
import { useDataSourceCount } from './use-data-source-count.ts'
import { WhoTakes } from './who-takes.tsx'

const route = getRouteApi('/shell/policies/$id')

export function PolicyPage() {
  const { id } = route.useParams()
  const policy = useQuery({ queryKey: ['policy', id], queryFn: () => hg.policies.get({ params: { id } }) })
  return (
    <PageAnswer query={policy} what={`policy ${id}`}>
      {found => <Shown policy={found} />}
    </PageAnswer>
  )
}

function Shown({ policy }: { readonly policy: Policy }) {
  const me = useMe()
  // Those who look after a domain or a data source may change its policies; who may not is told so by the answer.
  const mayChange =
    me.permissions.includes('GOVERNANCE') || policy.domain !== undefined || policy.dataSource !== undefined
  return (
    <Page
      title={policy.name}
      above={<Link to="/policies">Policies</Link>}
      beside={<StateBadge {...policyStateWords[policy.state]} />}
      lead={policy.description === '' ? undefined : <ServerText text={policy.description} />}
    >
      <Facts
        facts={[
          ['Kind', policyKindWords[policy.kind]],
          ['Level', policy.level === 'WRITE' ? 'Write, which includes delete' : 'Read'],
          ['Applies to', <Applies key="applies" policy={policy} />],
          ['Reach', <Reach key="reach" policy={policy} />],
          policy.subscribe === 'manual' && ['Subscribing', 'who qualifies is let in once they subscribe'],
          policy.discoverable && ['May be found', 'by everybody, also those who do not qualify'],
          ['Version', String(policy.version)],
          ['Created', <Created key="created" policy={policy} />],
          ['Changed', <RelativeTime key="changed" at={policy.updatedAt} />],
          policy.protected && ['Protected', 'part of Headgate: nobody changes it'],
        ]}
      />
      <Section title={policy.kind === 'grant' ? 'Who is let in' : 'What everyone must meet'}>
        <WhoTakes who={policy.who} kind={policy.kind} />
      </Section>
      {policy.warnings.length > 0 && <Warnings warnings={policy.warnings} />}
      {policy.protected && (
        <Section title="Why it cannot be changed">
          <p>It is part of Headgate: the marketplace gives access by it, so nobody edits or deletes it.</p>
        </Section>
      )}
      {mayChange && !policy.protected ? <PolicyActions policy={policy} /> : <PolicyVersions policy={policy} />}
    </Page>
  )
}

function Applies({ policy: { appliesTo, domain, dataSource } }: { readonly policy: Policy }) {
  const isGlobal = domain === undefined && dataSource === undefined
  const count = useDataSourceCount(isGlobal ? appliesTo : undefined)
  return (
    <>
      <AppliesTo appliesTo={appliesTo} />
      {count !== undefined && <div className="quiet small">{counted(count, 'data source')} now</div>}
    </>
  )
}

/** How far its authority goes. */
function Reach({ policy: { domain, dataSource } }: { readonly policy: Policy }) {
  if (domain !== undefined) {
    return (
      <Link to="/domains/$name" params={{ name: domain }}>
        the domain {domain}
      </Link>
    )
  }
  if (dataSource === undefined) return 'everywhere'
  return (
    <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
      the data source {dataSource.name}
    </Link>
  )
}

function Created({ policy }: { readonly policy: Policy }) {
  return (
    <>
      by {policy.createdBy}, <RelativeTime at={policy.createdAt} />
    </>
  )
}

function Warnings({ warnings }: { readonly warnings: Policy['warnings'] }) {
  return (
    <Section title="Warnings" beside={<StateBadge tone="held" word="Look at these" />}>
      <ul className={classes.warnings}>
        {warnings.map(({ code, message, line, column }) => (
          <li key={`${code} ${line} ${column}`}>
            <span className="quiet">
              Line {line}, column {column}:
            </span>{' '}
            <ServerText text={message} />
          </li>
        ))}
      </ul>
    </Section>
  )
}
