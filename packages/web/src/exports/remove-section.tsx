/** The end of an export. */
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'

export function RemoveSection({ write }: { readonly write: () => Promise<unknown> }) {
  const navigate = useNavigate()
  const remove = useWrite(write, () => navigate({ to: '/exports' }))
  return (
    <Section title="Delete it">
      <p>Nothing is exported there any more, and its history goes from here. What lies in the bucket stays.</p>
      <div className={forms.actions}>
        <Button color="red" variant="light" loading={remove.isPending} onClick={() => remove.mutate()}>
          Delete this export
        </Button>
      </div>
      <Refusal error={remove.error} />
    </Section>
  )
}
