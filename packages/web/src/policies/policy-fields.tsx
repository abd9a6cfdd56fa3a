/** What a policy says, field by field: of a new one and of one that is edited, whose kind and reach stay. */
import { Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import classes from '../ui/form.module.css'
import { appliesToOf } from './applies-to-draft.ts'
import { AppliesToFields } from './applies-to-fields.tsx'
import { ExpressionField } from './expression-field.tsx'
import type { PolicyDraft } from './policy-draft.ts'
import { ReviewFields } from './review-fields.tsx'

interface Props {
  readonly draft: PolicyDraft
  readonly isNew: boolean
  readonly set: (change: Partial<PolicyDraft>) => void
}

export function PolicyFields({ draft, isNew, set }: Props) {
  const { name, description, kind, level, reach, who, subscribe, discoverable } = draft
  const isGrant = kind === 'grant'
  return (
    <>
      <TextInput label="Name" required value={name} onChange={event => set({ name: event.currentTarget.value })} />
      <div className={classes.row}>
        {isNew && <Select label="Kind" value={kind} options={kinds} onChange={chosen => set({ kind: chosen })} />}
        <Select label="Level" value={level} options={levels} onChange={chosen => set({ level: chosen })} />
      </div>
      {isNew && <ReachFields draft={draft} isNew={isNew} set={set} />}
      {reach !== 'dataSource' && (
        <AppliesToFields
          draft={draft.appliesTo}
          kind={kind}
          reachesEverywhere={reach === 'global'}
          onChange={appliesTo => set({ appliesTo })}
        />
      )}
      {isGrant && (
        <div className={classes.row}>
          <Select label="Whom it takes" value={who} options={takes} onChange={chosen => set({ who: chosen })} />
        </div>
      )}
      {(!isGrant || who === 'when') && (
        <ExpressionField
          label={isGrant ? 'Who is let in' : 'What everyone must meet'}
          kind={kind}
          appliesTo={appliesToOf(draft.appliesTo)}
          value={draft.when}
          onChange={when => set({ when })}
        />
      )}
      {isGrant && who === 'onRequest' && <ReviewFields stages={draft.review} onChange={review => set({ review })} />}
      {isGrant && (
        <div className={classes.choices}>
          {who !== 'onRequest' && (
            <Select
              label="Subscribing"
              value={subscribe}
              options={subscribing}
              onChange={chosen => set({ subscribe: chosen })}
            />
          )}
          <Checkbox
            label="Who does not qualify may find it"
            checked={discoverable}
            onChange={event => set({ discoverable: event.currentTarget.checked })}
          />
        </div>
      )}
      <Textarea
        label="Why it exists"
        mt="xs"
        autosize
        value={description}
        onChange={event => set({ description: event.currentTarget.value })}
      />
    </>
  )
}

/** Where it may apply, for ever. */
function ReachFields({ draft: { reach, place, appliesTo }, set }: Props) {
  const query = { limit: 1000 }
  const domains = useQuery({ queryKey: ['domains', query], queryFn: () => hg.domains.list({ query }) })
  const names = Object.fromEntries(domains.data?.items.map(({ name }) => [name, name]) ?? [])
  const reachTo = (chosen: PolicyDraft['reach']) =>
    set({
      reach: chosen,
      place: '',
      // Owners pick from those that reach everywhere.
      ...(chosen !== 'global' && appliesTo.to === 'selected' && { appliesTo: { ...appliesTo, to: 'any' } }),
    })
  return (
    <div className={classes.row}>
      <Select label="Reach" value={reach} options={reaches} onChange={reachTo} />
      {reach === 'domain' && (
        <Select
          label="Which domain"
          value={place}
          options={{ '': 'Choose a domain', ...names }}
          onChange={chosen => set({ place: chosen })}
        />
      )}
      {reach === 'dataSource' && (
        <TextInput
          label="Number of the data source"
          required
          inputMode="numeric"
          value={place}
          onChange={event => set({ place: event.currentTarget.value })}
        />
      )}
    </div>
  )
}

const kinds = { grant: 'Grant policy: lets people in', guardrail: 'Guardrail: a minimum for everyone' }
const levels = { READ: 'Read', WRITE: 'Write, which includes delete' }
const reaches = { global: 'Everywhere', domain: 'One domain', dataSource: 'One data source' }
const subscribing = { automatic: 'Who qualifies is in', manual: 'Who qualifies must subscribe' }
const takes = {
  when: 'People who meet an expression',
  everyone: 'Everyone',
  onRequest: 'Nobody by itself: people ask, others decide',
}

interface SelectProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: Readonly<Record<Value, string>>
  readonly onChange: (value: Value) => void
}

function Select<Value extends string>({ label, value, options, onChange }: SelectProps<Value>) {
  const data = Object.entries<string>(options).map(([key, text]) => ({ value: key, label: text }))
  return (
    <NativeSelect label={label} value={value} data={data} onChange={e => onChange(e.currentTarget.value as Value)} />
  )
}
