/** A form that opens with what is stored, and its version: what somebody else changes meanwhile is not overwritten. */
import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { versionOf } from '../api.ts'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'

interface Props<One> {
  /** Its address in the API. */
  readonly path: string
  readonly ask: () => Promise<One>
  readonly children: (one: One, version: string, close: () => void) => ReactNode
}

export function EditSection<One>({ path, ask, children }: Props<One>) {
  const [opened, setOpened] = useState<{ readonly one: One; readonly version: string }>()
  const open = useWrite(async () => ({ version: await versionOf(path), one: await ask() }), setOpened)
  return (
    <Section title="Change it">
      {opened === undefined ? (
        <>
          <div className={forms.actions}>
            <Button variant="default" loading={open.isPending} onClick={() => open.mutate()}>
              Edit
            </Button>
          </div>
          <Refusal error={open.error} />
        </>
      ) : (
        children(opened.one, opened.version, () => setOpened(undefined))
      )}
    </Section>
  )
}
