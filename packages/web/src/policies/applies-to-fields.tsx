/** Which data sources a policy applies to: all of its reach, those that owners pick, or what meets a list of conditions. */
import type { Policy } from '@headgate/core/api'
import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { counted } from '../ui/words.ts'
import {
  type AppliesToDraft,
  appliesToOf,
  type ConditionDraft,
  type ConditionKind,
  noCondition,
} from './applies-to-draft.ts'
import { NameField } from './expression/name-field.tsx'
import own from './policy-page.module.css'
import { useDataSourceCount } from './use-data-source-count.ts'

interface Props {
  readonly draft: AppliesToDraft
  readonly kind: Policy['kind']
  /** Only policies that reach everywhere may be picked by owners. */
  readonly reachesEverywhere: boolean
  readonly onChange: (draft: AppliesToDraft) => void
}

export function AppliesToFields({ draft, kind, reachesEverywhere, onChange }: Props) {
  const { to, conditions } = draft
  const put = (place: number, ...put: readonly ConditionDraft[]) =>
    onChange({ to, conditions: conditions.toSpliced(place, 1, ...put) })
  const isListed = to === 'any' || to === 'all'
  return (
    <fieldset className={own.conditions}>
      <NativeSelect
        label="Applies to"
        value={to}
        data={[
          { value: 'any', label: 'What meets any of these' },
          { value: 'all', label: 'What meets all of these' },
          { value: 'everything', label: 'Everything in its reach' },
          ...(reachesEverywhere ? [{ value: 'selected', label: 'What its owners pick it for' }] : []),
        ]}
        onChange={event => onChange({ to: event.currentTarget.value as AppliesToDraft['to'], conditions })}
      />
      {isListed &&
        conditions.map((condition, place) => (
          <Condition
            // biome-ignore lint/suspicious/noArrayIndexKey: a condition is what stands at that place
            key={place}
            condition={condition}
            place={place + 1}
            mayNameThem={kind === 'grant'}
            onChange={changed => put(place, changed)}
            onRemove={conditions.length > 1 ? () => put(place) : undefined}
          />
        ))}
      {isListed && (
        <div>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={15} aria-hidden="true" />}
            onClick={() => onChange({ to, conditions: [...conditions, noCondition] })}
          >
            {to === 'any' ? 'Widen it' : 'Narrow it'}
          </Button>
        </div>
      )}
      {reachesEverywhere && <Counted draft={draft} />}
    </fieldset>
  )
}

interface ConditionProps {
  readonly condition: ConditionDraft
  /** From 1. */
  readonly place: number
  readonly mayNameThem: boolean
  readonly onChange: (condition: ConditionDraft) => void
  readonly onRemove: (() => void) | undefined
}

function Condition({ condition: { kind, value }, place, mayNameThem, onChange, onRemove }: ConditionProps) {
  const kinds = Object.entries(kindWords).filter(([one]) => one !== 'name' || mayNameThem || kind === 'name')
  return (
    <div className={own.condition}>
      <NativeSelect
        aria-label={`What is looked at, ${place}`}
        value={kind}
        data={kinds.map(([one, label]) => ({ value: one, label }))}
        onChange={event => onChange({ kind: event.currentTarget.value as ConditionKind, value: '' })}
      />
      <Value kind={kind} value={value} onChange={typed => onChange({ kind, value: typed })} />
      {onRemove && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={`Remove what is looked at, ${place}`}
          onClick={onRemove}
        >
          <IconTrash size={17} aria-hidden="true" />
        </ActionIcon>
      )}
    </div>
  )
}

interface ValueProps {
  readonly kind: ConditionKind
  readonly value: string
  readonly onChange: (value: string) => void
}

function Value({ kind, value, onChange }: ValueProps) {
  switch (kind) {
    case 'tag':
      return <NameField label="Tag" kind="tag" placeholder="Finance" isAlone value={value} onChange={onChange} />
    case 'domain':
      return <Picked label="Domain" of="domain" value={value} onChange={onChange} />
    case 'integration':
      return <Picked label="Integration" of="integration" value={value} onChange={onChange} />
    case 'scope':
    case 'name':
      return (
        <TextInput
          label={kind === 'scope' ? 'Path' : 'Name'}
          placeholder={kind === 'scope' ? 's3://lake/finance/*' : 'sales-*'}
          required
          value={value}
          onChange={event => onChange(event.currentTarget.value)}
        />
      )
  }
}

function Picked({
  label,
  of,
  value,
  onChange,
}: Omit<ValueProps, 'kind'> & { readonly label: string; readonly of: 'domain' | 'integration' }) {
  const options = useQuery({
    queryKey: ['choices', of],
    queryFn: async () => {
      const query = { limit: 1000 }
      if (of === 'domain')
        return (await hg.domains.list({ query })).items.map(({ name }) => ({ value: name, label: name }))
      return (await hg.integrations.list()).map(({ id, config }) => ({ value: id, label: config.name }))
    },
  })
  const known = options.data ?? []
  const isListed = value === '' || known.some(option => option.value === value)
  return (
    <NativeSelect
      label={label}
      required
      value={value}
      data={[{ value: '', label: 'Choose one' }, ...(isListed ? [] : [{ value, label: value }]), ...known]}
      onChange={event => onChange(event.currentTarget.value)}
    />
  )
}

function Counted({ draft }: { readonly draft: AppliesToDraft }) {
  const count = useDataSourceCount(appliesToOf(draft))
  return count === undefined ? null : (
    <p className="quiet small" aria-live="polite">
      {count === 0 ? 'No data source of yours is there yet.' : `Takes in ${counted(count, 'data source')}.`}
    </p>
  )
}

const kindWords: Readonly<Record<ConditionKind, string>> = {
  tag: 'carries the tag',
  domain: 'is in the domain',
  integration: 'is of the integration',
  scope: 'lies inside',
  name: 'has a name like',
}
