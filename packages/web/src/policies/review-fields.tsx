/** Who decides about requests: stages one after the other, each with those who may approve it. */
import { permissions } from '@headgate/core/api'
import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { OrderedList } from '../ui/ordered-list.tsx'
import { permissionWords } from '../ui/words.ts'
import { NameField } from './expression/name-field.tsx'
import classes from './policy-page.module.css'
import {
  type CriterionDraft,
  type CriterionKind,
  noCriterion,
  noStage,
  type ReviewDraft,
  type StageDraft,
} from './review-draft.ts'

interface Props {
  readonly stages: ReviewDraft
  readonly onChange: (stages: ReviewDraft) => void
}

export function ReviewFields({ stages, onChange }: Props) {
  return (
    <OrderedList
      items={stages}
      one="Stage"
      title={place => (stages.length === 1 ? 'Who decides' : `Stage ${place}: who decides`)}
      add="Add a stage after it"
      least={1}
      most={10}
      beginning={() => noStage}
      onChange={onChange}
    >
      {(stage, put, name) => <Stage stage={stage} name={name} onChange={put} />}
    </OrderedList>
  )
}

interface StageProps {
  readonly stage: StageDraft
  readonly name: string
  readonly onChange: (stage: StageDraft) => void
}

function Stage({ stage: { needs, criteria }, name, onChange }: StageProps) {
  const put = (place: number, ...put: readonly CriterionDraft[]) =>
    onChange({ needs, criteria: criteria.toSpliced(place, 1, ...put) })
  return (
    <div className={classes.stage}>
      {criteria.length > 1 && (
        <NativeSelect
          aria-label={`${name}: how many`}
          value={needs}
          data={[
            { value: 'any', label: 'One approval, by any of these' },
            { value: 'all', label: 'One approval for each of these, by different people' },
          ]}
          onChange={event => onChange({ needs: event.currentTarget.value === 'all' ? 'all' : 'any', criteria })}
        />
      )}
      {criteria.map((criterion, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a criterion is what stands at that place
        <div key={place} className={classes.condition}>
          <NativeSelect
            aria-label={`${name}, ${place + 1}: by what`}
            value={criterion.kind}
            data={Object.entries(kindWords).map(([value, label]) => ({ value, label }))}
            onChange={event => put(place, { kind: event.currentTarget.value as CriterionKind, value: '', of: '' })}
          />
          <CriterionFields name={`${name}, ${place + 1}`} criterion={criterion} onChange={one => put(place, one)} />
          {criteria.length > 1 && (
            <Remove name={`Remove ${name.toLowerCase()}, ${place + 1}`} onClick={() => put(place)} />
          )}
        </div>
      ))}
      <div className={classes.buttons}>
        <Add onClick={() => onChange({ needs, criteria: [...criteria, noCriterion] })}>Add somebody</Add>
      </div>
    </div>
  )
}

interface CriterionProps {
  readonly name: string
  readonly criterion: CriterionDraft
  readonly onChange: (criterion: CriterionDraft) => void
}

function CriterionFields({ name, criterion, onChange }: CriterionProps) {
  const { kind, value, of } = criterion
  const choose = (chosen: string) => onChange({ ...criterion, value: chosen })
  if (kind === 'permission' || kind === 'domainRight') {
    const options =
      kind === 'permission'
        ? permissions.map(one => ({ value: one, label: permissionWords[one] }))
        : Object.entries(rightWords).map(([one, label]) => ({ value: one, label }))
    return (
      <div className={classes.pair}>
        <NativeSelect
          aria-label={`${name}: which`}
          value={value}
          data={[{ value: '', label: 'Choose one' }, ...options]}
          onChange={event => choose(event.currentTarget.value)}
        />
        {kind === 'domainRight' && (
          <TextInput
            aria-label={`${name}: domain`}
            placeholder="Domain of what is asked for"
            value={of}
            onChange={event => onChange({ ...criterion, of: event.currentTarget.value })}
          />
        )}
      </div>
    )
  }
  return (
    <div className={classes.pair}>
      <NameField
        label={`${name}: ${kind === 'attribute' ? 'key' : 'name'}`}
        placeholder={kind === 'attribute' ? 'Key' : kindWords[kind]}
        kind={kind === 'attribute' ? 'key' : kind}
        value={value}
        onChange={choose}
      />
      {kind === 'attribute' && (
        <NameField
          label={`${name}: value`}
          placeholder="Any value"
          kind="value"
          under={value}
          value={of}
          onChange={chosen => onChange({ ...criterion, of: chosen })}
        />
      )}
    </div>
  )
}

function Add({ onClick, children }: { readonly onClick: () => void; readonly children: string }) {
  return (
    <Button variant="default" size="xs" leftSection={<IconPlus size={15} aria-hidden="true" />} onClick={onClick}>
      {children}
    </Button>
  )
}

function Remove({ name, onClick }: { readonly name: string; readonly onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={name} onClick={onClick}>
      <IconTrash size={17} aria-hidden="true" />
    </ActionIcon>
  )
}

const kindWords: Readonly<Record<CriterionKind, string>> = {
  group: 'People in a group',
  user: 'One person',
  permission: 'Those with a permission',
  domainRight: 'Those with a right in a domain',
  attribute: 'Those with an attribute',
}

const rightWords = {
  MANAGE_POLICIES: 'Manage policies',
  AUDIT_ACTIVITY: 'Audit activity',
  MANAGE_DATA_PRODUCTS: 'Manage data products',
} as const
