/** What may be done to a policy: edit, activate, stage, archive, delete; each is previewed before it is stored. */
import type { Policy } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { type Change, type Confirmation, PreviewedWrite } from '../preview/previewed-write.tsx'
import { Failure } from '../ui/answer.tsx'
import classes from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { type Content, EditPolicy } from './edit-policy.tsx'

type Action = 'activate' | 'stage' | 'archive' | 'delete'

interface Opened {
  readonly action: Action | 'edit'
  /** The version of what was shown when it was opened: what somebody else changes meanwhile is not overwritten. */
  readonly ifMatch: string
  readonly content?: Content
}

export function PolicyActions({ policy }: { readonly policy: Policy }) {
  const [opened, setOpened] = useState<Opened>()
  const [error, setError] = useState<Error>()
  const open = async (action: Opened['action']) => {
    try {
      setOpened({ action, ifMatch: await versionOf(`/policies/${policy.id}`) })
      setError(undefined)
    } catch (caught) {
      setError(caught as Error)
    }
  }
  if (opened === undefined) {
    return (
      <Section title="Change it">
        <div className={classes.actions}>
          {actionsOf(policy).map(action => (
            <Button key={action} variant="default" onClick={() => void open(action)}>
              {words[action]}
            </Button>
          ))}
        </div>
        {error !== undefined && <Failure error={error} what="the policy" retry={() => setError(undefined)} />}
      </Section>
    )
  }
  const close = () => setOpened(undefined)
  if (opened.action === 'edit' && opened.content === undefined) {
    return (
      <Section title="Change it">
        <EditPolicy policy={policy} onLeave={close} onPropose={content => setOpened({ ...opened, content })} />
      </Section>
    )
  }
  return <Previewed policy={policy} opened={opened} close={close} />
}

interface PreviewedProps {
  readonly policy: Policy
  readonly opened: Opened
  readonly close: () => void
}

function Previewed({ policy: { id }, opened: { action, content, ifMatch }, close }: PreviewedProps) {
  const navigate = useNavigate()
  const change = content !== undefined ? { change: 'editPolicy' as const, id, policy: content } : changeOf(action, id)
  return (
    <PreviewedWrite
      change={change}
      verb={verbs[action]}
      write={confirmation => write(action, { id, ifMatch, content, confirmation })}
      onDone={() => (action === 'delete' ? navigate({ to: '/policies' }) : close())}
      onLeave={close}
    />
  )
}

function changeOf(action: Opened['action'], id: number): Change {
  const kinds = { activate: 'activatePolicy', stage: 'stagePolicy', archive: 'archivePolicy', delete: 'deletePolicy' }
  return { change: kinds[action as Action], id } as Change
}

interface Write {
  readonly id: number
  readonly ifMatch: string
  readonly content: Content | undefined
  readonly confirmation: Confirmation
}

function write(action: Opened['action'], { id, ifMatch, content, confirmation }: Write): Promise<unknown> {
  const { acknowledge, ...preview } = confirmation
  const of = { params: { id }, ifMatch, ...preview }
  if (content !== undefined) return hg.policies.edit({ ...of, body: { ...content, acknowledge } })
  if (action === 'activate') return hg.policies.activate({ ...of, body: { acknowledge } })
  if (action === 'stage') return hg.policies.stage(of)
  return action === 'archive' ? hg.policies.archive(of) : hg.policies.remove(of)
}

function actionsOf({ state }: Policy): readonly Opened['action'][] {
  if (state === 'staged') return ['activate', 'edit', 'archive', 'delete']
  return state === 'active' ? ['edit', 'stage', 'archive', 'delete'] : ['stage', 'delete']
}

const words = {
  edit: 'Edit',
  activate: 'Activate',
  stage: 'Stage',
  archive: 'Archive',
  delete: 'Delete',
} as const satisfies Readonly<Record<Opened['action'], string>>

const verbs = {
  edit: 'Save it',
  activate: 'Activate it',
  stage: 'Stage it',
  archive: 'Archive it',
  delete: 'Delete it',
} as const satisfies Readonly<Record<Opened['action'], string>>
