/** Editing a policy: its name, level, expression and why it exists. What it applies to stays as it is. */
import type { Policy, PolicyInput } from '@headgate/core/api'
import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import classes from '../ui/form.module.css'

export type Content = Omit<PolicyInput, 'state' | 'acknowledge' | 'domain' | 'dataSource'>

interface Props {
  readonly policy: Policy
  readonly onPropose: (content: Content) => void
  readonly onLeave: () => void
}

export function EditPolicy({ policy, onPropose, onLeave }: Props) {
  const [name, setName] = useState(policy.name)
  const [level, setLevel] = useState(policy.level)
  const [when, setWhen] = useState('when' in policy.who ? policy.who.when : undefined)
  const [description, setDescription] = useState(policy.description)
  function submit(event: FormEvent) {
    event.preventDefault()
    const { kind, appliesTo, who, subscribe, discoverable, dataSource } = policy
    onPropose({
      name,
      kind,
      level,
      who: when === undefined ? who : { when },
      subscribe,
      discoverable,
      description,
      // Of one data source it applies to all of its reach, and says nothing of it.
      ...(dataSource === undefined && { appliesTo }),
    })
  }
  return (
    <form onSubmit={submit} className={classes.fields}>
      <TextInput label="Name" required value={name} onChange={event => setName(event.currentTarget.value)} />
      <NativeSelect
        label="Level"
        value={level}
        data={[
          { value: 'READ', label: 'Read' },
          { value: 'WRITE', label: 'Write, which includes delete' },
        ]}
        onChange={event => setLevel(event.currentTarget.value === 'WRITE' ? 'WRITE' : 'READ')}
      />
      {when !== undefined && (
        <Textarea
          label={policy.kind === 'grant' ? 'Who is let in' : 'What everyone must meet'}
          autosize
          minRows={2}
          value={when}
          onChange={event => setWhen(event.currentTarget.value)}
        />
      )}
      <Textarea
        label="Why it exists"
        value={description}
        onChange={event => setDescription(event.currentTarget.value)}
      />
      <div className={classes.actions}>
        <Button type="submit" disabled={name.trim() === ''}>
          Show what it would do
        </Button>
        <Button variant="default" onClick={onLeave}>
          Leave it
        </Button>
      </div>
    </form>
  )
}
