/** A short form in a line with its button; what the server says against it stands below. */
import { Button, Group } from '@mantine/core'
import type { FormEvent, ReactNode } from 'react'
import { Refusal } from './refusal.tsx'
import type { Write } from './use-write.ts'

interface Props {
  readonly write: Write
  readonly verb: string
  readonly disabled?: boolean
  readonly children: ReactNode
}

export function WriteForm({ write, verb, disabled = false, children }: Props) {
  function submit(event: FormEvent) {
    event.preventDefault()
    write.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Group align="end" gap="xs" mt="xs">
        {children}
        <Button type="submit" variant="default" disabled={disabled} loading={write.isPending}>
          {verb}
        </Button>
      </Group>
      <Refusal error={write.error} />
    </form>
  )
}
