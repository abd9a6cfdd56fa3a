/** What a report is asked about: pickers and fields for just that. */
import { api } from '@headgate/core/api'
import { TextInput } from '@mantine/core'
import { useNameOfDataSource, useNameOfPerson } from '../access/names.ts'
import { hg } from '../api.ts'
import { useIntegrations } from '../home/counts.ts'
import { mayCall, useMe } from '../me.ts'
import { findPeople } from '../people/find-subjects.ts'
import { Choice } from '../ui/choice.tsx'
import forms from '../ui/form.module.css'
import { Pick as PickField } from '../ui/pick.tsx'
import type { ReportSearch } from './search.ts'

type Asked = Omit<ReportSearch, 'at' | 'page'>

interface Props {
  readonly names: readonly string[]
  readonly asked: Asked
  readonly onChange: (asked: ReportSearch) => void
}

export function Filters({ names, asked, onChange }: Props) {
  const person = useNameOfPerson(asked.user)
  const dataSource = useNameOfDataSource(asked.dataSource)
  const change = (name: keyof Asked, value: string | number | undefined) => {
    const { [name]: _, ...kept } = asked
    onChange(value === undefined || value === '' ? kept : { ...kept, [name]: value })
  }
  const day = (name: 'from' | 'to', label: string) => (
    <TextInput
      label={label}
      type="date"
      value={asked[name] ?? ''}
      onChange={event => change(name, event.currentTarget.value)}
    />
  )
  return (
    <search className={forms.fields}>
      <div className={forms.row}>
        {names.includes('user') && (
          <PickField<number>
            label="Person"
            description="Whose access"
            chosen={person}
            find={async text => (await findPeople(text)).map(({ id, name }) => ({ picked: id, name }))}
            onPick={picked => change('user', picked)}
          />
        )}
        {names.includes('dataSource') && (
          <PickField<number>
            label="Data source"
            description="A name or a part of its path"
            chosen={dataSource}
            find={findDataSources}
            onPick={picked => change('dataSource', picked)}
          />
        )}
        {names.includes('integration') && (
          <IntegrationChoice value={asked.integration} onChange={value => change('integration', value)} />
        )}
        {names.includes('from') && day('from', 'From')}
        {names.includes('to') && day('to', 'To')}
        {names.includes('days') && (
          <TextInput
            label="Within days"
            type="number"
            min={1}
            max={3650}
            placeholder="30"
            value={asked.days ?? ''}
            onChange={event =>
              change('days', event.currentTarget.value === '' ? undefined : Number(event.currentTarget.value))
            }
          />
        )}
      </div>
    </search>
  )
}

async function findDataSources(text: string) {
  const { items } = await hg.dataSources.list({
    query: { limit: 12, ...(text !== '' && { search: text.slice(0, 255) }) },
  })
  return items.map(({ id, name, scope }) => ({ picked: id, name, note: scope }))
}

interface ChoiceProps {
  readonly value: number | undefined
  readonly onChange: (value: number | undefined) => void
}

function IntegrationChoice({ value, onChange }: ChoiceProps) {
  const mayList = mayCall(useMe(), api.integrations.list)
  const integrations = useIntegrations(mayList)
  if (!mayList) return null
  const options = integrations.data?.map(({ id, config }) => ({ value: id, label: config.name })) ?? []
  return (
    <Choice
      label="Integration"
      none="Any integration"
      value={value === undefined ? undefined : String(value)}
      options={options}
      onChange={chosen => onChange(chosen === undefined ? undefined : Number(chosen))}
    />
  )
}
