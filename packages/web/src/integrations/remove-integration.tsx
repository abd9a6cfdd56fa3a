/** Ending an integration: in order, with what that takes away said in numbers, or by force, giving up what is in AWS. */
import type { Integration } from '@headgate/core/api'
import { Button, Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { PreviewedWrite } from '../preview/previewed-write.tsx'
import { Answer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { ReadyButton } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted, integrationWords } from '../ui/words.ts'

/** The same that the server takes. */
const deletable: ReadonlySet<Integration['status']> = new Set([
  'enabled',
  'createError',
  'editing',
  'editError',
  'deleteError',
  'recurringValidationError',
])
const over: ReadonlySet<Integration['status']> = new Set(['deleted', 'disabled'])

type Way = 'order' | 'force'

export function RemoveIntegration({ integration: { id, status, config } }: { readonly integration: Integration }) {
  const [way, setWay] = useState<Way>()
  if (over.has(status)) return null
  const leave = () => setWay(undefined)
  if (way === 'order') return <InOrder id={id} name={config.name} leave={leave} />
  if (way === 'force') return <ByForce id={id} leave={leave} />
  return (
    <Section title="Disconnect it">
      <p className="quiet">
        Deleting takes its grants out of AWS, then its location. By force, Headgate forgets them and calls nothing: for
        an account that is gone.
      </p>
      <div className={forms.actions}>
        <ReadyButton
          variant="default"
          missing={
            deletable.has(status)
              ? undefined
              : `It cannot be deleted in order while it is ${integrationWords[status].word.toLowerCase()}.`
          }
          onClick={() => setWay('order')}
        >
          Delete
        </ReadyButton>
        <Button variant="default" onClick={() => setWay('force')}>
          Give up by force
        </Button>
      </div>
    </Section>
  )
}

interface WayProps {
  readonly id: string
  readonly leave: () => void
}

function InOrder({ id, name, leave }: WayProps & { readonly name: string }) {
  const navigate = useNavigate()
  const [takesForeign, setTakesForeign] = useState(false)
  const also = useQuery({
    queryKey: ['what goes with', id],
    queryFn: async () => {
      const [sources, foreign] = await Promise.all([
        hg.dataSources.list({ query: { limit: 1, integrationId: id, state: 'active' } }),
        hg.drift.foreign({ params: { id }, query: { limit: 1 } }),
      ])
      return { sources: sources.total, foreign: foreign.total }
    },
    refetchInterval: false,
  })
  return (
    <Answer query={also} what="what goes with it">
      {({ sources, foreign }) => {
        const query = {
          ...(sources > 0 && ({ dataSources: 'disable' } as const)),
          ...(takesForeign && ({ removeForeign: 'true' } as const)),
        }
        return (
          <>
            {sources > 0 && (
              <p>
                Its {counted(sources, 'data source')} {sources === 1 ? 'is' : 'are'} disabled with it.
              </p>
            )}
            <Checkbox
              label="Delete grants in its location that Headgate did not make as well"
              description={
                foreign === 0
                  ? 'None was seen the last time AWS was compared.'
                  : `${counted(foreign, 'grant')} when AWS was last compared. AWS deletes no location while one is left.`
              }
              checked={takesForeign}
              onChange={event => setTakesForeign(event.currentTarget.checked)}
            />
            <PreviewedWrite
              key={String(takesForeign)}
              change={{ change: 'deleteIntegration', id: Number(id), ...query }}
              verb={`Delete ${name}`}
              write={({ ifPreview }) =>
                hg.integrations.remove({ params: { id }, query, ...(ifPreview !== undefined && { ifPreview }) })
              }
              onDone={() => navigate({ to: '/integrations' })}
              onLeave={leave}
            />
          </>
        )
      }}
    </Answer>
  )
}

function ByForce({ id, leave }: WayProps) {
  const [means, setMeans] = useState(false)
  const grants = useQuery({
    queryKey: ['live grants of', id],
    queryFn: () => hg.grants.list({ query: { limit: 1, integrationId: id, live: 'true' } }),
  })
  const force = useWrite(() => hg.integrations.remove({ params: { id }, query: { force: 'true' } }), leave)
  const left = grants.data === undefined ? 'its grants' : counted(grants.data.total, 'grant')
  return (
    <Section title="Give up by force">
      <p>
        Headgate calls nothing in AWS and forgets {left}: whoever has access by them <strong>keeps it</strong> until
        somebody removes them in AWS. The integration cannot be used again; another one on the same location adopts it.
      </p>
      <Checkbox
        label="I know that AWS keeps them"
        checked={means}
        onChange={event => setMeans(event.currentTarget.checked)}
      />
      <div className={forms.actions}>
        <Button color="red.9" disabled={!means} loading={force.isPending} onClick={() => force.mutate()}>
          Give up {left} and leave them in AWS
        </Button>
        <Button variant="default" onClick={leave}>
          Leave it
        </Button>
      </div>
      <Refusal error={force.error} />
    </Section>
  )
}
