/** A data source that one may find and does not reach: its name, what it is, and why one does not reach it. */
import type { Explained } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { Answer, PageAnswer } from '../ui/answer.tsx'
import { Page, Section } from '../ui/page.tsx'
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
    <Section title="Why you do or do not reach it">
      <Answer query={answer} what="the reasons">
        {({ dataSources: [explained] }) => (explained === undefined ? null : <Verdict explained={explained} />)}
      </Answer>
    </Section>
  )
}

function Verdict({ explained: { verdict, grants, guardrails, fixes } }: { readonly explained: Explained }) {
  const open = grants.filter(({ holds }) => !holds)
  const shut = guardrails.filter(({ holds }) => !holds)
  return (
    <>
      <p>{verdict === 'none' ? 'You do not reach it.' : `You may ${verdict === 'WRITE' ? 'write' : 'read'} it.`}</p>
      <ul>
        {open.map(({ id, name }) => (
          <li key={id}>The policy {name} does not let you in.</li>
        ))}
        {shut.map(({ id, name, via }) => (
          <li key={`${id} ${via?.id}`}>You do not meet the guardrail {name}.</li>
        ))}
        {fixes.map(fix => (
          <li key={JSON.stringify(fix)}>{fixWords(fix)} would change that.</li>
        ))}
      </ul>
    </>
  )
}

function fixWords({ fix, key, value, group, principal, level, product }: Explained['fixes'][number]): string {
  const attribute = value === undefined ? `${key}` : `${key}: ${value}`
  switch (fix) {
    case 'giveAttribute':
      return `The attribute ${attribute}`
    case 'takeAttribute':
      return `Losing the attribute ${attribute}`
    case 'joinGroup':
      return `Joining the group ${group}`
    case 'leaveGroup':
      return `Leaving the group ${group}`
    case 'map':
      return `An AWS principal of yours (${principal})`
    case 'addMember':
      return `Being added as a member who may ${level === 'WRITE' ? 'write' : 'read'}`
    case 'requestProduct':
      return `Asking for the data product ${product} (${level})`
    case 'request':
      return `Asking for it (${level})`
    case 'subscribe':
      return 'Subscribing'
  }
}
