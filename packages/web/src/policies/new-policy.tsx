/** A new policy: stored staged, applied to nothing, or applied at once, exactly as its preview shows. */
import { Button, Group } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { LivePreview } from '../preview/live-preview.tsx'
import { PreviewedWrite } from '../preview/previewed-write.tsx'
import classes from '../ui/form.module.css'
import { Page } from '../ui/page.tsx'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { contentOf, emptyDraft, gapsOf, type PolicyContent, type PolicyDraft } from './policy-draft.ts'
import { PolicyFields } from './policy-fields.tsx'
import own from './policy-page.module.css'

export function NewPolicy() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [draft, setDraft] = useState(emptyDraft)
  // What is previewed is what was written then: another letter ends the preview.
  const [proposed, setProposed] = useState<PolicyContent>()
  const set = (change: Partial<PolicyDraft>) => {
    setDraft(before => ({ ...before, ...change }))
    setProposed(undefined)
  }
  const content = contentOf(draft)
  const open = ({ id }: { readonly id: number }) => navigate({ to: '/policies/$id', params: { id: String(id) } })
  const stage = useMutation({
    mutationFn: (body: PolicyContent) => hg.policies.create({ body }),
    onSuccess: async stored => {
      await queries.invalidateQueries({ queryKey: ['policies'] })
      await open(stored)
    },
  })
  function submit(event: FormEvent) {
    event.preventDefault()
    stage.reset()
    setProposed(content)
  }
  const storeStaged = (
    <Button
      variant="default"
      loading={stage.isPending}
      disabled={content === undefined}
      onClick={() => content && stage.mutate(content)}
    >
      Store it, staged
    </Button>
  )
  return (
    <Page
      title="New policy"
      above={<Link to="/policies">Policies</Link>}
      lead="Staged, it is applied to nothing until it is activated."
    >
      <div className={own.beside}>
        <form onSubmit={submit} className={classes.form}>
          <PolicyFields draft={draft} isNew set={set} />
          {proposed === undefined && (
            <Group gap="sm" mt="md">
              <ReadyButton type="submit" missing={stillToSay(...gapsOf(draft))}>
                Show what it would do
              </ReadyButton>
              {storeStaged}
            </Group>
          )}
          <Refusal error={stage.error} />
        </form>
        {proposed === undefined ? (
          <LivePreview
            title="If it were applied now"
            changes={content && [{ change: 'createPolicy', policy: content }]}
          />
        ) : (
          <PreviewedWrite
            change={{ change: 'createPolicy', policy: proposed }}
            verb="Apply it"
            write={async confirmation => {
              const { ifPreview, acknowledge } = confirmation
              const body = { ...proposed, state: 'active' as const, acknowledge }
              await open(await hg.policies.create({ body, ...(ifPreview !== undefined && { ifPreview }) }))
            }}
            onDone={() => {}}
            onLeave={() => setProposed(undefined)}
            beside={storeStaged}
          />
        )}
      </div>
    </Page>
  )
}
