/** What may be done to a data product. What moves anybody's access is previewed in numbers before it is stored. */
import type { DataProduct } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { type Change, type Confirmation, PreviewedWrite } from '../preview/previewed-write.tsx'
import { Failure } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { ProductForm, type ProductInput } from './product-form.tsx'

type Previewed = 'publish' | 'unpublish' | 'delete'
type Step = 'suspend' | 'resume' | 'retire'
type Action = 'edit' | Previewed | Step

interface Opened {
  readonly action: Action
  /** The version of what was shown when it was opened: what somebody else changes meanwhile is not overwritten. */
  readonly ifMatch: string
  readonly content?: ProductInput
}

export function ProductActions({ product }: { readonly product: DataProduct }) {
  const [opened, setOpened] = useState<Opened>()
  const [error, setError] = useState<Error>()
  const close = () => setOpened(undefined)
  const open = async (action: Action) => {
    try {
      setOpened({ action, ifMatch: await versionOf(`/data-products/${product.id}`) })
      setError(undefined)
    } catch (caught) {
      setError(caught as Error)
    }
  }
  if (opened === undefined) {
    return (
      <Section title="Change it">
        <div className={forms.actions}>
          {actionsOf(product).map(action => (
            <Button key={action} variant="default" onClick={() => void open(action)}>
              {words[action]}
            </Button>
          ))}
        </div>
        {error !== undefined && <Failure error={error} what="the data product" retry={() => setError(undefined)} />}
      </Section>
    )
  }
  const { action, content } = opened
  if (action === 'edit' && content === undefined) {
    return (
      <Section title="Change it">
        <ProductForm
          product={product}
          verb="See what it would do"
          onLeave={close}
          onPropose={proposed => setOpened({ ...opened, content: proposed })}
        />
      </Section>
    )
  }
  if (isStep(action)) return <Confirmed product={product} step={action} ifMatch={opened.ifMatch} close={close} />
  return <PreviewedAction product={product} opened={opened} close={close} />
}

interface PartProps {
  readonly product: DataProduct
  readonly close: () => void
}

function PreviewedAction({ product: { id, members }, opened, close }: PartProps & { readonly opened: Opened }) {
  const navigate = useNavigate()
  const { action, content, ifMatch } = opened
  return (
    <PreviewedWrite
      change={
        content !== undefined ? { change: 'editDataProduct', id, product: content } : changeOf(action, id, members)
      }
      verb={verbs[action]}
      write={confirmation => write(opened, { id, ifMatch, members, confirmation })}
      onDone={() => (action === 'delete' ? navigate({ to: '/data-products' }) : close())}
      onLeave={close}
    />
  )
}

function changeOf(action: Action, id: string, members: number): Change {
  if (action === 'delete') return { change: 'deleteDataProduct', id, revoke: members > 0 }
  return { change: action === 'publish' ? 'publishDataProduct' : 'unpublishDataProduct', id }
}

interface Write {
  readonly id: string
  readonly ifMatch: string
  readonly members: number
  readonly confirmation: Confirmation
}

function write({ action, content }: Opened, { id, ifMatch, members, confirmation }: Write): Promise<unknown> {
  const { acknowledge: _, ...preview } = confirmation
  const of = { params: { id }, ifMatch, ...preview }
  if (content !== undefined) return hg.dataProducts.edit({ ...of, body: content })
  if (action === 'publish') return hg.dataProducts.publish(of)
  if (action === 'unpublish') return hg.dataProducts.unpublish(of)
  return hg.dataProducts.remove({ ...of, query: { revoke: String(members > 0) } })
}

/** These move nobody's access: what they do is said in words. */
function Confirmed({ product, step, ifMatch, close }: PartProps & { readonly step: Step; readonly ifMatch: string }) {
  const take = useWrite(() => hg.dataProducts[step]({ params: { id: product.id }, ifMatch }), close)
  return (
    <Section title="What it would do">
      <p>
        {stepEffects[step]} {counted(product.members, 'person has', 'people have')} access through it now and{' '}
        {product.members === 1 ? 'keeps' : 'keep'} it until it ends.
      </p>
      <div className={forms.actions}>
        <Button loading={take.isPending} onClick={() => take.mutate()}>
          {verbs[step]}
        </Button>
        <Button variant="default" onClick={close}>
          Leave it
        </Button>
      </div>
      <Refusal error={take.error} />
    </Section>
  )
}

function isStep(action: Action): action is Step {
  return action === 'suspend' || action === 'resume' || action === 'retire'
}

function actionsOf({ state }: DataProduct): readonly Action[] {
  if (state === 'draft') return ['edit', 'publish', 'delete']
  if (state === 'published') return ['edit', 'suspend', 'unpublish', 'retire', 'delete']
  return state === 'suspended' ? ['edit', 'resume', 'unpublish', 'retire', 'delete'] : ['delete']
}

const words: Readonly<Record<Action, string>> = {
  edit: 'Edit',
  publish: 'Publish',
  unpublish: 'Take back to a draft',
  suspend: 'Suspend',
  resume: 'Take requests again',
  retire: 'Retire',
  delete: 'Delete',
}

const verbs: Readonly<Record<Action, string>> = {
  edit: 'Save it',
  publish: 'Publish it',
  unpublish: 'Take it back to a draft',
  suspend: 'Suspend it',
  resume: 'Take requests again',
  retire: 'Retire it for good',
  delete: 'Delete it',
}

const stepEffects: Readonly<Record<Step, string>> = {
  suspend: 'Nobody can ask for it until it takes requests again.',
  resume: 'People can ask for it again.',
  retire: 'Nobody can ask for it ever again.',
}
