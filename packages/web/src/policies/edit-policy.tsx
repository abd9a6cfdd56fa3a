/** Editing a policy: everything but its kind and its reach, with what that would do while it is written. */
import type { Policy } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { LivePreview } from '../preview/live-preview.tsx'
import classes from '../ui/form.module.css'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { contentOf, draftOfPolicy, gapsOf, type PolicyContent, type PolicyDraft } from './policy-draft.ts'
import { PolicyFields } from './policy-fields.tsx'
import own from './policy-page.module.css'

export type Content = Omit<PolicyContent, 'domain' | 'dataSource'>

interface Props {
  readonly policy: Policy
  readonly onPropose: (content: Content) => void
  readonly onLeave: () => void
}

export function EditPolicy({ policy, onPropose, onLeave }: Props) {
  const [draft, setDraft] = useState(() => draftOfPolicy(policy))
  const set = (change: Partial<PolicyDraft>) => setDraft(before => ({ ...before, ...change }))
  const content = editOf(draft)
  function submit(event: FormEvent) {
    event.preventDefault()
    if (content) onPropose(content)
  }
  const edit = content && { change: 'editPolicy' as const, id: policy.id, policy: content }
  const isStaged = policy.state === 'staged'
  return (
    <div className={own.beside}>
      <form onSubmit={submit} className={classes.form}>
        <PolicyFields draft={draft} isNew={false} set={set} />
        <div className={own.buttons}>
          <ReadyButton type="submit" missing={stillToSay(...gapsOf(draft))}>
            Show what it would do
          </ReadyButton>
          <Button variant="default" onClick={onLeave}>
            Leave it
          </Button>
        </div>
      </form>
      <LivePreview
        title={isStaged ? 'If it were activated like this' : 'If it were saved now'}
        changes={edit && (isStaged ? [edit, { change: 'activatePolicy', id: policy.id }] : [edit])}
      />
    </div>
  )
}

/** Its reach stays, and is not said again. */
function editOf(draft: PolicyDraft): Content | undefined {
  const content = contentOf(draft)
  if (content === undefined) return undefined
  const { domain: _, dataSource: __, ...edit } = content
  return edit
}
