/** Making a key: named, ending, confined where one likes. It is shown once and kept nowhere. */
import type { Permission } from '@headgate/core/api'
import { Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import forms from '../ui/form.module.css'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { permissionWords } from '../ui/words.ts'

const dayMs = 24 * 3600 * 1000
const lives = [
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
  { value: '', label: 'never' },
]

export function NewKey() {
  const me = useMe()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [kept, setKept] = useState<readonly Permission[]>()
  const make = useMutation({
    mutationFn: () => {
      const expiresAt = days === '' ? {} : { expiresAt: new Date(Date.now() + Number(days) * dayMs).toISOString() }
      return hg.apiKeys.create({ body: { name: name.trim(), ...expiresAt, ...(kept && { permissions: [...kept] }) } })
    },
    onSuccess: async () => {
      setName('')
      await queries.invalidateQueries({ queryKey: ['api-keys'] })
    },
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    make.mutate()
  }

  return (
    <form className={forms.fields} onSubmit={submit} noValidate aria-label="New API key">
      <div className={forms.row}>
        <TextInput
          label="Name of a new key"
          description="What uses it, so that you know later."
          maxLength={255}
          value={name}
          onChange={event => setName(event.currentTarget.value)}
        />
        <NativeSelect
          label="It ends"
          description="A key that ends by itself needs no remembering."
          data={lives}
          value={days}
          onChange={event => setDays(event.currentTarget.value)}
        />
      </div>
      {me.permissions.length > 0 && (
        <Checkbox
          label="Confine it to some of what I may do"
          checked={kept !== undefined}
          onChange={event => setKept(event.currentTarget.checked ? [] : undefined)}
        />
      )}
      {kept !== undefined && (
        <Checkbox.Group
          label="It may use"
          description="None: it may do what everyone signed in may."
          value={[...kept]}
          onChange={chosen => setKept(me.permissions.filter(permission => chosen.includes(permission)))}
        >
          <div className={forms.choices}>
            {me.permissions.map(permission => (
              <Checkbox key={permission} value={permission} label={permissionWords[permission]} />
            ))}
          </div>
        </Checkbox.Group>
      )}
      <div className={forms.actions}>
        <ReadyButton
          type="submit"
          variant="default"
          missing={stillToSay(name.trim() === '' && 'its name')}
          loading={make.isPending}
        >
          Make a key
        </ReadyButton>
      </div>
      <Refusal error={make.error} />
      {make.data !== undefined && <ShownOnce secret={make.data.key} what="the key" />}
    </form>
  )
}
