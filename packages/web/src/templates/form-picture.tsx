/** A form as whoever asks will see it, while it is designed. It can be filled in to try it; nothing is sent. */
import { Checkbox, TextInput } from '@mantine/core'
import { useState } from 'react'
import { type AnswerValue, FormField } from '../marketplace/form-field.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { useAgreements } from './form-designer.tsx'
import { readForm } from './form-draft.ts'
import classes from './template.module.css'

export function FormPicture({ text }: { readonly text: string }) {
  const form = readForm(text)
  const agreements = useAgreements()
  const [answers, setAnswers] = useState<Readonly<Record<string, AnswerValue | undefined>>>({})
  if (form === undefined) return null
  const { fields, duration } = form
  return (
    <Section title="As it will be seen">
      <div className={`${forms.fields} ${classes.picture}`}>
        {fields.map(({ help, options, ...field }, place) => (
          <FormField
            // biome-ignore lint/suspicious/noArrayIndexKey: two of the same name are a mistake, and to be seen all the same
            key={`${place} ${field.type}`}
            field={{
              ...field,
              label: field.label === '' ? 'A question without words yet' : field.label,
              ...(help !== undefined && { help }),
              ...(options !== undefined && { options: [...new Set(options.filter(one => one.trim() !== ''))] }),
            }}
            value={answers[field.id]}
            onChange={value => setAnswers(before => ({ ...before, [field.id]: value }))}
          />
        ))}
        <TextInput
          label={duration.label}
          description={`Such as ${[...duration.suggested.filter(one => one.trim() !== '').slice(0, 3), '12h'].map(one => one.trim()).join(', ')}${duration.most ? `; at most ${duration.most}` : ''}`}
          defaultValue={duration.suggested[0]?.trim() ?? ''}
          key={duration.suggested[0]}
        />
        {duration.withoutEnd && <Checkbox label="Without an end" />}
        {form.agreements.map(id => (
          <Checkbox key={id} label={`I accept: ${agreements.find(one => one.id === id)?.name ?? `agreement ${id}`}`} />
        ))}
      </div>
    </Section>
  )
}
