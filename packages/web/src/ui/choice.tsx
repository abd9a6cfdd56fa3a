/** One of a few: the browser's own list, which every keyboard and phone knows. */
import { NativeSelect } from '@mantine/core'

interface Props {
  readonly label: string
  readonly value: string | undefined
  /** What no choice means: `Any tag`. */
  readonly none: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  readonly onChange: (value: string | undefined) => void
}

export function Choice({ label, value = '', none, options, onChange }: Props) {
  // What the address asks for is shown even while, or although, the list does not hold it.
  const isListed = value === '' || options.some(option => option.value === value)
  return (
    <NativeSelect
      aria-label={label}
      value={value}
      data={[{ value: '', label: none }, ...(isListed ? [] : [{ value, label: value }]), ...options]}
      onChange={event => onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
    />
  )
}
