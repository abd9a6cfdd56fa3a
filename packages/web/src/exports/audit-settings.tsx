/** How often the audit trail is exported, and whether. */
import { type AuditExport, auditIntervals } from '@headgate/core/api'
import { Checkbox, NativeSelect } from '@mantine/core'

export type TypedTrail = Pick<AuditExport, 'intervalHours' | 'enabled'>

interface Props {
  readonly typed: TypedTrail
  readonly onChange: (typed: TypedTrail) => void
}

export function AuditSettings({ typed, onChange }: Props) {
  return (
    <>
      <NativeSelect
        label="How often"
        data={auditIntervals.map(hours => ({ value: String(hours), label: `every ${hours} hours` }))}
        value={String(typed.intervalHours)}
        onChange={event => {
          const chosen = auditIntervals.find(hours => String(hours) === event.currentTarget.value)
          if (chosen !== undefined) onChange({ ...typed, intervalHours: chosen })
        }}
      />
      <Checkbox
        label="Export by itself"
        checked={typed.enabled}
        onChange={event => onChange({ ...typed, enabled: event.currentTarget.checked })}
      />
    </>
  )
}
