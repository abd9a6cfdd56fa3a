/** One field of a request form, as its template says. */
import '@mantine/core/styles/NumberInput.layer.css'
import type { AccessStatus } from '@headgate/core/api'
import { Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core'

export type AnswerValue = string | number | string[]
type Field = AccessStatus['form']['fields'][number]

interface Props {
  readonly field: Field
  readonly value: AnswerValue | undefined
  readonly onChange: (value: AnswerValue | undefined) => void
}

export function FormField({ field, value, onChange }: Props) {
  const { type, label, required } = field
  const help = typeof field.help === 'string' ? { description: field.help } : {}
  const options = Array.isArray(field.options) ? field.options.map(String) : []
  const common = { label, required, ...help }
  const onText = (text: string) => onChange(text === '' ? undefined : text)
  const text = typeof value === 'string' ? value : ''
  const most = typeof field.most === 'number' ? field.most : undefined
  switch (type) {
    case 'longAnswer':
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxLength={most ?? 10_000}
          value={text}
          onChange={event => onText(event.currentTarget.value)}
        />
      )
    case 'dropdown':
      return (
        <NativeSelect
          {...common}
          data={[{ value: '', label: 'Choose …' }, ...options.map(one => ({ value: one, label: one }))]}
          value={text}
          onChange={event => onText(event.currentTarget.value)}
        />
      )
    case 'checkboxes':
      return (
        <Checkbox.Group
          {...common}
          value={Array.isArray(value) ? value : []}
          onChange={chosen => onChange(chosen.length === 0 ? undefined : chosen)}
        >
          {options.map(one => (
            <Checkbox key={one} value={one} label={one} mt="xs" />
          ))}
        </Checkbox.Group>
      )
    case 'number':
      return (
        <NumberInput
          {...common}
          {...(typeof field.least === 'number' && { min: field.least })}
          {...(most !== undefined && { max: most })}
          allowDecimal={field.whole !== true}
          value={typeof value === 'number' ? value : ''}
          onChange={given => onChange(typeof given === 'number' ? given : undefined)}
        />
      )
    default:
      return (
        <TextInput
          {...common}
          type={type === 'date' ? 'date' : type === 'link' ? 'url' : 'text'}
          maxLength={most ?? 2000}
          value={text}
          onChange={event => onText(event.currentTarget.value)}
        />
      )
  }
}
