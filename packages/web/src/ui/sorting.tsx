/** The order of a list: by a click on a column's name, or where names have no room, by choosing from all orders. */
import { NativeSelect } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconSelector } from '@tabler/icons-react'
import classes from './sorting.module.css'

export interface Sorting {
  /** As the API takes it: `name`, or downwards `-name`. */
  readonly by: string
  readonly onSort: (by: string) => void
}

interface HeadProps {
  readonly name: string
  /** The order that the first click asks for; the second one asks for its opposite. */
  readonly sort: string
  readonly sorting: Sorting
}

export function SortedHead({ name, sort, sorting: { by, onSort } }: HeadProps) {
  const isHere = by === sort || by === oppositeOf(sort)
  const isUp = !by.startsWith('-')
  const Icon = !isHere ? IconSelector : isUp ? IconArrowUp : IconArrowDown
  return (
    <th scope="col" aria-sort={isHere ? (isUp ? 'ascending' : 'descending') : undefined}>
      <span className={classes.name}>{name}</span>
      <button type="button" className={classes.head} onClick={() => onSort(by === sort ? oppositeOf(sort) : sort)}>
        {name}
        <Icon size={14} aria-hidden="true" />
      </button>
    </th>
  )
}

interface ChoiceProps {
  /** What the list is of, for those who hear it. */
  readonly caption: string
  readonly columns: readonly { readonly name: string; readonly sort?: string }[]
  readonly sorting: Sorting
}

export function SortChoice({ caption, columns, sorting: { by, onSort } }: ChoiceProps) {
  const orders = columns.flatMap(({ name, sort }) =>
    sort === undefined
      ? []
      : [sort, oppositeOf(sort)].map(value => ({
          value,
          label: `${name}, ${value.startsWith('-') ? 'descending' : 'ascending'}`,
        })),
  )
  const isListed = orders.some(({ value }) => value === by)
  return (
    <div className={classes.choice}>
      <NativeSelect
        aria-label={`Order of ${caption}`}
        size="xs"
        value={isListed ? by : ''}
        data={[...(isListed ? [] : [{ value: '', label: 'In its usual order' }]), ...orders]}
        onChange={event => onSort(event.currentTarget.value)}
      />
    </div>
  )
}

function oppositeOf(sort: string): string {
  return sort.startsWith('-') ? sort.slice(1) : `-${sort}`
}
