/** What a list is searched for: typed here, kept in the address, asked for once typing pauses. */
import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'

const pauseMs = 250

interface Props {
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

export function SearchField({ label, value = '', onChange }: Props) {
  const [typed, setTyped] = useState(value)
  const [settled, setSettled] = useState(value)
  // The address changed by other means than this field: the way back, a link.
  if (settled !== value) {
    setSettled(value)
    if (typed.trim() !== value) setTyped(value)
  }
  useEffect(() => {
    const wanted = typed.trim()
    if (wanted === value) return
    const timer = setTimeout(() => onChange(wanted === '' ? undefined : wanted), pauseMs)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} aria-hidden="true" />}
      value={typed}
      maxLength={255}
      onChange={event => setTyped(event.currentTarget.value)}
    />
  )
}
