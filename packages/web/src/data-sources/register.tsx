/** Registering data sources: a list, typed, pasted or picked from what lies in AWS; all of it or nothing. */

import { ApiError } from '@headgate/core/api'
import { Button, Checkbox, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { useIntegrations } from '../home/counts.ts'
import { useMe } from '../me.ts'
import { Answer, Failure } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import filters from '../ui/filters.module.css'
import { Page, Section } from '../ui/page.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { counted, sentence } from '../ui/words.ts'
import { Browse } from './browse.tsx'
import { readPastedList, withItem } from './pasted-list.ts'

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
              {id !== undefined && <Form key={id} integrationId={id} />}
            </>
          )
        }}
      </Answer>
    </Page>
  )
}

function Form({ integrationId }: { readonly integrationId: string }) {
  const governs = useMe().permissions.includes('GOVERNANCE')
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const [allowOverlap, setAllowOverlap] = useState(false)
  const [place, setPlace] = useState('')
  const { items, lines } = readPastedList(text)
  const registration = useMutation({
    mutationFn: () => {
      const overlap = allowOverlap ? { allowOverlap } : {}
      const dataSources = items.map(item => ({ ...item, ...overlap }))
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
        {governs && (
          <Checkbox
            mt="xs"
            label="Allow overlaps: whoever reaches the wider data source reads the narrower one as well"
            checked={allowOverlap}
            onChange={event => setAllowOverlap(event.currentTarget.checked)}
          />
        )}
        <Button
          mt="sm"
          disabled={items.length === 0}
          loading={registration.isPending}
          onClick={() => registration.mutate()}
        >
          Register {counted(items.length, 'data source')}
        </Button>
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
