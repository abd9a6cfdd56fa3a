/** A new policy: stored staged, applied to nothing, or applied at once, exactly as its preview shows. */
import type { PolicyInput } from '@headgate/core/api'
import { Button, Checkbox, Group, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { PreviewedWrite } from '../preview/previewed-write.tsx'
import classes from '../ui/form.module.css'
import { Page } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'

const empty = {
  name: '',
  description: '',
  kind: 'grant',
  level: 'READ',
  reach: 'global',
  place: '',
  appliesTo: 'tag',
  condition: '',
  who: '',
  everyone: false,
  subscribe: 'automatic',
  discoverable: false,
}
type Draft = typeof empty
type NewPolicyContent = Omit<PolicyInput, 'state' | 'acknowledge'>

export function NewPolicy() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [draft, setDraft] = useState(empty)
  // What is previewed is what was written then: another letter ends the preview.
  const [proposed, setProposed] = useState<NewPolicyContent>()
  const set = (change: Partial<Draft>) => {
    setDraft({ ...draft, ...change })
    setProposed(undefined)
  }
  const open = ({ id }: { readonly id: number }) => navigate({ to: '/policies/$id', params: { id: String(id) } })
  const stage = useMutation({
    mutationFn: () => hg.policies.create({ body: policyOf(draft) }),
    onSuccess: async stored => {
      await queries.invalidateQueries({ queryKey: ['policies'] })
      await open(stored)
    },
  })
  function submit(event: FormEvent) {
    event.preventDefault()
    stage.reset()
    setProposed(policyOf(draft))
  }
  const storeStaged = (
    <Button variant="default" loading={stage.isPending} disabled={!isComplete(draft)} onClick={() => stage.mutate()}>
      Store it, staged
    </Button>
  )
  return (
    <Page
      title="New policy"
      above={<Link to="/policies">Policies</Link>}
      lead="Staged, it is applied to nothing until it is activated."
    >
      <form onSubmit={submit} className={classes.form}>
        <TextInput label="Name" required value={draft.name} onChange={e => set({ name: e.currentTarget.value })} />
        <div className={classes.row}>
          <Select label="Kind" value={draft.kind} options={kinds} onChange={kind => set({ kind })} />
          <Select label="Level" value={draft.level} options={levels} onChange={level => set({ level })} />
        </div>
        <ReachFields draft={draft} set={set} />
        <Textarea
          label={draft.kind === 'grant' ? 'Who is let in' : 'What everyone must meet'}
          description="An expression such as @isInGroups('Analysts')"
          required={!letsEveryoneIn(draft)}
          disabled={letsEveryoneIn(draft)}
          mt="xs"
          autosize
          minRows={2}
          value={draft.who}
          onChange={e => set({ who: e.currentTarget.value })}
        />
        {draft.kind === 'grant' && (
          <div className={classes.choices}>
            <Checkbox
              label="Everyone"
              checked={draft.everyone}
              onChange={e => set({ everyone: e.currentTarget.checked })}
            />
            <Select
              label="Subscribing"
              value={draft.subscribe}
              options={{ automatic: 'Who qualifies is in', manual: 'Who qualifies must subscribe' }}
              onChange={subscribe => set({ subscribe })}
            />
            <Checkbox
              label="Who does not qualify may find it"
              checked={draft.discoverable}
              onChange={e => set({ discoverable: e.currentTarget.checked })}
            />
          </div>
        )}
        <Textarea
          label="Why it exists"
          mt="xs"
          value={draft.description}
          onChange={e => set({ description: e.currentTarget.value })}
        />
        {proposed === undefined && (
          <Group gap="sm" mt="md">
            <Button type="submit" disabled={!isComplete(draft)}>
              Show what it would do
            </Button>
            {storeStaged}
          </Group>
        )}
        <Refusal error={stage.error} />
      </form>
      {proposed !== undefined && (
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
    </Page>
  )
}

interface FieldsProps {
  readonly draft: Draft
  readonly set: (change: Partial<Draft>) => void
}

/** Where it may apply, and within that to what. */
function ReachFields({ draft, set }: FieldsProps) {
  const query = { limit: 1000 }
  const domains = useQuery({ queryKey: ['domains', query], queryFn: () => hg.domains.list({ query }) })
  const names = Object.fromEntries(domains.data?.items.map(({ name }) => [name, name]) ?? [])
  const needsCondition = draft.appliesTo === 'tag' || draft.appliesTo === 'domain'
  return (
    <>
      <div className={classes.row}>
        <Select label="Reach" value={draft.reach} options={reaches} onChange={reach => set({ reach, place: '' })} />
        {draft.reach === 'domain' && (
          <Select
            label="Which domain"
            value={draft.place}
            options={{ '': 'Choose a domain', ...names }}
            onChange={place => set({ place })}
          />
        )}
        {draft.reach === 'dataSource' && (
          <TextInput
            label="Number of the data source"
            required
            inputMode="numeric"
            value={draft.place}
            onChange={e => set({ place: e.currentTarget.value })}
          />
        )}
      </div>
      {draft.reach !== 'dataSource' && (
        <div className={classes.row}>
          <Select
            label="Applies to"
            value={draft.appliesTo}
            options={draft.reach === 'global' ? { ...targets, selected: 'What its owners pick it for' } : targets}
            onChange={appliesTo => set({ appliesTo, condition: '' })}
          />
          {needsCondition && (
            <TextInput
              label={draft.appliesTo === 'tag' ? 'Tag' : 'Domain'}
              required
              value={draft.condition}
              onChange={e => set({ condition: e.currentTarget.value })}
            />
          )}
        </div>
      )}
    </>
  )
}

const kinds = { grant: 'Grant policy: lets people in', guardrail: 'Guardrail: a minimum for everyone' }
const levels = { READ: 'Read', WRITE: 'Write, which includes delete' }
const reaches = { global: 'Everywhere', domain: 'One domain', dataSource: 'One data source' }
const targets = { tag: 'What carries a tag', domain: 'What is in a domain', everything: 'Everything in its reach' }

interface SelectProps {
  readonly label: string
  readonly value: string
  readonly options: Readonly<Record<string, string>>
  readonly onChange: (value: string) => void
}

function Select({ label, value, options, onChange }: SelectProps) {
  const data = Object.entries(options).map(([key, text]) => ({ value: key, label: text }))
  return <NativeSelect label={label} value={value} data={data} onChange={e => onChange(e.currentTarget.value)} />
}

/** Whether all is there that the form marks as required. */
function isComplete(draft: Draft): boolean {
  const { name, reach, place, appliesTo, condition, who } = draft
  const asksForCondition = reach !== 'dataSource' && (appliesTo === 'tag' || appliesTo === 'domain')
  return (
    name.trim() !== '' &&
    (reach === 'global' || place !== '') &&
    (!asksForCondition || condition.trim() !== '') &&
    (letsEveryoneIn(draft) || who.trim() !== '')
  )
}

/** Never by leaving the expression out. */
function letsEveryoneIn({ kind, everyone }: Draft): boolean {
  return kind === 'grant' && everyone
}

function policyOf(draft: Draft): NewPolicyContent {
  const { name, description, kind, level, reach, place, subscribe, discoverable } = draft
  return {
    name,
    description,
    kind: kind === 'guardrail' ? 'guardrail' : 'grant',
    level: level === 'WRITE' ? 'WRITE' : 'READ',
    who: letsEveryoneIn(draft) ? { everyone: true } : { when: draft.who },
    ...(reach === 'domain' && { domain: place }),
    ...(reach === 'dataSource' ? { dataSource: place } : { appliesTo: appliesToOf(draft) }),
    ...(kind === 'grant' && { subscribe: subscribe === 'manual' ? 'manual' : 'automatic', discoverable }),
  }
}

function appliesToOf({ appliesTo, condition, reach }: Draft): NonNullable<PolicyInput['appliesTo']> {
  if (appliesTo === 'everything') return { everything: true }
  if (appliesTo === 'selected' && reach === 'global') return { selected: true }
  return { any: [appliesTo === 'domain' ? { domain: condition } : { tag: condition }] }
}
