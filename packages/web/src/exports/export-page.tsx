/** One access summary export: where and when, runs now and of the past, its history, a test, its change and end. */
import type { AccessExport } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { PageAnswer } from '../ui/answer.tsx'
import { Page } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { EditSection } from './edit-section.tsx'
import { History } from './history.tsx'
import { RemoveExport } from './remove-export.tsx'
import { RunSection } from './run-section.tsx'
import { SetupSection } from './setup-section.tsx'
import { SummarySettings, settingsBody, settingsOf, usualTime } from './summary-settings.tsx'
import { TargetFacts } from './target-facts.tsx'
import { editOf, typedOf } from './target-fields.tsx'
import { TargetForm } from './target-form.tsx'
import { TestSection } from './target-test.tsx'
import { formatWords, placeWords, runWords, scheduleWords } from './words.ts'

const route = getRouteApi('/shell/exports/$id')

export function ExportPage() {
  const { id } = route.useParams()
  const found = useQuery({ queryKey: ['export', id], queryFn: () => hg.accessExports.get({ params: { id } }) })
  return (
    <PageAnswer query={found} what={`export ${id}`}>
      {one => <Shown key={one.id} one={one} />}
    </PageAnswer>
  )
}

function Shown({ one }: { readonly one: AccessExport }) {
  const { id, format, schedule, timeZone, nextRunAt, lastRun } = one
  const params = { id: String(id) }
  return (
    <Page
      title={placeWords(one)}
      above={<Link to="/exports">Exports</Link>}
      beside={lastRun !== undefined && <StateBadge {...runWords(lastRun)} />}
      lead="The access summary: who has what, and why."
    >
      <TargetFacts
        target={one}
        more={[
          ['Format', formatWords[format]],
          ['When', `${scheduleWords(schedule)}, ${timeZone}`],
          ['Next run', <RelativeTime key="next" at={nextRunAt} />],
        ]}
      />
      <RunSection id={params.id} />
      <History id={params.id} />
      <TestSection ask={() => hg.accessExports.test({ params })} />
      <SetupSection id={params.id} ask={() => hg.accessExports.setup({ params })} />
      <EditSection path={`/exports/access-summary/${id}`} ask={() => hg.accessExports.get({ params })}>
        {(stored, version, close) => <Form one={stored} version={version} close={close} />}
      </EditSection>
      <RemoveExport write={() => hg.accessExports.remove({ params })} />
    </Page>
  )
}

interface FormProps {
  readonly one: AccessExport
  readonly version: string
  readonly close: () => void
}

function Form({ one, version, close }: FormProps) {
  const [typed, setTyped] = useState(typedOf(one))
  const [settings, setSettings] = useState(settingsOf(one))
  const save = useWrite(() => {
    const body = editOf(typed, settingsBody(settings))
    return hg.accessExports.replace({ params: { id: one.id }, ifMatch: version, body })
  }, close)
  return (
    <TargetForm
      typed={typed}
      onChange={setTyped}
      storedKeyId={one.accessKeyId}
      write={save}
      verb="Try it and save it"
      leave={close}
    >
      <SummarySettings typed={settings} onChange={setSettings} usual={usualTime(typed.method)} />
    </TargetForm>
  )
}
