/** One condition of the builder: whether it is so or not, what is asked, and the names that it is asked with. */
import { type AnyFunctionName, levels, principalKinds } from '@headgate/core/policy'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { principalKindWords } from '../../ui/words.ts'
import classes from './expression.module.css'
import { NameField } from './name-field.tsx'
import { emptyRow, type Row } from './rows.ts'

interface RowProps {
  readonly row: Row
  /** Such as `2`, or `2.1` in a group. */
  readonly place: string
  readonly onChange: (row: Row) => void
}

interface Props extends RowProps {
  readonly options: readonly { readonly value: string; readonly label: string }[]
}

export function Condition({ row, place, options, onChange }: Props) {
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
        data={options.map(option => ({ ...option }))}
        onChange={event => onChange({ ...emptyRow(event.currentTarget.value as AnyFunctionName), negated })}
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
    case 'principalKind':
      return (
        <NativeSelect
          aria-label={`Condition ${place}: kind of principal`}
          value={args[0]!}
          data={principalKinds.map(value => ({ value, label: principalKindWords[value] }))}
          onChange={event => set(0, event.currentTarget.value)}
        />
      )
    case 'levelIs':
      return (
        <NativeSelect
          aria-label={`Condition ${place}: level`}
          value={args[0]!}
          data={levels.map(value => ({ value, label: levelWords[value] }))}
          onChange={event => set(0, event.currentTarget.value)}
        />
      )
    case 'durationAtMost':
      return (
        <TextInput
          aria-label={`Condition ${place}: duration`}
          placeholder="Such as 30d"
          value={args[0]!}
          onChange={event => set(0, event.currentTarget.value)}
        />
      )
    default:
      return <Names row={row} place={place} onChange={onChange} />
  }
}

function Names({ row, place, onChange }: RowProps) {
  const { name, args } = row
  const kind = name === 'isUser' ? 'user' : 'group'
  const what = kind === 'user' ? 'User name' : 'Group'
  const set = (at: number, ...value: readonly string[]) => onChange({ ...row, args: args.toSpliced(at, 1, ...value) })
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

const levelWords = { READ: 'read', WRITE: 'write, which includes delete' } as const

/** What is asked, after *The person*. */
export const conditionWords: Readonly<Record<AnyFunctionName, string>> = {
  isInAnyGroup: 'is in any of these groups',
  isInGroups: 'is in all of these groups',
  hasAttribute: 'has the attribute',
  hasTagAsAttribute: 'has a tag of the data source as value of',
  hasTagAsGroup: 'is in a group named like a tag of the data source',
  isUser: 'is one of these people',
  hasPrincipal: 'is known to AWS as',
  levelIs: 'asks to',
  durationAtMost: 'asks for no longer than',
  principalKind: 'is known to AWS as',
}
