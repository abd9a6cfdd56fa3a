/** A short form in a line with its button; what is missing, and what the server says against it, stand below. */
import type { FormEvent, ReactNode } from 'react'
import forms from './form.module.css'
import { ReadyButton } from './ready-button.tsx'
import { Refusal } from './refusal.tsx'
import type { Write } from './use-write.ts'

interface Props {
  readonly write: Write
  readonly verb: string
  /** Where it is plain to see what for: the one field beside the button is empty. */
  readonly disabled?: boolean
  /** Why it cannot be sent yet, as a sentence, where that is not plain to see. */
  readonly missing?: string | undefined
  readonly children: ReactNode
}

export function WriteForm({ write, verb, disabled = false, missing, children }: Props) {
  function submit(event: FormEvent) {
    event.preventDefault()
    write.mutate()
  }
  return (
    <form onSubmit={submit}>
      <div className={forms.line}>
        {children}
        <ReadyButton type="submit" variant="default" disabled={disabled} missing={missing} loading={write.isPending}>
          {verb}
        </ReadyButton>
      </div>
      <Refusal error={write.error} />
    </form>
  )
}
