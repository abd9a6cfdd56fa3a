/** What may be done to a policy: edit, activate, stage, archive, restore, delete; each is previewed before it is stored. */
import type { Policy } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { type Change, type Confirmation, PreviewedWrite } from '../preview/previewed-write.tsx'
import { Failure } from '../ui/answer.tsx'
import classes from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { ClonePolicy } from './clone-policy.tsx'
import { type Content, EditPolicy } from './edit-policy.tsx'
import { PolicyVersions } from './policy-versions.tsx'

type Step = 'activate' | 'stage' | 'archive' | 'delete'

interface Opened {
  readonly action: Step | 'edit' | 'clone' | 'restore'
  /** The version of what was shown when it was opened: what somebody else changes meanwhile is not overwritten. */
  readonly ifMatch: string
  /** Of an edit, once it is written. */
  readonly content?: Content
  /** Of a restoring: the version whose content comes back. */
  readonly version?: number
}

export function PolicyActions({ policy }: { readonly policy: Policy }) {
  const [opened, setOpened] = useState<Opened>()
  const [error, setError] = useState<Error>()
  const open = async (action: Opened['action'], version?: number) => {
    try {
      const ifMatch = await versionOf(`/policies/${policy.id}`)
      setOpened({ action, ifMatch, ...(version !== undefined && { version }) })
      setError(undefined)
    } catch (caught) {
      setError(caught as Error)
    }
  }
  if (opened === undefined) {
    return (
      <>
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
        <PolicyVersions policy={policy} onRestore={version => void open('restore', version)} />
      </>
    )
  }
  const close = () => setOpened(undefined)
  if (opened.action === 'clone') return <ClonePolicy policy={policy} onLeave={close} />
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

function Previewed({ policy: { id }, opened, close }: PreviewedProps) {
  const navigate = useNavigate()
  const { action, version } = opened
  return (
    <PreviewedWrite
      change={changeOf(opened, id)}
      verb={action === 'restore' ? `Restore version ${version}` : verbs[action]}
      write={confirmation => write(id, opened, confirmation)}
      onDone={() => (action === 'delete' ? navigate({ to: '/policies' }) : close())}
      onLeave={close}
    />
  )
}

function changeOf({ action, content, version }: Opened, id: number): Change {
  if (content !== undefined) return { change: 'editPolicy', id, policy: content }
  if (version !== undefined) return { change: 'restorePolicy', id, version }
  const kinds = { activate: 'activatePolicy', stage: 'stagePolicy', archive: 'archivePolicy', delete: 'deletePolicy' }
  return { change: kinds[action as Step], id } as Change
}

function write(id: number, { action, ifMatch, content, version }: Opened, given: Confirmation): Promise<unknown> {
  const { acknowledge, ...preview } = given
  const of = { params: { id }, ifMatch, ...preview }
  if (content !== undefined) return hg.policies.edit({ ...of, body: { ...content, acknowledge } })
  if (version !== undefined) return hg.policies.restore({ ...of, body: { version, acknowledge } })
  if (action === 'activate') return hg.policies.activate({ ...of, body: { acknowledge } })
  if (action === 'stage') return hg.policies.stage(of)
  return action === 'archive' ? hg.policies.archive(of) : hg.policies.remove(of)
}

function actionsOf({ state }: Policy): readonly (keyof typeof words)[] {
  if (state === 'staged') return ['activate', 'edit', 'clone', 'archive', 'delete']
  return state === 'active' ? ['edit', 'clone', 'stage', 'archive', 'delete'] : ['stage', 'clone', 'delete']
}

const words = {
  edit: 'Edit',
  activate: 'Activate',
  clone: 'Clone',
  stage: 'Stage',
  archive: 'Archive',
  delete: 'Delete',
} as const

const verbs: Readonly<Record<Exclude<Opened['action'], 'restore'>, string>> = {
  edit: 'Save it',
  activate: 'Activate it',
  clone: 'Clone it',
  stage: 'Stage it',
  archive: 'Archive it',
  delete: 'Delete it',
}
