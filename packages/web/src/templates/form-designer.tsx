/** The designer of request forms: its questions in order, how long access is needed, what is to be accepted. */
import '@mantine/core/styles/NumberInput.layer.css'
import { Checkbox, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import forms from '../ui/form.module.css'
import { OrderedList } from '../ui/ordered-list.tsx'
import { FieldDesigner } from './field-designer.tsx'
import { type FieldDraft, type FormDraft, idOf, printForm, readForm, withKey } from './form-draft.ts'
import type { DesignerProps } from './kind.ts'

export function FormDesigner({ text, onChange }: DesignerProps) {
  const form = readForm(text)
  // A question that was asked before keeps its name, so that answers to it stay answers to it.
  const [kept] = useState(() => form?.fields.map(({ id }) => id) ?? [])
  if (form === undefined) return null
  const write = (changed: Partial<FormDraft>) => onChange(printForm({ ...form, ...changed }))
  const ids = form.fields.map(({ id }) => id)
  return (
    <>
      <OrderedList
        items={form.fields}
        one="Question"
        add="Add a question"
        most={50}
        beginning={(): FieldDraft => ({ id: idOf('', ids), type: 'shortAnswer', label: '', required: true })}
        onChange={fields => write({ fields })}
      >
        {(field, put, title) => (
          <FieldDesigner
            field={field}
            title={title}
            onChange={changed =>
              put(
                kept.includes(field.id) || changed.label === field.label || changed.id !== field.id
                  ? changed
                  : {
                      ...changed,
                      id: idOf(
                        changed.label,
                        ids.filter(id => id !== field.id),
                      ),
                    },
              )
            }
          />
        )}
      </OrderedList>
      <DurationDesigner duration={form.duration} onChange={duration => write({ duration })} />
      <AgreementChoice chosen={form.agreements} onChange={agreements => write({ agreements })} />
    </>
  )
}

interface DurationProps {
  readonly duration: FormDraft['duration']
  readonly onChange: (duration: FormDraft['duration']) => void
}

function DurationDesigner({ duration, onChange }: DurationProps) {
  const { label, suggested, most = '', withoutEnd } = duration
  return (
    <fieldset className={forms.part}>
      <legend>How long it is needed</legend>
      <TextInput
        label="The question"
        description="Always asked: access is given for a time."
        value={label}
        maxLength={255}
        onChange={event => onChange({ ...duration, label: event.currentTarget.value })}
      />
      <div className={forms.row}>
        <TextInput
          label="Offered"
          description="Such as 30d, 90d, 1y"
          value={suggested.join(', ')}
          onChange={event => {
            const { value } = event.currentTarget
            onChange({ ...duration, suggested: value === '' ? [] : value.split(/, ?/) })
          }}
        />
        <TextInput
          label="At most"
          description="Empty: as long as the product allows"
          value={most}
          onChange={event => onChange(withKey(duration, 'most', event.currentTarget.value.trim() || undefined))}
        />
      </div>
      <Checkbox
        label="One may ask for access without an end, where the product allows it too"
        checked={withoutEnd}
        onChange={event => onChange({ ...duration, withoutEnd: event.currentTarget.checked })}
      />
    </fieldset>
  )
}

interface AgreementProps {
  readonly chosen: readonly number[]
  readonly onChange: (chosen: readonly number[]) => void
}

function AgreementChoice({ chosen, onChange }: AgreementProps) {
  const agreements = useAgreements()
  // One that is gone or not on the first page is shown by its number: unticking it must stay possible.
  const named = new Map(agreements.map(({ id, name }) => [id, name]))
  const all = [...agreements, ...chosen.filter(id => !named.has(id)).map(id => ({ id, name: `Agreement ${id}` }))]
  return (
    <fieldset className={forms.part}>
      <legend>What is to be accepted</legend>
      {all.length === 0 && <p className="quiet">There is no agreement yet.</p>}
      {all.map(({ id, name }) => (
        <Checkbox
          key={id}
          label={name}
          checked={chosen.includes(id)}
          onChange={event => onChange(event.currentTarget.checked ? [...chosen, id] : chosen.filter(one => one !== id))}
        />
      ))}
    </fieldset>
  )
}

export function useAgreements(): readonly { readonly id: number; readonly name: string }[] {
  const { data } = useQuery({
    queryKey: ['agreements', 'to choose'],
    queryFn: () => hg.agreements.list({ query: { limit: 200 } }),
    refetchInterval: false,
  })
  return data?.items ?? []
}
