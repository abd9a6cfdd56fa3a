/** In what form an access summary is exported, and when. */
import { type AccessExport, exportFormats } from '@headgate/core/api'
import { NativeSelect, TextInput } from '@mantine/core'
import forms from '../ui/form.module.css'
import { given } from './target-fields.tsx'
import { formatWords } from './words.ts'

export interface TypedSettings {
  readonly format: AccessExport['format']
  /** Empty: the default. */
  readonly schedule: string
  readonly timeZone: string
}

interface Props {
  readonly typed: TypedSettings
  readonly onChange: (typed: TypedSettings) => void
  /** When it is done where nothing is typed. */
  readonly usual: string
}

export function SummarySettings({ typed, onChange, usual }: Props) {
  return (
    <div className={forms.row}>
      <NativeSelect
        label="Format"
        data={exportFormats.map(value => ({ value, label: formatWords[value] }))}
        value={typed.format}
        onChange={event => onChange({ ...typed, format: event.currentTarget.value as AccessExport['format'] })}
      />
      <TextInput
        label="Schedule"
        description={`Five fields of cron; left empty, ${usual}.`}
        placeholder="0 6 * * 1"
        value={typed.schedule}
        onChange={event => onChange({ ...typed, schedule: event.currentTarget.value })}
      />
      <NativeSelect
        label="Time zone"
        data={[{ value: '', label: "The server's own" }, ...zonesWith(typed.timeZone)]}
        value={typed.timeZone}
        onChange={event => onChange({ ...typed, timeZone: event.currentTarget.value })}
      />
    </div>
  )
}

/** The browser's list, and what is chosen although it lacks it. */
function zonesWith(chosen: string): string[] {
  const zones = Intl.supportedValuesOf('timeZone')
  return chosen === '' || zones.includes(chosen) ? zones : [chosen, ...zones]
}

export function usualTime(method: AccessExport['authenticationType']): string {
  return method === 'iamRole' ? 'every day at 05:00' : 'every day at 03:00'
}

export const nothingSet: TypedSettings = { format: 'csv', schedule: '', timeZone: '' }

export function settingsOf({ format, schedule, timeZone, isDefaultSchedule, isDefaultTimeZone }: AccessExport) {
  return { format, schedule: isDefaultSchedule ? '' : schedule, timeZone: isDefaultTimeZone ? '' : timeZone }
}

/** As the API takes them. */
export function settingsBody({ format, schedule, timeZone }: TypedSettings) {
  return { format, ...given('schedule', schedule), ...given('timeZone', timeZone) }
}
