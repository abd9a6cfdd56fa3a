/** One export of the audit trail: where and how often, how far it is, its objects, a test, its change and end. */
import type { AuditExport } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { PageAnswer } from '../ui/answer.tsx'
import { Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { AuditObjects } from './audit-objects.tsx'
import { AuditSettings, type TypedTrail } from './audit-settings.tsx'
import { EditSection } from './edit-section.tsx'
import { RemoveExport } from './remove-export.tsx'
import { SetupSection } from './setup-section.tsx'
import { TargetFacts } from './target-facts.tsx'
import { editOf, typedOf } from './target-fields.tsx'
import { TargetForm } from './target-form.tsx'
import { TestSection } from './target-test.tsx'
import { placeWords, trailWords } from './words.ts'

const route = getRouteApi('/shell/exports/audit/$id')

export function AuditExportPage() {
  const { id } = route.useParams()
  const found = useQuery({ queryKey: ['audit export', id], queryFn: () => hg.auditExports.get({ params: { id } }) })
  return (
    <PageAnswer query={found} what={`export ${id}`}>
      {one => <Shown key={one.id} one={one} />}
    </PageAnswer>
  )
}

function Shown({ one }: { readonly one: AuditExport }) {
  const { id, intervalHours, enabled, exportedThrough, nextRunAt } = one
  const params = { id: String(id) }
  const run = useWrite(() => hg.auditExports.run({ params }))
  return (
    <Page
      title={placeWords(one)}
      above={<Link to="/exports">Exports</Link>}
      beside={<StateBadge {...trailWords(one)} />}
      lead="The audit trail: each event once."
    >
      <TargetFacts
        target={one}
        more={[
          ['How often', enabled ? `every ${intervalHours} hours` : 'only when somebody asks'],
          ['There up to event', exportedThrough.toLocaleString('en')],
          ['Next run', enabled ? <RelativeTime key="next" at={nextRunAt} /> : 'none'],
        ]}
      />
      <Section title="Export now">
        <Button loading={run.isPending} onClick={() => run.mutate()}>
          Export what is new
        </Button>
        <Refusal error={run.error} />
      </Section>
      <AuditObjects id={params.id} />
      <TestSection ask={() => hg.auditExports.test({ params })} />
      <SetupSection id={params.id} ask={() => hg.auditExports.setup({ params })} />
      <EditSection path={`/exports/audit/${id}`} ask={() => hg.auditExports.get({ params })}>
        {(stored, version, close) => <Form one={stored} version={version} close={close} />}
      </EditSection>
      <RemoveExport write={() => hg.auditExports.remove({ params })} />
    </Page>
  )
}

interface FormProps {
  readonly one: AuditExport
  readonly version: string
  readonly close: () => void
}

function Form({ one, version, close }: FormProps) {
  const { intervalHours, enabled } = one
  const [typed, setTyped] = useState(typedOf(one))
  const [settings, setSettings] = useState<TypedTrail>({ intervalHours, enabled })
  const save = useWrite(() => {
    const body = editOf(typed, settings)
    return hg.auditExports.replace({ params: { id: one.id }, ifMatch: version, body })
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
      <AuditSettings typed={settings} onChange={setSettings} />
    </TargetForm>
  )
}
