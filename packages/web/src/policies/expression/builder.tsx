/** The builder: any or all of a list of conditions, a row each; a group of them is a list inside the list. */
import { functionNamesIn, type LanguageContext } from '@headgate/core/policy'
import { ActionIcon, Button, NativeSelect } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { Condition, conditionWords } from './condition.tsx'
import classes from './expression.module.css'
import { deepest, emptyRow, isNest, type Nest, type Part, type Rows } from './rows.ts'

interface Props {
  readonly rows: Rows
  /** Where the expression stands: what may be asked there. */
  readonly context?: LanguageContext
  readonly onChange: (rows: Rows) => void
}

export function Builder({ rows, context = 'policy', onChange }: Props) {
  const options = functionNamesIn(context).map(value => ({ value, label: conditionWords[value] }))
  return <List rows={rows} place="" depth={0} options={options} onChange={onChange} />
}

type Options = readonly { readonly value: string; readonly label: string }[]

interface ListProps {
  readonly rows: Rows
  /** Of the group that it is, such as `2.1.`. */
  readonly place: string
  readonly depth: number
  readonly options: Options
  readonly onChange: (rows: Rows) => void
}

function List({ rows: { match, rows }, place, depth, options, onChange }: ListProps) {
  const put = (at: number, ...part: readonly Part[]) => onChange({ match, rows: rows.toSpliced(at, 1, ...part) })
  const add = (part: Part) => onChange({ match, rows: [...rows, part] })
  return (
    <div className={depth === 0 ? classes.builder : classes.nest}>
      {rows.length > 1 && (
        <NativeSelect
          aria-label={`How many of the conditions ${place === '' ? '' : `in ${place.slice(0, -1)} `}must be met`}
          value={match}
          data={[
            { value: 'all', label: 'All of these must be met' },
            { value: 'any', label: 'Any one of these is enough' },
          ]}
          onChange={event => onChange({ match: event.currentTarget.value === 'any' ? 'any' : 'all', rows })}
        />
      )}
      <ol className={classes.rows}>
        {rows.map((part, at) => (
          // Rows have no identity but their place.
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is what stands at that place
          <li key={at} className={classes.row}>
            {isNest(part) ? (
              <Group
                nest={part}
                place={`${place}${at + 1}`}
                depth={depth + 1}
                options={options}
                onChange={changed => put(at, changed)}
              />
            ) : (
              <Condition
                row={part}
                place={`${place}${at + 1}`}
                options={options}
                onChange={changed => put(at, changed)}
              />
            )}
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Remove ${isNest(part) ? 'group' : 'condition'} ${place}${at + 1}`}
              onClick={() => put(at)}
            >
              <IconTrash size={17} aria-hidden="true" />
            </ActionIcon>
          </li>
        ))}
      </ol>
      <div className={classes.adding}>
        <Add name="Add a condition" place={place} onClick={() => add(emptyRow('isInAnyGroup'))} />
        {depth < deepest && (
          <Add
            name="Add a group"
            place={place}
            onClick={() => add({ negated: false, match: 'any', rows: [emptyRow('isInAnyGroup')] })}
          />
        )}
      </div>
    </div>
  )
}

interface GroupProps extends Omit<ListProps, 'rows' | 'onChange'> {
  readonly nest: Nest
  readonly onChange: (nest: Nest) => void
}

function Group({ nest, place, depth, options, onChange }: GroupProps) {
  return (
    <fieldset className={classes.group}>
      <legend className="visually-hidden">Group {place}</legend>
      <NativeSelect
        aria-label={`Group ${place}: is it so or not`}
        value={nest.negated ? 'not' : 'is'}
        data={[
          { value: 'is', label: 'What follows, as one' },
          { value: 'not', label: 'Not: what follows, as one' },
        ]}
        onChange={event => onChange({ ...nest, negated: event.currentTarget.value === 'not' })}
      />
      <List
        rows={nest}
        place={`${place}.`}
        depth={depth}
        options={options}
        onChange={rows => onChange({ ...rows, negated: nest.negated })}
      />
    </fieldset>
  )
}

interface AddProps {
  readonly name: string
  readonly place: string
  readonly onClick: () => void
}

function Add({ name, place, onClick }: AddProps) {
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconPlus size={15} aria-hidden="true" />}
      {...(place !== '' && { 'aria-label': `${name} in group ${place.slice(0, -1)}` })}
      onClick={onClick}
    >
      {name}
    </Button>
  )
}
