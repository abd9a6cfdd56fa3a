/** A data source that one may find and does not reach: its name, what it is, and why one does not reach it. */
import { type Explained, guardrailsInTheWay } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import access from '../access/access.module.css'
import { Fixes } from '../access/fixes.tsx'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { Answer, PageAnswer } from '../ui/answer.tsx'
import { Page, Section } from '../ui/page.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { TagChips } from '../ui/tag-chips.tsx'
import { AskForIt } from './ask-for-it.tsx'
import { OwnSubscription } from './subscription.tsx'

const route = getRouteApi('/shell/find/$id')

export function FoundPage() {
  const { id } = route.useParams()
  const found = useQuery({ queryKey: ['found', id], queryFn: () => hg.subscriptions.find({ params: { id } }) })
  return (
    <PageAnswer query={found} what={`data source ${id}`}>
      {({ name, description, tags }) => (
        <Page
          title={name}
          above={<Link to="/find">Find data</Link>}
          lead={description === '' ? undefined : description}
        >
          <TagChips tags={tags} />
          <OwnSubscription id={id} />
          <AskForIt id={id} />
          <WhyNot id={id} />
        </Page>
      )}
    </PageAnswer>
  )
}

function WhyNot({ id }: { readonly id: string }) {
  const { id: user } = useMe()
  const answer = useQuery({
    queryKey: ['explain', user, id],
    queryFn: () => hg.access.explain({ query: { user, dataSource: id } }),
  })
  return (
    <Answer query={answer} what="the reasons">
      {({ dataSources: [explained] }) =>
        explained === undefined ? null : (
          <>
            <Verdict explained={explained} />
            <Fixes one={explained} user={user} isOnItsPage />
          </>
        )
      }
    </Answer>
  )
}

function Verdict({ explained }: { readonly explained: Explained }) {
  const { verdict, grants } = explained
  const open = grants.filter(({ holds }) => !holds)
  const shut = guardrailsInTheWay(explained)
  const isReached = verdict !== 'none'
  return (
    <Section title={isReached ? 'What you reach of it' : 'Why you do not reach it'}>
      {isReached && <p>You may {verdict === 'WRITE' ? 'read and write' : 'read'} it.</p>}
      {!isReached && open.length + shut.length === 0 && <p>No policy is about it that could let you in.</p>}
      {!isReached && (
        <ul className={access.fixes}>
          {open.map(({ id, name }) => (
            <li key={id}>
              <StateBadge tone="unmapped" word="Not met" /> The policy <strong>{name}</strong> does not let you in.
            </li>
          ))}
          {shut.map(({ id, name, via }) => (
            <li key={`${id} ${via?.id}`}>
              <StateBadge tone="failed" word="In the way" /> You do not meet the guardrail <strong>{name}</strong>.
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
