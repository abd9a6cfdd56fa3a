/** Where one is in a long list, and the way on and back; the place is kept in the address. */
import { Button } from '@mantine/core'
import { IconArrowLeft, IconArrowRight } from '@tabler/icons-react'
import { type ListSearch, nextPage, previousPage } from './list-search.ts'
import classes from './pager.module.css'

export const pageSize = 50

interface Props {
  readonly search: ListSearch
  readonly answer: { readonly items: readonly unknown[]; readonly next?: string | undefined; readonly total: number }
  readonly go: (place: Pick<ListSearch, 'at' | 'page'>) => void
  /** What the list is of, for those who hear it. */
  readonly what: string
}

export function Pager({ search, answer, go, what }: Props) {
  const { items, next, total } = answer
  const page = search.page ?? 1
  const from = (page - 1) * pageSize + 1
  const back = previousPage(search)
  if (page === 1 && next === undefined) return null
  return (
    <nav className={classes.pager} aria-label={`Pages of ${what}`}>
      <span className="quiet">
        {items.length === 0 ? 'None' : `${from.toLocaleString('en')}–${(from + items.length - 1).toLocaleString('en')}`}{' '}
        of {total.toLocaleString('en')}
      </span>
      <span className={classes.buttons}>
        {page > 2 && (
          <Button variant="subtle" size="xs" onClick={() => go({})}>
            First page
          </Button>
        )}
        <Button
          variant="default"
          size="xs"
          disabled={back === undefined}
          leftSection={<IconArrowLeft size={15} aria-hidden="true" />}
          onClick={() => back && go(back)}
        >
          Previous
        </Button>
        <Button
          variant="default"
          size="xs"
          disabled={next === undefined}
          rightSection={<IconArrowRight size={15} aria-hidden="true" />}
          onClick={() => next !== undefined && go(nextPage(search, next))}
        >
          Next
        </Button>
      </span>
    </nav>
  )
}
