/** A new access summary export: its place is tried before it is stored. */
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Page } from '../ui/page.tsx'
import { useWrite } from '../ui/use-write.ts'
import { PrepareSection } from './setup-section.tsx'
import { nothingSet, SummarySettings, settingsBody, usualTime } from './summary-settings.tsx'
import { bodyOf, nothingTyped } from './target-fields.tsx'
import { TargetForm } from './target-form.tsx'

export function NewExport() {
  const [typed, setTyped] = useState(nothingTyped)
  const [settings, setSettings] = useState(nothingSet)
  const navigate = useNavigate()
  const create = useWrite(
    () => hg.accessExports.create({ body: bodyOf(typed, settingsBody(settings)) }),
    ({ id }) => navigate({ to: '/exports/$id', params: { id: String(id) } }),
  )
  return (
    <Page
      title="New access summary"
      above={<Link to="/exports">Exports</Link>}
      lead="Headgate tries the bucket first: it writes, lists and deletes a small object. Then the first export begins."
    >
      <TargetForm typed={typed} onChange={setTyped} write={create} verb="Try it and store it">
        <SummarySettings typed={settings} onChange={setSettings} usual={usualTime(typed.method)} />
      </TargetForm>
      <PrepareSection typed={typed} ask={query => hg.accessExports.prepareSetup({ query })} />
    </Page>
  )
}
