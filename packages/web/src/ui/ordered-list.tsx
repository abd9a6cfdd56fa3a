/**
 * Things in an order that somebody decides: each in a frame of its own, moved up and down and removed by buttons, so that
 * no pointer is needed. What is moved keeps the focus.
 */
import { ActionIcon, Button } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import { type MouseEvent, type ReactNode, useState } from 'react'
import { flushSync } from 'react-dom'
import classes from './ordered-list.module.css'

interface Props<Item> {
  readonly items: readonly Item[]
  /** What one is called: `Question`. */
  readonly one: string
  /** Of one at its place, from 1, where it is not the word and the place. */
  readonly title?: (place: number) => string
  /** What a new one begins with; a function, for it may depend on those that are there. */
  readonly beginning: () => Item
  readonly add: string
  readonly least?: number
  readonly most: number
  readonly onChange: (items: readonly Item[]) => void
  readonly children: (item: Item, put: (item: Item) => void, title: string) => ReactNode
}

export function OrderedList<Item>(props: Props<Item>) {
  const { items, one, beginning, add, least = 0, most, onChange, children } = props
  const title = props.title ?? ((place: number) => `${one} ${place}`)
  const { keys, setKeys } = useKeys(items.length)
  function change(from: number, ...put: readonly [] | readonly [to: number]) {
    const [to] = put
    setKeys(moved(keys, from, to))
    onChange(moved(items, from, to))
  }
  return (
    <div className={classes.list}>
      <ol className={classes.items}>
        {items.map((item, at) => (
          <li key={keys[at]}>
            <fieldset className={classes.item}>
              <legend>{title(at + 1)}</legend>
              <div className={classes.moves}>
                {items.length > 1 && (
                  <>
                    <Move
                      name={`Move up: ${title(at + 1)}`}
                      icon={<IconArrowUp size={17} aria-hidden="true" />}
                      disabled={at === 0}
                      onClick={event => follow(event, at - 1, () => change(at, at - 1))}
                    />
                    <Move
                      name={`Move down: ${title(at + 1)}`}
                      icon={<IconArrowDown size={17} aria-hidden="true" />}
                      disabled={at === items.length - 1}
                      onClick={event => follow(event, at + 1, () => change(at, at + 1))}
                    />
                  </>
                )}
                {items.length > least && (
                  <Move
                    name={`Remove: ${title(at + 1)}`}
                    icon={<IconTrash size={17} aria-hidden="true" />}
                    onClick={() => change(at)}
                  />
                )}
              </div>
              {children(item, changed => onChange(items.toSpliced(at, 1, changed)), title(at + 1))}
            </fieldset>
          </li>
        ))}
      </ol>
      {items.length < most && (
        <div>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={15} aria-hidden="true" />}
            onClick={() => onChange([...items, beginning()])}
          >
            {add}
          </Button>
        </div>
      )}
    </div>
  )
}

/** Things have no names of their own: a number each, which goes with them wherever they are moved. */
function useKeys(count: number) {
  const [held, setHeld] = useState<readonly number[]>([])
  if (held.length === count) return { keys: held, setKeys: setHeld }
  const next = Math.max(-1, ...held) + 1
  // Another list than before, or one more at its end.
  const keys = Array.from({ length: count }, (_, at) =>
    at < held.length && count > held.length ? held[at]! : next + at,
  )
  setHeld(keys)
  return { keys, setKeys: setHeld }
}

/** Without a place to go to it is gone. */
function moved<Item>(items: readonly Item[], from: number, to?: number): readonly Item[] {
  const rest = items.toSpliced(from, 1)
  return to === undefined ? rest : rest.toSpliced(to, 0, items[from]!)
}

/** Lets the focus go with what is moved: the same button there, or the other one where it has reached its end. */
function follow({ currentTarget: button }: MouseEvent, to: number, move: () => void) {
  const list = button.closest('ol')
  const buttons = [...(button.parentElement?.children ?? [])]
  const which = buttons.indexOf(button)
  flushSync(move)
  const there = list?.children[to]?.querySelectorAll<HTMLButtonElement>(
    ':scope > fieldset > div:first-of-type > button',
  )
  const wanted = there?.[which]
  ;(wanted?.disabled ? there?.[1 - which] : wanted)?.focus()
}

interface MoveProps {
  readonly name: string
  readonly icon: ReactNode
  readonly disabled?: boolean
  readonly onClick: (event: MouseEvent) => void
}

function Move({ name, icon, disabled = false, onClick }: MoveProps) {
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={name} disabled={disabled} onClick={onClick}>
      {icon}
    </ActionIcon>
  )
}
