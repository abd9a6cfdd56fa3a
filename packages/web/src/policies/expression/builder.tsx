/** The builder: any or all of a list of conditions, a row each. */
import { type Call, principalKinds } from '@headgate/core/policy'
import { ActionIcon, Button, NativeSelect } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { principalKindWords } from '../../ui/words.ts'
import classes from './expression.module.css'
import { NameField } from './name-field.tsx'
import { emptyRow, type Row, type Rows } from './rows.ts'

interface Props {
  readonly rows: Rows
  readonly onChange: (rows: Rows) => void
}

export function Builder({ rows: { match, rows }, onChange }: Props) {
  const put = (place: number, ...row: readonly Row[]) => onChange({ match, rows: rows.toSpliced(place, 1, ...row) })
  return (
    <div className={classes.builder}>
      {rows.length > 1 && (
        <NativeSelect
          aria-label="How many of the conditions must be met"
          value={match}
          data={[
            { value: 'all', label: 'All of these must be met' },
            { value: 'any', label: 'Any one of these is enough' },
          ]}
          onChange={event => onChange({ match: event.currentTarget.value === 'any' ? 'any' : 'all', rows })}
        />
      )}
      <ol className={classes.rows}>
        {rows.map((row, place) => (
          // Rows have no identity but their place.
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is what stands at that place
          <li key={place} className={classes.row}>
            <ConditionRow row={row} place={place + 1} onChange={changed => put(place, changed)} />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Remove condition ${place + 1}`}
              onClick={() => put(place)}
            >
              <IconTrash size={17} aria-hidden="true" />
            </ActionIcon>
          </li>
        ))}
      </ol>
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={15} aria-hidden="true" />}
          onClick={() => onChange({ match, rows: [...rows, emptyRow('isInAnyGroup')] })}
        >
          Add a condition
        </Button>
      </div>
    </div>
  )
}

interface RowProps {
  readonly row: Row
  /** From 1. */
  readonly place: number
  readonly onChange: (row: Row) => void
}

function ConditionRow({ row, place, onChange }: RowProps) {
  const { negated, name } = row
  return (
    <div className={classes.condition}>
      <NativeSelect
        aria-label={`Condition ${place}: is it so or not`}
        value={negated ? 'not' : 'is'}
        data={[
          { value: 'is', label: 'The person' },
          { value: 'not', label: 'Not: the person' },
        ]}
        onChange={event => onChange({ ...row, negated: event.currentTarget.value === 'not' })}
      />
      <NativeSelect
        aria-label={`Condition ${place}: what is asked`}
        value={name}
        data={Object.entries(asks).map(([value, label]) => ({ value, label }))}
        onChange={event => onChange({ ...emptyRow(event.currentTarget.value as Call['name']), negated })}
      />
      <Arguments row={row} place={place} onChange={onChange} />
    </div>
  )
}

function Arguments({ row, place, onChange }: RowProps) {
  const { name, args } = row
  const set = (at: number, ...value: readonly string[]) => onChange({ ...row, args: args.toSpliced(at, 1, ...value) })
  switch (name) {
    case 'hasAttribute':
      return (
        <>
          <NameField
            label={`Condition ${place}: key`}
            placeholder="Key"
            kind="key"
            value={args[0]!}
            onChange={key => set(0, key)}
          />
          <NameField
            label={`Condition ${place}: value`}
            placeholder="Any value"
            kind="value"
            under={args[0]}
            value={args[1] ?? ''}
            onChange={value => onChange({ ...row, args: [args[0]!, value] })}
          />
        </>
      )
    case 'hasTagAsAttribute':
      return (
        <NameField
          label={`Condition ${place}: key`}
          placeholder="Key"
          kind="key"
          value={args[0]!}
          onChange={key => set(0, key)}
        />
      )
    case 'hasTagAsGroup':
      return null
    case 'hasPrincipal':
      return (
        <NativeSelect
          aria-label={`Condition ${place}: kind of principal`}
          value={args[0]!}
          data={principalKinds.map(value => ({ value, label: principalKindWords[value] }))}
          onChange={event => set(0, event.currentTarget.value)}
        />
      )
    default: {
      const kind = name === 'isUser' ? 'user' : 'group'
      const what = kind === 'user' ? 'User name' : 'Group'
      return (
        <>
          {args.map((arg, at) => (
            <NameField
              // biome-ignore lint/suspicious/noArrayIndexKey: a name is what stands at that place
              key={at}
              label={`Condition ${place}: ${what.toLowerCase()} ${at + 1}`}
              placeholder={what}
              kind={kind}
              value={arg}
              // One that is emptied goes, but for the last.
              onChange={value => (value === '' && args.length > 1 ? set(at) : set(at, value))}
            />
          ))}
          <Button variant="subtle" size="xs" onClick={() => onChange({ ...row, args: [...args, ''] })}>
            {kind === 'user' ? 'Another person' : 'Another group'}
          </Button>
        </>
      )
    }
  }
}

const asks: Readonly<Record<Call['name'], string>> = {
  isInAnyGroup: 'is in any of these groups',
  isInGroups: 'is in all of these groups',
  hasAttribute: 'has the attribute',
  hasTagAsAttribute: 'has a tag of the data source as value of',
  hasTagAsGroup: 'is in a group named like a tag of the data source',
  isUser: 'is one of these people',
  hasPrincipal: 'is known to AWS as',
}
