/** A bucket and what is exported there, with its button; why the server did not take it stands below. */
import { Button } from '@mantine/core'
import type { FormEvent, ReactNode } from 'react'
import forms from '../ui/form.module.css'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import type { Write } from '../ui/use-write.ts'
import { gapsOf, TargetFields, type TypedTarget } from './target-fields.tsx'
import { TargetRefusal } from './target-test.tsx'

interface Props {
  readonly typed: TypedTarget
  readonly onChange: (typed: TypedTarget) => void
  /** The key id whose secret is stored. */
  readonly storedKeyId?: string | undefined
  readonly write: Write
  readonly verb: string
  /** There where one may go back to how it was. */
  readonly leave?: () => void
  /** What is exported, in what form and when. */
  readonly children: ReactNode
}

export function TargetForm({ typed, onChange, storedKeyId, write, verb, leave, children }: Props) {
  const hasSecret = storedKeyId !== undefined && typed.accessKeyId.trim() === storedKeyId
  function submit(event: FormEvent) {
    event.preventDefault()
    write.mutate()
  }
  return (
    <form className={forms.fields} onSubmit={submit} noValidate>
      <TargetFields typed={typed} onChange={onChange} hasSecret={hasSecret} />
      {children}
      <div className={forms.actions}>
        <ReadyButton type="submit" missing={stillToSay(...gapsOf(typed, hasSecret))} loading={write.isPending}>
          {verb}
        </ReadyButton>
        {leave !== undefined && (
          <Button variant="default" onClick={leave}>
            Leave it
          </Button>
        )}
      </div>
      <TargetRefusal error={write.error} />
    </form>
  )
}
