/** One request on one page: who asks for what and why, what an approval would do, what was decided and said. */
import type { AccessRequestDetail } from '@headgate/core/api'
import { Button, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { PageAnswer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import forms from '../ui/form.module.css'
import { Facts, Page, Section } from '../ui/page.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { durationWords } from '../ui/words.ts'
import { WriteForm } from '../ui/write-form.tsx'
import { Comments } from './comments.tsx'
import { Review } from './review.tsx'
import { criterionWords, stageSentence } from './review-words.ts'
import { requestWords, subjectOf, whyNotWords, wishOf } from './words.ts'

export function RequestPage() {
  const { id } = useParams({ from: '/shell/requests/$id' })
  const request = useQuery({ queryKey: ['requests', id], queryFn: () => hg.requests.get({ params: { id } }) })
  return (
    <PageAnswer query={request} what="the request">
      {found => (
        <Page
          title={`${found.for.name} asks for ${subjectOf(found)}`}
          above={<Link to="/requests">Requests</Link>}
          beside={<StateBadge {...requestWords[found.state]} />}
          lead={`${found.extension ? 'An extension: ' : ''}${wishOf(found)}.`}
        >
          <About request={found} />
          {found.you.decide && <Review id={found.id} />}
          {found.state === 'pending' && !found.you.decide && found.you.why !== undefined && (
            <p className="quiet">{whyNotWords(found.you.why)}</p>
          )}
          <Decisions request={found} />
          <Ways request={found} />
          <Comments id={found.id} mayComment={found.state === 'pending'} />
        </Page>
      )}
    </PageAnswer>
  )
}

function About({ request }: { readonly request: AccessRequestDetail }) {
  const { dataProduct, for: person, by, onBehalf, createdAt, expiresAt, stage, stages, until, ended } = request
  const open = stages[(stage?.number ?? 0) - 1]
  return (
    <Facts
      facts={[
        dataProduct !== undefined && [
          'Data product',
          <Link key="product" to="/marketplace/$id" params={{ id: dataProduct.id }}>
            {dataProduct.name}
          </Link>,
        ],
        [
          'For',
          <PersonName key="for" name={person.name} userid={person.userid}>
            {shown => shown}
          </PersonName>,
        ],
        onBehalf !== undefined && ['Asked by', `${by.name}, for a ${onBehalf === 'service' ? 'service' : 'role'}`],
        ['Asked', <RelativeTime key="asked" at={createdAt} />],
        ...request.answers.map(
          ({ label, answer }) => [label, Array.isArray(answer) ? answer.join(', ') : String(answer)] as const,
        ),
        request.agreements.length > 0 && [
          'Accepted',
          request.agreements.map(({ name, version }) => `${name} (version ${version})`).join(', '),
        ],
        open !== undefined && [
          stages.length > 1 ? `Stage ${stage?.number} of ${stages.length}` : 'Who decides',
          stageSentence(open.match, open.criteria.map(criterionWords)),
        ],
        expiresAt !== undefined && ['Over, if nobody decides', <RelativeTime key="over" at={expiresAt} />],
        until !== undefined && ['Access until', <RelativeTime key="until" at={until} />],
        ended !== undefined && [
          'Ended',
          <span key="ended">
            <RelativeTime at={ended.at} />
            {ended.by !== undefined && ` by ${ended.by.name}`}
            {ended.reason !== undefined && `: ${ended.reason}`}
          </span>,
        ],
      ]}
    />
  )
}

function Decisions({ request: { decisions, stages } }: { readonly request: AccessRequestDetail }) {
  if (stages.length === 0) return <p className="quiet">A rule of the review flow approved it at once.</p>
  if (decisions.length === 0) return null
  return (
    <Section title="Decisions">
      <DataTable
        caption="Decisions"
        rows={decisions}
        rowKey={({ stage, by }) => `${stage} ${by.id}`}
        columns={[
          {
            name: 'Who',
            cell: ({ by, criteria }) => (
              <>
                {by.name}
                <div className="quiet small">{criteria.map(criterionWords).join('; ')}</div>
              </>
            ),
          },
          {
            name: 'Decision',
            width: '22%',
            cell: ({ verdict }) =>
              verdict === 'approve' ? (
                <StateBadge tone="active" word="Approved" />
              ) : (
                <StateBadge tone="failed" word="Denied" />
              ),
          },
          {
            name: 'Why, and for how long',
            width: '34%',
            cell: ({ reason, duration, withoutEnd }) => (
              <>
                {reason ?? <span className="quiet">no reason given</span>}
                {(duration !== undefined || withoutEnd) && (
                  <div className="quiet small">
                    {withoutEnd ? 'without an end' : `for ${durationWords(duration ?? '')}`}
                  </div>
                )}
              </>
            ),
          },
          { name: 'When', width: '14%', cell: ({ at }) => <RelativeTime at={at} /> },
        ]}
      />
    </Section>
  )
}

/** What the reader may do besides deciding. */
function Ways({ request: { id, you } }: { readonly request: AccessRequestDetail }) {
  const [reason, setReason] = useState('')
  const [duration, setDuration] = useState('30d')
  const params = { id }
  const cancel = useWrite(() => hg.requests.cancel({ params, body: {} }))
  const revoke = useWrite(() => hg.requests.revoke({ params, body: { reason: reason.trim() } }))
  const extend = useWrite(() => hg.requests.extend({ params, body: { duration: duration.trim() } }))
  if (!you.cancel && !you.revoke && !you.extend) return null
  return (
    <Section title="What you can do">
      {you.extend && (
        <WriteForm write={extend} verb="Ask for longer" disabled={duration.trim() === ''}>
          <TextInput
            label="For how long, from now"
            value={duration}
            onChange={event => setDuration(event.currentTarget.value)}
          />
        </WriteForm>
      )}
      {extend.data !== undefined && (
        <p aria-live="polite">
          Asked.{' '}
          <Link to="/requests/$id" params={{ id: String(extend.data.id) }}>
            See the new request
          </Link>
        </p>
      )}
      {you.cancel && (
        <div className={forms.actions}>
          <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel the request
          </Button>
          <Refusal error={cancel.error} />
        </div>
      )}
      {you.revoke && (
        <>
          <p className="quiet">
            Revoking ends the access that this request gave; what other reasons give stays, and credentials that AWS
            vended before work until they end.
          </p>
          <WriteForm write={revoke} verb="Revoke the access" disabled={reason.trim() === ''}>
            <Textarea
              label="Why"
              autosize
              maxLength={1000}
              value={reason}
              onChange={event => setReason(event.currentTarget.value)}
            />
          </WriteForm>
          {revoke.data !== undefined && revoke.data.stillGivenBy.length > 0 && (
            <p aria-live="polite">
              They keep access by{' '}
              {revoke.data.stillGivenBy.map(({ id: other }) => (
                <Link key={other} to="/requests/$id" params={{ id: String(other) }}>
                  request {other}
                </Link>
              ))}
              .
            </p>
          )}
        </>
      )}
    </Section>
  )
}
