/** What a list is searched for: typed here, kept in the address, asked for once typing pauses. */
import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useRouter } from '@tanstack/react-router'
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
  const router = useRouter()
  // The address changed by other means than this field: the way back, a link.
  if (settled !== value) {
    setSettled(value)
    if (typed.trim() !== value) setTyped(value)
  }
  useEffect(() => {
    const wanted = typed.trim()
    if (wanted === value) return
    const here = router.latestLocation.pathname
    const timer = setTimeout(() => {
      // Somebody followed a link meanwhile, and its screen is still being loaded: the search would call them back.
      if (router.latestLocation.pathname === here) onChange(wanted === '' ? undefined : wanted)
    }, pauseMs)
    return () => clearTimeout(timer)
  }, [typed, value, onChange, router])
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
