/** Registering data sources: a list, typed, pasted or picked from what lies in AWS; all of it or nothing. */

import { ApiError, type Integration } from '@headgate/core/api'
import { Checkbox, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { useIntegrations } from '../home/counts.ts'
import { useMe } from '../me.ts'
import { Answer, Failure, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import filters from '../ui/filters.module.css'
import forms from '../ui/form.module.css'
import { Page, Section } from '../ui/page.tsx'
import { ReadyButton } from '../ui/ready-button.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, sentence } from '../ui/words.ts'
import { Browse } from './browse.tsx'
import { readPastedList, withItem } from './pasted-list.ts'
import { type Advice, adviseRegistration } from './registration-advice.ts'

export function RegisterDataSources() {
  const integrations = useIntegrations(true)
  const [chosen, setChosen] = useState<string>()
  return (
    <Page
      title="Register data sources"
      above={<Link to="/data-sources">Data sources</Link>}
      lead="Each is one S3 scope: everything below a prefix that ends in a star, or one object."
    >
      <Answer query={integrations} what="the integrations">
        {all => {
          const usable = all.filter(({ status }) => status === 'enabled')
          const id = chosen ?? (usable.length === 1 ? usable[0]?.id : undefined)
          return (
            <>
              <search className={filters.filters}>
                <Choice
                  label="Integration"
                  none="Choose an integration"
                  value={id}
                  options={usable.map(({ id, config }) => ({ value: id, label: config.name }))}
                  onChange={setChosen}
                />
              </search>
              {id === undefined ? (
                <Unchosen count={usable.length} />
              ) : (
                <Form key={id} integrationId={id} locationPath={locationOf(usable, id)} />
              )}
            </>
          )
        }}
      </Answer>
    </Page>
  )
}

function locationOf(integrations: readonly Integration[], wanted: string): string {
  return integrations.find(({ id }) => id === wanted)?.config.awsLocationPath ?? 's3://'
}

function Unchosen({ count }: { readonly count: number }) {
  return count === 0 ? (
    <Nothing title="No integration that works">
      An application admin <Link to="/integrations">connects an AWS account</Link> first, or mends the one there is.
    </Nothing>
  ) : (
    <p className="quiet">Choose where the data lies; then pick it, or paste a list.</p>
  )
}

interface FormProps {
  readonly integrationId: string
  readonly locationPath: string
}

function Form({ integrationId, locationPath }: FormProps) {
  const governs = useMe().permissions.includes('GOVERNANCE')
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const [allowOverlap, setAllowOverlap] = useState(false)
  const [midSegment, setMidSegment] = useState(false)
  const [tag, setTag] = useState<string>()
  const [domain, setDomain] = useState<string>()
  const [place, setPlace] = useState('')
  const { items, lines } = readPastedList(text)
  const { advice, hasMidSegment } = adviseRegistration(items, { locationPath, midSegment, allowOverlap })
  const registration = useMutation({
    mutationFn: () => {
      const each = {
        ...(allowOverlap && { allowOverlap }),
        ...(midSegment && { midSegment }),
        ...(tag !== undefined && { tags: [tag] }),
        ...(domain !== undefined && { domain }),
      }
      const dataSources = items.map(item => ({ ...item, ...each }))
      return hg.nativeS3.register({ body: { type: 'Native S3', integrationId, dataSources } })
    },
    onSuccess: async () => {
      setText('')
      await queries.invalidateQueries()
    },
  })
  return (
    <>
      <Section title="What to register">
        <Textarea
          label="One a line: its prefix and, after a comma or a tab, its name"
          description="Without a name the prefix names it. Up to 10,000 at once."
          placeholder={'/teams/a/*, Team A\n/reports/2026.csv'}
          autosize
          minRows={5}
          maxRows={20}
          value={text}
          onChange={event => setText(event.currentTarget.value)}
        />
        {advice.length > 0 && <AdviceShown advice={advice} lines={lines} />}
        {hasMidSegment && (
          <Checkbox
            mt="xs"
            label="A star after part of a name is meant: demographics* takes in demographics-old/ as well"
            checked={midSegment}
            onChange={event => setMidSegment(event.currentTarget.checked)}
          />
        )}
        {governs && (
          <Checkbox
            mt="xs"
            label="Allow overlaps: whoever reaches the wider data source reads the narrower one as well"
            checked={allowOverlap}
            onChange={event => setAllowOverlap(event.currentTarget.checked)}
          />
        )}
        <ForAll tag={tag} onTag={setTag} domain={domain} onDomain={setDomain} />
        <ReadyButton
          mt="sm"
          missing={whatIsMissing(items.length, advice)}
          loading={registration.isPending}
          onClick={() => registration.mutate()}
        >
          Register {counted(items.length, 'data source')}
        </ReadyButton>
        {registration.error !== null && (
          <Refused error={registration.error} lines={lines} retry={() => registration.mutate()} />
        )}
        {registration.data !== undefined && <Registered made={registration.data} />}
      </Section>
      <Section title="Pick from AWS">
        <Browse
          integrationId={integrationId}
          prefix={place}
          onGo={setPlace}
          onPick={prefix => setText(before => withItem(before, prefix))}
        />
      </Section>
    </>
  )
}

function whatIsMissing(count: number, advice: readonly Advice[]): string | undefined {
  if (count === 0) return 'Type or paste a line first, or pick from AWS below.'
  const refused = advice.filter(({ refuses }) => refuses).length
  return refused === 0 ? undefined : `${counted(refused, 'line')} would be refused: mend what is said above.`
}

/** Lines of advice that are shown; the rest is counted. */
const mostAdvice = 20

function AdviceShown({ advice, lines }: { readonly advice: readonly Advice[]; readonly lines: readonly number[] }) {
  return (
    <section aria-label="About the list">
      <ul>
        {advice.slice(0, mostAdvice).map(({ index, message, refuses }) => (
          <li key={`${index} ${message}`} className="small">
            <StateBadge {...(refuses ? toMend : toKnow)} /> Line {lines[index]}: <ServerText text={sentence(message)} />
          </li>
        ))}
      </ul>
      {advice.length > mostAdvice && <p className="quiet small">and {advice.length - mostAdvice} more</p>}
    </section>
  )
}

const toMend = { tone: 'failed', word: 'To mend' } as const
const toKnow = { tone: 'held', word: 'To know' } as const

interface ForAllProps {
  readonly tag: string | undefined
  readonly onTag: (tag: string | undefined) => void
  readonly domain: string | undefined
  readonly onDomain: (domain: string | undefined) => void
}

/** What is given to every one of the list. */
function ForAll({ tag, onTag, domain, onDomain }: ForAllProps) {
  const tags = useQuery({ queryKey: ['tags'], queryFn: () => hg.tags.list({ query: { limit: 1000 } }) })
  const domains = useQuery({ queryKey: ['domains'], queryFn: () => hg.domains.list({ query: { limit: 1000 } }) })
  const named = (items: readonly { readonly name: string }[] = []) =>
    items.map(({ name }) => ({ value: name, label: name }))
  return (
    <div className={forms.actions} style={{ marginBlockStart: '0.75rem' }}>
      <Choice label="Tag of all" none="No tag yet" value={tag} options={named(tags.data?.items)} onChange={onTag} />
      {domains.data !== undefined && domains.data.items.length > 0 && (
        <Choice
          label="Domain of all"
          none="No domain by hand"
          value={domain}
          options={named(domains.data.items)}
          onChange={onDomain}
        />
      )}
    </div>
  )
}

interface RefusedProps {
  readonly error: Error
  /** The line of each item. */
  readonly lines: readonly number[]
  readonly retry: () => void
}

function Refused({ error, lines, retry }: RefusedProps) {
  const items = error instanceof ApiError && Array.isArray(error.body.items) ? (error.body.items as BadItem[]) : []
  if (items.length === 0) return <Failure error={error} what="the new data sources" retry={retry} />
  return (
    <div role="alert">
      <p>Nothing was registered. {counted(items.length, 'finding')}:</p>
      <ul>
        {items.map(({ index, code, message }) => (
          <li key={`${index} ${code}`}>
            Line {lines[index]}: <ServerText text={sentence(message)} />
          </li>
        ))}
      </ul>
    </div>
  )
}

interface BadItem {
  readonly index: number
  readonly code: string
  readonly message: string
}

function Registered({ made }: { readonly made: Awaited<ReturnType<typeof hg.nativeS3.register>> }) {
  const warned = made.filter(({ warnings = [] }) => warnings.length > 0)
  return (
    <div role="status">
      <p>
        {counted(made.length, 'data source')} registered. <Link to="/data-sources">Show them</Link>
      </p>
      {warned.length > 0 && (
        <ul>
          {warned.map(({ dataSourceId, dataSourceName, warnings = [] }) => (
            <li key={dataSourceId}>
              {dataSourceName}: <ServerText text={warnings.map(sentence).join('. ')} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
