/** Picking one person or group: type some of the name, choose among what is found. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import forms from '../ui/form.module.css'

export interface Choosable {
  readonly id: number
  readonly name: string
}

interface Props {
  /** `person`, `group`. */
  readonly what: string
  readonly find: (search: string) => Promise<readonly Choosable[]>
  readonly verb: string
  readonly onPick: (one: Choosable) => void
}

export function FindChoice({ what, find, verb, onPick }: Props) {
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState('')
  const found = useQuery({
    queryKey: ['choice', what, text],
    queryFn: () => find(text),
    enabled: text.trim() !== '',
    refetchInterval: false,
  })
  const items = found.data ?? []
  const one = items.find(({ id }) => String(id) === chosen) ?? items[0]
  return (
    <div className={forms.line}>
      <TextInput label={`Find a ${what}`} value={text} onChange={event => setText(event.currentTarget.value)} />
      {items.length > 0 && (
        <NativeSelect
          label={`Found ${what}`}
          value={one ? String(one.id) : ''}
          data={items.map(({ id, name }) => ({ value: String(id), label: name }))}
          onChange={event => setChosen(event.currentTarget.value)}
        />
      )}
      <Button variant="default" disabled={!one} onClick={() => one && onPick(one)}>
        {verb}
      </Button>
      {text.trim() !== '' && found.data?.length === 0 && <span className="quiet">No {what} matches</span>}
    </div>
  )
}
