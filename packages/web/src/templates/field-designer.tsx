/** One question of a request form: what is asked, how it is answered, and within which bounds. */
import { Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core'
import forms from '../ui/form.module.css'
import { type FieldDraft, type FieldType, ofType, withKey } from './form-draft.ts'
import { typeWords } from './form-words.ts'

interface Props {
  readonly field: FieldDraft
  /** `Question 2`. */
  readonly title: string
  readonly onChange: (field: FieldDraft) => void
}

export function FieldDesigner({ field, title, onChange }: Props) {
  const { id, type, label, help = '', required } = field
  return (
    <>
      <div className={forms.row}>
        <TextInput
          label="What is asked"
          aria-label={`${title}: what is asked`}
          required
          maxLength={255}
          value={label}
          onChange={event => onChange({ ...field, label: event.currentTarget.value })}
        />
        <NativeSelect
          label="Answered with"
          aria-label={`${title}: answered with`}
          value={type}
          data={Object.entries(typeWords).map(([value, word]) => ({ value, label: word }))}
          onChange={event => onChange(ofType(field, event.currentTarget.value as FieldType))}
        />
      </div>
      <TextInput
        label="Help"
        aria-label={`${title}: help`}
        placeholder="What a good answer says; may stay empty"
        maxLength={4096}
        value={help}
        onChange={event => onChange(withKey(field, 'help', event.currentTarget.value || undefined))}
      />
      <Bounds field={field} title={title} onChange={onChange} />
      <Checkbox
        label="An answer is needed"
        aria-label={`${title}: an answer is needed`}
        checked={required}
        onChange={event => onChange({ ...field, required: event.currentTarget.checked })}
      />
      <details>
        <summary className="quiet small">Its name in the API: {id}</summary>
        <TextInput
          aria-label={`${title}: name in the API`}
          description="A small letter, then letters, digits, - and _. Another name is another question: older answers stay under the old one."
          value={id}
          maxLength={64}
          spellCheck={false}
          onChange={event => onChange({ ...field, id: event.currentTarget.value })}
        />
      </details>
    </>
  )
}

function Bounds({ field, title, onChange }: Props) {
  const put = <Key extends keyof FieldDraft>(key: Key, value: FieldDraft[Key] | undefined) =>
    onChange(withKey(field, key, value))
  const amount = (key: 'most' | 'least' | 'atLeast' | 'atMost', words: string, whole = true) => (
    <NumberInput
      label={words}
      aria-label={`${title}: ${words.toLowerCase()}`}
      value={field[key] ?? ''}
      allowDecimal={!whole}
      allowNegative={!whole}
      onChange={value => put(key, typeof value === 'number' ? value : undefined)}
    />
  )
  switch (field.type) {
    case 'shortAnswer':
    case 'longAnswer':
      return <div className={forms.row}>{amount('most', 'Characters at most')}</div>
    case 'dropdown':
    case 'checkboxes':
      return (
        <>
          <Textarea
            label="Choices, one a line"
            aria-label={`${title}: choices, one a line`}
            required
            autosize
            minRows={2}
            maxRows={12}
            value={(field.options ?? []).join('\n')}
            onChange={event => put('options', event.currentTarget.value.split('\n'))}
          />
          {field.type === 'checkboxes' && (
            <div className={forms.row}>
              {amount('atLeast', 'Ticked at least')}
              {amount('atMost', 'Ticked at most')}
            </div>
          )}
        </>
      )
    case 'number':
      return (
        <div className={forms.row}>
          {amount('least', 'At least', field.whole === true)}
          {amount('most', 'At most', field.whole === true)}
          <Checkbox
            label="A whole number"
            aria-label={`${title}: a whole number`}
            checked={field.whole === true}
            onChange={event => put('whole', event.currentTarget.checked || undefined)}
          />
        </div>
      )
    case 'date':
      return (
        <div className={forms.row}>
          {(['earliest', 'latest'] as const).map(key => (
            <TextInput
              key={key}
              type="date"
              label={key === 'earliest' ? 'Not before' : 'Not after'}
              aria-label={`${title}: ${key === 'earliest' ? 'not before' : 'not after'}`}
              value={field[key] ?? ''}
              onChange={event => put(key, event.currentTarget.value || undefined)}
            />
          ))}
        </div>
      )
    case 'link':
      return null
  }
}
