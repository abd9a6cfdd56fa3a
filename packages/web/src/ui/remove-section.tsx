/** The end of a thing, in two steps: first what goes with it, then the button that says so. */
import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import forms from './form.module.css'
import { Section } from './page.tsx'
import { Refusal } from './refusal.tsx'
import { useWrite } from './use-write.ts'

interface Props {
  /** What it does, in sentences. */
  readonly children: ReactNode
  /** On the button that does it: `Delete this export`. */
  readonly verb: string
  readonly write: () => Promise<unknown>
  /** Where to go from what is not there any more. */
  readonly done: () => unknown
}

export function RemoveSection({ children, verb, write, done }: Props) {
  const [isAsked, setAsked] = useState(false)
  const remove = useWrite(write, done)
  return (
    <Section title="Delete it">
      <p>{children}</p>
      <div className={forms.actions}>
        {isAsked ? (
          <>
            <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate()}>
              {verb}
            </Button>
            <Button variant="default" onClick={() => setAsked(false)}>
              Leave it
            </Button>
          </>
        ) : (
          <Button variant="default" onClick={() => setAsked(true)}>
            Delete
          </Button>
        )}
      </div>
      <Refusal error={remove.error} />
    </Section>
  )
}
