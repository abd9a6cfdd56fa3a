/**
 * Putting tags on many data sources at once, and taking them away: found and chosen here, with what that would do to
 * people before it is done. On all of them or, when one is refused, on none.
 */
import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { hg } from '../api.ts'
import { useProposal } from '../people/previewed-actions.tsx'
import { LivePreview } from '../preview/live-preview.tsx'
import forms from '../ui/form.module.css'
import { Chips, Page, Section } from '../ui/page.tsx'
import { productOf } from '../ui/tag-chips.tsx'
import { counted } from '../ui/words.ts'
import { ChooseDataSources } from './choose-data-sources.tsx'

type Done = Awaited<ReturnType<typeof hg.dataSources.changeTags>>

export function BulkTags() {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [add, setAdd] = useState<readonly string[]>([])
  const [remove, setRemove] = useState<readonly string[]>([])
  const [done, setDone] = useState<Done>()
  const { propose, shown } = useProposal()
  const catalogue = useTagNames()
  const body = useMemo(
    () => ({ dataSourceIds: [...chosen], add: [...add], remove: [...remove] }),
    [chosen, add, remove],
  )
  const changes = useMemo(() => [{ change: 'changeTags' as const, ...body }], [body])
  const isSaid = add.length + remove.length > 0
  const isComplete = isSaid && chosen.size > 0
  function show() {
    setDone(undefined)
    propose({
      change: { change: 'changeTags', ...body },
      verb: `${verbOf(add.length, remove.length)} ${counted(chosen.size, 'data source')}`,
      write: async preview => setDone(await hg.dataSources.changeTags({ body, ...preview })),
      done: () => {
        setChosen(new Set())
        setAdd([])
        setRemove([])
      },
    })
  }
  return (
    <Page
      title="Tags of many data sources"
      above={<Link to="/data-sources">Data sources</Link>}
      lead="Choose the tags, then the data sources. What people gain and lose by it is shown before."
    >
      {done !== undefined && (
        <p role="status">
          Done: {counted(done.added, 'tag')} put on and {counted(done.removed, 'tag')} taken away, on{' '}
          {counted(done.dataSources, 'data source')}.
        </p>
      )}
      {shown ?? (
        <>
          <Section title="Which tags">
            <div className={forms.fields}>
              <TagPicker label="Put on" catalogue={catalogue} chosen={add} others={remove} onChange={setAdd} />
              <TagPicker label="Take away" catalogue={catalogue} chosen={remove} others={add} onChange={setRemove} />
            </div>
          </Section>
          <Section
            title="Which data sources"
            beside={<span className="quiet">{counted(chosen.size, 'data source')} chosen</span>}
          >
            <ChooseDataSources tags={catalogue} chosen={chosen} onChange={setChosen} />
          </Section>
          {isComplete ? (
            <LivePreview changes={changes} title="If it were done now" />
          ) : (
            <p className="quiet">
              {isSaid ? 'Choose the data sources, and' : 'Choose a tag to put on or to take away, and'} what it would do
              is shown here.
            </p>
          )}
          <div className={forms.actions}>
            {isComplete && <Button onClick={show}>Show what it would do</Button>}
            {chosen.size > 0 && (
              <Button variant="default" onClick={() => setChosen(new Set())}>
                Choose none
              </Button>
            )}
          </div>
        </>
      )}
    </Page>
  )
}

function verbOf(add: number, remove: number): string {
  if (remove === 0) return `Put ${counted(add, 'tag')} on`
  if (add === 0) return `Take ${counted(remove, 'tag')} from`
  return `Put ${counted(add, 'tag')} on, and take ${counted(remove, 'tag')} from,`
}

interface PickerProps {
  readonly label: string
  readonly catalogue: readonly string[]
  readonly chosen: readonly string[]
  /** Nobody puts on what they take away. */
  readonly others: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
}

function TagPicker({ label, catalogue, chosen, others, onChange }: PickerProps) {
  const left = catalogue.filter(name => !chosen.includes(name) && !others.includes(name))
  return (
    <div>
      <NativeSelect
        label={label}
        maw="24rem"
        value=""
        data={[{ value: '', label: 'Choose a tag' }, ...left.map(name => ({ value: name, label: name }))]}
        onChange={event => onChange([...chosen, event.currentTarget.value])}
      />
      {chosen.length > 0 && (
        <Chips>
          {chosen.map(name => (
            <li key={name}>
              {name}{' '}
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`Not after all: ${name}`}
                onClick={() => onChange(chosen.filter(one => one !== name))}
              >
                Not after all
              </Button>
            </li>
          ))}
        </Chips>
      )}
    </div>
  )
}

/** Those that are put there by products come and go with them. */
function useTagNames(): readonly string[] {
  const { data } = useQuery({ queryKey: ['tags'], queryFn: () => hg.tags.list({ query: { limit: 1000 } }) })
  return data?.items.map(({ name }) => name).filter(name => productOf(name) === undefined) ?? []
}
