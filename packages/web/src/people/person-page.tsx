/** One person: what is known of them, who they are in AWS, and everything that they reach and why. */
import { api, type User } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { mayCall, seesTheWhole, useMe } from '../me.ts'
import { PageAnswer } from '../ui/answer.tsx'
import { Page, Section } from '../ui/page.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { PersonAdmin } from './person-admin.tsx'
import { PersonFacts } from './person-facts.tsx'
import { PrincipalSection } from './principal-section.tsx'
import { Reached } from './reached.tsx'
import { Subscriptions } from './subscriptions.tsx'

const route = getRouteApi('/shell/people/$id')

export function PersonPage() {
  const { id } = route.useParams()
  const me = useMe()
  const person = useQuery({ queryKey: ['person', id], queryFn: () => hg.users.get({ params: { id } }) })
  return (
    <PageAnswer query={person} what={`person ${id}`}>
      {found => <Shown key={found.id} person={found} isMe={found.id === me.id} />}
    </PageAnswer>
  )
}

function Shown({ person, isMe }: { readonly person: User; readonly isMe: boolean }) {
  const me = useMe()
  return (
    <Page
      title={isMe ? 'My access' : person.name}
      above={isMe ? undefined : <Link to="/people">People</Link>}
      beside={person.disabled ? <StateBadge tone="unmapped" word="Disabled" /> : undefined}
      lead={isMe ? 'What you reach in Amazon S3, why, and what Headgate knows of you.' : person.userid}
    >
      {(isMe || seesTheWhole(me)) && (
        <Section
          title={isMe ? 'What you reach, and why' : 'What they reach, and why'}
          beside={
            <Link to="/grants" search={{ person: String(person.id) }}>
              Grants
            </Link>
          }
        >
          <Reached person={person} isMe={isMe} />
        </Section>
      )}
      {(isMe || seesTheWhole(me)) && <Subscriptions id={person.id} isMe={isMe} />}
      <PersonFacts person={person} isMe={isMe} />
      <PrincipalSection person={person} isMe={isMe} />
      {!isMe && mayCall(me, api.users.update) && <PersonAdmin person={person} />}
    </Page>
  )
}
