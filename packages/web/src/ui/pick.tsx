/** One field that finds as one types: what is found is offered below, by keyboard and by touch. */
import '@mantine/core/styles/ScrollArea.layer.css'
import '@mantine/core/styles/Popover.layer.css'
import '@mantine/core/styles/Combobox.layer.css'
import '@mantine/core/styles/CloseButton.layer.css'
import { CloseButton, Combobox, TextInput, useCombobox } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'

const pauseMs = 200

export interface Found<Picked> {
  readonly picked: Picked
  readonly name: string
  readonly note?: string
}

interface Props<Picked> {
  readonly label: string
  readonly description: string
  /** The name of what is picked already. */
  readonly chosen: string | undefined
  readonly find: (text: string) => Promise<readonly Found<Picked>[]>
  readonly onPick: (picked: Picked | undefined) => void
}

export function Pick<Picked>({ label, description, chosen = '', find, onPick }: Props<Picked>) {
  const [typed, setTyped] = useState<string>()
  const [text] = useDebouncedValue((typed ?? '').trim(), pauseMs)
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  const found = useQuery({
    queryKey: ['pick', label, text],
    queryFn: () => find(text),
    enabled: combobox.dropdownOpened,
    placeholderData: keepPreviousData,
    refetchInterval: false,
  })
  const items = found.data ?? []
  return (
    <Combobox
      store={combobox}
      onOptionSubmit={place => {
        const one = items[Number(place)]
        setTyped(undefined)
        combobox.closeDropdown()
        if (one !== undefined) onPick(one.picked)
      }}
    >
      <Combobox.Target>
        <TextInput
          label={label}
          description={description}
          value={typed ?? chosen}
          maxLength={2048}
          spellCheck={false}
          autoComplete="off"
          rightSection={
            chosen !== '' && (
              <CloseButton
                size="sm"
                aria-label={`Clear ${label.toLowerCase()}`}
                onClick={() => {
                  setTyped(undefined)
                  onPick(undefined)
                }}
              />
            )
          }
          onChange={event => {
            setTyped(event.currentTarget.value)
            combobox.openDropdown()
            combobox.updateSelectedOptionIndex()
          }}
          onClick={() => combobox.openDropdown()}
          onFocus={event => event.currentTarget.select()}
          onBlur={() => {
            combobox.closeDropdown()
            setTyped(undefined)
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options aria-label={label} mah={320} style={{ overflowY: 'auto' }}>
          {items.map(({ name, note }, place) => (
            <Combobox.Option key={`${name} ${note}`} value={String(place)}>
              {name}
              {note !== undefined && <div className="quiet small">{note}</div>}
            </Combobox.Option>
          ))}
          {items.length === 0 && <Combobox.Empty>{found.isFetching ? 'Looking …' : 'Nothing found'}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}
