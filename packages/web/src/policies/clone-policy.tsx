/** A staged copy of a policy under another name, to be changed before it is applied to anything. */
import type { Policy } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import classes from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'

interface Props {
  readonly policy: Policy
  readonly onLeave: () => void
}

export function ClonePolicy({ policy: { id, name }, onLeave }: Props) {
  const navigate = useNavigate()
  const [copy, setCopy] = useState(`Copy of ${name}`)
  const clone = useWrite(
    () => hg.policies.clone({ params: { id }, body: { name: copy } }),
    async made => {
      onLeave()
      await navigate({ to: '/policies/$id', params: { id: String(made.id) } })
    },
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    clone.mutate()
  }
  return (
    <Section title="Clone it">
      <form onSubmit={submit} className={classes.fields}>
        <TextInput
          label="Name of the copy"
          description="The copy is staged: it is applied to nothing until it is activated."
          required
          value={copy}
          onChange={event => setCopy(event.currentTarget.value)}
        />
        <div className={classes.actions}>
          <Button type="submit" loading={clone.isPending} disabled={copy.trim() === ''}>
            Make the copy
          </Button>
          <Button variant="default" onClick={onLeave}>
            Leave it
          </Button>
        </div>
        <Refusal error={clone.error} />
      </form>
    </Section>
  )
}
