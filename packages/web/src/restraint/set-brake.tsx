/** How many revocations an hour go through by themselves: both bounds have to be passed before the brake holds. */
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { hg } from '../api.ts'
import { ReadyButton } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import classes from './restraint.module.css'
import type { Restraint } from './restraints.ts'

export function SetBrake({ id, brake }: { readonly id: string; readonly brake: Restraint['brake'] }) {
  const [typed, setTyped] = useState<{ readonly revocations: string; readonly percent: string }>()
  const close = () => setTyped(undefined)
  const set = useWrite(
    (body: { readonly revocations: number; readonly percent: number }) =>
      hg.restraint.setBrake({ params: { id }, body }),
    close,
  )
  if (typed === undefined) {
    const { revocations, percent } = brake
    return (
      <div>
        <Button
          variant="default"
          onClick={() => setTyped({ revocations: String(revocations), percent: String(percent) })}
        >
          Change the brake
        </Button>
      </div>
    )
  }
  const body = { revocations: wholeNumber(typed.revocations), percent: wholeNumber(typed.percent) }
  const isWhole = Number.isInteger(body.revocations) && Number.isInteger(body.percent)
  return (
    <div className={classes.form}>
      <TextInput
        label="Revocations an hour"
        description="More than so many, and"
        inputMode="numeric"
        value={typed.revocations}
        onChange={event => setTyped({ ...typed, revocations: event.currentTarget.value })}
      />
      <TextInput
        label="Percent of the live grants"
        description="more than this share of them: then the rest waits for a person."
        inputMode="numeric"
        value={typed.percent}
        onChange={event => setTyped({ ...typed, percent: event.currentTarget.value })}
      />
      {isWhole && (
        <p>
          {counted(brake.countedWithinHour, 'revocation')} came in the last hour
          {body.revocations < brake.countedWithinHour
            ? ': by this the next one may be held at once.'
            : `: ${counted(body.revocations - brake.countedWithinHour, 'more', 'more')} would go through whatever the share.`}
        </p>
      )}
      <div className={classes.buttons}>
        <ReadyButton
          missing={isWhole ? undefined : 'Both are whole numbers.'}
          loading={set.isPending}
          onClick={() => set.mutate(body)}
        >
          Change the brake
        </ReadyButton>
        <Button variant="default" onClick={close}>
          Leave it
        </Button>
      </div>
      <Refusal error={set.error} />
    </div>
  )
}

function wholeNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
