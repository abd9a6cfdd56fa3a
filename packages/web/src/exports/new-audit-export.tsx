/** A new export of the audit trail: its place is tried before it is stored. */
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Page } from '../ui/page.tsx'
import { useWrite } from '../ui/use-write.ts'
import { AuditSettings, type TypedTrail } from './audit-settings.tsx'
import { PrepareSection } from './setup-section.tsx'
import { bodyOf, nothingTyped } from './target-fields.tsx'
import { TargetForm } from './target-form.tsx'

export function NewAuditExport() {
  const [typed, setTyped] = useState(nothingTyped)
  const [settings, setSettings] = useState<TypedTrail>({ intervalHours: 24, enabled: true })
  const navigate = useNavigate()
  const create = useWrite(
    () => hg.auditExports.create({ body: bodyOf(typed, settings) }),
    ({ id }) => navigate({ to: '/exports/audit/$id', params: { id: String(id) } }),
  )
  return (
    <Page
      title="New audit export"
      above={<Link to="/exports">Exports</Link>}
      lead="Headgate tries the bucket first. Then the trail goes there from its oldest event on, each event once."
    >
      <TargetForm typed={typed} onChange={setTyped} write={create} verb="Try it and store it">
        <AuditSettings typed={settings} onChange={setSettings} />
      </TargetForm>
      <PrepareSection typed={typed} ask={query => hg.auditExports.prepareSetup({ query })} />
    </Page>
  )
}
