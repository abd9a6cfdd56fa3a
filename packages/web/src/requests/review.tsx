/** What there is to know before deciding, and the decision itself. */
import { Button, Checkbox, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment, useState } from 'react'
import { hg } from '../api.ts'
import { AccessStatusTable } from '../marketplace/access-status.tsx'
import { Answer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Facts, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { criterionWords } from './review-words.ts'

type Found = Awaited<ReturnType<typeof hg.requests.review>>

export function Review({ id }: { readonly id: number }) {
  const review = useQuery({
    queryKey: ['requests', id, 'review'],
    queryFn: () => hg.requests.review({ params: { id } }),
  })
  return (
    <>
      <Section title="What an approval would do">
        <Answer query={review} what="what an approval would do">
          {found => <Effect review={found} />}
        </Answer>
      </Section>
      <Decide id={id} />
    </>
  )
}

function Effect({ review: { effect, advice, alike, pastDecisions, deciders, stuck } }: { readonly review: Found }) {
  return (
    <>
      <Facts
        facts={[
          ['Reaches', `${counted(effect.gained, 'data source')} more`],
          [
            'In AWS',
            effect.integrations.length === 0
              ? 'nothing to create'
              : effect.integrations.map(({ integrationId, name, grants, unmapped, quota }) => (
                  <Fragment key={integrationId}>
                    <div>
                      {counted(grants.create, 'grant')} to create in {name}
                      {unmapped > 0 && ': they have no AWS principal there, so that nothing reaches them yet'}
                    </div>
                    <div className="quiet small">
                      {quota.usedAfter.toLocaleString('en')} of {quota.of.toLocaleString('en')} grants used then
                    </div>
                  </Fragment>
                )),
          ],
          [
            'People alike',
            alike.approved + alike.denied === 0
              ? 'nobody of their groups has asked for this before'
              : `of people in their groups ${alike.approved} were approved and ${alike.denied} denied`,
          ],
          [
            'Who can decide',
            deciders.map(({ criterion, count }) => (
              <div key={criterion}>
                {criterionWords(criterion)}: {count === 0 ? 'nobody' : counted(count, 'person', 'people')}
              </div>
            )),
          ],
          stuck && ['Stuck', 'nobody else can complete this stage'],
        ]}
      />
      <AccessStatusTable status={{ dataSources: effect.dataSources, advice }} />
      {pastDecisions.length > 0 && (
        <details>
          <summary>{counted(pastDecisions.length, 'earlier decision')} about the same</summary>
          <ul>
            {pastDecisions.map(({ request, for: person, verdict, reason, at }) => (
              <li key={request}>
                <Link to="/requests/$id" params={{ id: String(request) }}>
                  {person.name}
                </Link>{' '}
                was {verdict === 'approve' ? 'approved' : 'denied'} <RelativeTime at={at} />
                {reason !== undefined && `: ${reason}`}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

function Decide({ id }: { readonly id: number }) {
  const [reason, setReason] = useState('')
  const [duration, setDuration] = useState('')
  const [forEver, setForEver] = useState(false)
  const decide = useWrite((verdict: 'approve' | 'deny') => {
    const said = reason.trim()
    const bound = duration.trim()
    return hg.requests.decide({
      params: { id },
      body: {
        verdict,
        ...(said !== '' && { reason: said }),
        ...(verdict === 'approve' && forEver && { withoutEnd: true }),
        ...(verdict === 'approve' && !forEver && bound !== '' && { duration: bound }),
      },
    })
  })
  return (
    <Section title="Your decision">
      <div className={forms.fields}>
        <Textarea
          label="Why"
          description="Needed to deny; whoever asked reads it. A decision stays as it is."
          autosize
          minRows={2}
          maxLength={1000}
          value={reason}
          onChange={event => setReason(event.currentTarget.value)}
        />
        <div className={forms.row}>
          <TextInput
            label="For how long"
            placeholder="as asked for"
            description="Such as 7d; the shortest of all decisions counts."
            value={duration}
            disabled={forEver}
            onChange={event => setDuration(event.currentTarget.value)}
          />
          <Checkbox
            label="Without an end"
            checked={forEver}
            onChange={event => setForEver(event.currentTarget.checked)}
          />
        </div>
        <div className={forms.actions}>
          <Button loading={decide.isPending} onClick={() => decide.mutate('approve')}>
            Approve
          </Button>
          <Button
            variant="default"
            disabled={reason.trim() === ''}
            loading={decide.isPending}
            onClick={() => decide.mutate('deny')}
          >
            Deny
          </Button>
        </div>
        <Refusal error={decide.error} />
      </div>
    </Section>
  )
}
