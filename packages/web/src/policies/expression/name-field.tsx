/** One name, with those in use offered as it is typed; another may be written, for a policy may come before the group. */
import { TextInput } from '@mantine/core'
import { useId, useState } from 'react'
import { type Asked, useNamesInUse } from './names-in-use.ts'

interface Props {
  readonly label: string
  readonly kind: Asked['kind']
  /** Of values: the key that they are under. */
  readonly under?: string | undefined
  readonly value: string
  readonly placeholder?: string
  /** With the label above it, and marked as required. */
  readonly isAlone?: boolean
  readonly onChange: (value: string) => void
}

export function NameField({ label, kind, under, value, placeholder = '', isAlone = false, onChange }: Props) {
  const [isHere, setIsHere] = useState(false)
  const id = useId()
  const names = useNamesInUse({ kind, key: under, search: value }, isHere)
  return (
    <>
      <TextInput
        {...(isAlone ? { label, required: true } : { 'aria-label': label })}
        value={value}
        list={id}
        autoComplete="off"
        placeholder={placeholder}
        onFocus={() => setIsHere(true)}
        onBlur={() => setIsHere(false)}
        onChange={event => onChange(event.currentTarget.value)}
      />
      <datalist id={id}>
        {names.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  )
}
