/** An export now, or of a moment that is over. */
import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { exactTime } from '../ui/relative-time.tsx'
import { useWrite } from '../ui/use-write.ts'

export function RunSection({ id }: { readonly id: string }) {
  const [moment, setMoment] = useState('')
  const params = { id }
  const now = useWrite(() => hg.accessExports.run({ params }))
  const then = useWrite(() => hg.accessExports.run({ params, body: { asOf: new Date(moment).toISOString() } }))
  function submit(event: FormEvent) {
    event.preventDefault()
    then.mutate()
  }
  return (
    <Section title="Export now">
      <div className={forms.actions}>
        <Button loading={now.isPending} onClick={() => now.mutate()}>
          Run it now
        </Button>
      </div>
      <Refusal error={now.error} />
      <form className={forms.fields} onSubmit={submit}>
        <div className={forms.row}>
          <TextInput
            label="Or for a moment that is over"
            description="Who had what then, and what AWS held; in a folder of its own, beside the days."
            type="datetime-local"
            step={1}
            value={moment}
            onChange={event => setMoment(event.currentTarget.value)}
          />
          <div className={forms.actions}>
            <Button type="submit" variant="default" disabled={moment === ''} loading={then.isPending}>
              Export that moment
            </Button>
          </div>
        </div>
        <Refusal error={then.error} />
        {then.data?.asOf !== undefined && <p role="note">Begun, as of {exactTime(then.data.asOf)}.</p>}
      </form>
    </Section>
  )
}
