/** Changing one's own password, which ends one's other sessions. */
import { PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'

export function PasswordSection() {
  const queries = useQueryClient()
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const change = useMutation({
    mutationFn: () => hg.session.changePassword({ body: { current, password } }),
    onSuccess: async () => {
      setCurrent('')
      setPassword('')
      await queries.invalidateQueries({ queryKey: ['sessions'] })
    },
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    change.mutate()
  }

  return (
    <Section title="Password">
      <form className={forms.fields} onSubmit={submit} noValidate>
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          value={current}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the current password', tabIndex: 0 }}
          onChange={event => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          description="Twelve characters or more. Your other sessions end."
          autoComplete="new-password"
          value={password}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the new password', tabIndex: 0 }}
          onChange={event => setPassword(event.currentTarget.value)}
        />
        <div className={forms.actions}>
          <ReadyButton
            type="submit"
            variant="default"
            missing={stillToSay(current === '' && 'the current password', password === '' && 'the new one')}
            loading={change.isPending}
          >
            Change password
          </ReadyButton>
        </div>
        {change.isSuccess && <p role="status">Changed: use it the next time you sign in.</p>}
        <Refusal error={change.error} />
      </form>
    </Section>
  )
}
