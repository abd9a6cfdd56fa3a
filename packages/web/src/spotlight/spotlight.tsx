/** The search of the whole: screens at once, everything else as the server finds it, all by keyboard. */
import '@mantine/core/styles/ScrollArea.layer.css'
import '@mantine/core/styles/Overlay.layer.css'
import '@mantine/core/styles/Paper.layer.css'
import '@mantine/core/styles/ModalBase.layer.css'
import '@mantine/core/styles/Modal.layer.css'
import '@mantine/spotlight/styles.layer.css'
import type { User } from '@headgate/core/api'
import { useDebouncedValue } from '@mantine/hooks'
import { Spotlight as Root, spotlight } from '@mantine/spotlight'
import { IconSearch } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type LinkProps, type NavigateOptions, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useHasDomains } from '../domains/has-domains.ts'
import { useScreens } from '../shell/screens.ts'
import { errorWords } from '../ui/error-words.ts'
import { findEverything, type Hits } from './find.ts'
import classes from './spotlight.module.css'

const pauseMs = 200

export const openSpotlight = spotlight.open

export function Spotlight({ me }: { readonly me: User }) {
  const navigate = useNavigate()
  const hasDomains = useHasDomains()
  const screens = useScreens(me)
  const [typed, setTyped] = useState('')
  const text = typed.trim()
  const [settled] = useDebouncedValue(text, pauseMs)
  const found = useQuery({
    queryKey: ['spotlight', me.id, settled],
    queryFn: () => findEverything(settled, me, hasDomains),
    enabled: settled !== '',
    placeholderData: keepPreviousData,
    refetchInterval: false,
  })
  const open = screens.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()))
  const groups: readonly Hits[] = [
    { kind: 'Screens', hits: open.map(({ name, link }) => ({ id: `screen ${name}`, name, link })) },
    ...(text === '' ? [] : (found.data ?? [])),
  ].filter(({ hits }) => hits.length > 0)
  const isWaiting = text !== '' && (found.isFetching || settled !== text)
  const go = (link: LinkProps) => void navigate(link as NavigateOptions)
  return (
    <Root.Root
      shortcut={null}
      query={typed}
      onQueryChange={setTyped}
      scrollable
      maxHeight={480}
      attributes={{ content: { 'aria-label': 'Search' } }}
    >
      <Root.Search
        aria-label="Search people, data sources, policies, products, tags, integrations and screens"
        placeholder="People, data sources, policies, products, tags …"
        maxLength={255}
        leftSection={<IconSearch size={18} aria-hidden="true" />}
      />
      <Root.ActionsList>
        {groups.map(({ kind, hits }) => (
          <Root.ActionsGroup key={kind} label={kind}>
            {hits.map(({ id, name, note = '', link }) => (
              <Root.Action key={id} onClick={() => go(link)}>
                <span className={classes.hit}>
                  {name}
                  {note !== '' && <span className={classes.note}>{note}</span>}
                </span>
              </Root.Action>
            ))}
          </Root.ActionsGroup>
        ))}
        {groups.length === 0 && <Root.Empty>{isWaiting ? 'Looking …' : wordsFor(found.error)}</Root.Empty>}
      </Root.ActionsList>
    </Root.Root>
  )
}

function wordsFor(error: Error | null): string {
  return error === null ? 'Nothing found that you may see' : errorWords(error).text
}
