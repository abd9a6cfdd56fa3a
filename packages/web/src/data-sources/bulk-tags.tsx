/**
 * Putting tags on many data sources at once, and taking them away: found and chosen here, with what that would do to
 * people before it is done. On all of them or, when one is refused, on none.
 */
import { Button, Checkbox, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { hg } from '../api.ts'
import { LivePreview } from '../preview/live-preview.tsx'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import forms from '../ui/form.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Chips, Page, Section } from '../ui/page.tsx'
import { Pager } from '../ui/pager.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { productOf, TagChips } from '../ui/tag-chips.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import type { DataSourceSearch } from './search.ts'

const route = getRouteApi('/shell/data-sources/tags')
const pageSize = 20
/** What a preview takes: one change for what comes and one for what goes, of each. */
const mostPreviewed = 500

export function BulkTags() {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [add, setAdd] = useState<readonly string[]>([])
  const [remove, setRemove] = useState<readonly string[]>([])
  const catalogue = useTagNames()
  const ids = useMemo(() => [...chosen], [chosen])
  const write = useWrite(
    () => hg.dataSources.changeTags({ body: { dataSourceIds: ids, add: [...add], remove: [...remove] } }),
    () => {
      setChosen(new Set())
      setAdd([])
      setRemove([])
    },
  )
  const changes = useMemo(
    () =>
      ids.flatMap(dataSource => [
        ...(add.length > 0 ? [{ change: 'addTags' as const, dataSource, tags: [...add] }] : []),
        ...(remove.length > 0 ? [{ change: 'removeTags' as const, dataSource, tags: [...remove] }] : []),
      ]),
    [ids, add, remove],
  )
  const isSaid = add.length + remove.length > 0
  return (
    <Page
      title="Tags of many data sources"
      above={<Link to="/data-sources">Data sources</Link>}
      lead="Choose the tags, then the data sources. What people gain and lose by it is shown before."
    >
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
        <Choose chosen={chosen} onChange={setChosen} />
      </Section>
      {changes.length > 0 && ids.length <= mostPreviewed && (
        <LivePreview changes={changes} title="If it were done now" />
      )}
      {ids.length > mostPreviewed && (
        <p className="quiet">
          More than {mostPreviewed} at once are not previewed: choose fewer to see what it would do.
        </p>
      )}
      <div className={forms.actions}>
        <Button disabled={ids.length === 0 || !isSaid} loading={write.isPending} onClick={() => write.mutate()}>
          {verbOf(add.length, remove.length)} {counted(ids.length, 'data source')}
        </Button>
        {ids.length > 0 && (
          <Button variant="default" onClick={() => setChosen(new Set())}>
            Choose none
          </Button>
        )}
      </div>
      <Refusal error={write.error} />
      {write.data !== undefined && ids.length === 0 && (
        <p role="status">
          Done: {counted(write.data.added, 'tag')} put on and {counted(write.data.removed, 'tag')} taken away, on{' '}
          {counted(write.data.dataSources, 'data source')}.
        </p>
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

interface ChooseProps {
  readonly chosen: ReadonlySet<number>
  readonly onChange: (chosen: ReadonlySet<number>) => void
}

function Choose({ chosen, onChange }: ChooseProps) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const tags = useTagNames()
  const { search: text, tag } = search
  const query = {
    limit: pageSize,
    ...pageOf(search),
    ...(text !== undefined && { search: text }),
    ...(tag !== undefined && { tag }),
  }
  const found = useQuery({
    ...listQuery,
    queryKey: ['data sources', query],
    queryFn: () => hg.dataSources.list({ query }),
  })
  const narrow = useCallback(
    (wanted: { readonly search?: string | undefined; readonly tag?: string | undefined }) =>
      void navigate({
        search: ({ at: _, page: __, ...before }: DataSourceSearch) =>
          Object.fromEntries(Object.entries({ ...before, ...wanted }).filter(([, value]) => value !== undefined)),
        replace: true,
      }),
    [navigate],
  )
  const onSearch = useCallback((wanted: string | undefined) => narrow({ search: wanted }), [narrow])
  const set = (ids: readonly number[], isChosen: boolean) => {
    const after = new Set(chosen)
    for (const id of ids) {
      if (isChosen) after.add(id)
      else after.delete(id)
    }
    onChange(after)
  }
  return (
    <>
      <search className={filters.filters}>
        <SearchField label="Search by name or path" value={text} onChange={onSearch} />
        <Choice
          label="Tag"
          none="Any tag"
          value={tag}
          options={tags.map(name => ({ value: name, label: name }))}
          onChange={wanted => narrow({ tag: wanted })}
        />
      </search>
      <Answer query={found} what="the data sources">
        {answer => {
          const ids = answer.items.map(({ id }) => id)
          const count = ids.filter(id => chosen.has(id)).length
          return ids.length === 0 ? (
            <Nothing title="No data source matches" />
          ) : (
            <>
              <Checkbox
                label={`All ${counted(ids.length, 'data source')} of this page`}
                checked={count === ids.length}
                indeterminate={count > 0 && count < ids.length}
                onChange={event => set(ids, event.currentTarget.checked)}
              />
              <DataTable
                caption="Data sources to choose from"
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={found.isPlaceholderData}
                columns={[
                  {
                    name: 'Name',
                    width: '30%',
                    cell: ({ id, name }) => (
                      <Checkbox
                        label={name}
                        checked={chosen.has(id)}
                        onChange={event => set([id], event.currentTarget.checked)}
                      />
                    ),
                  },
                  { name: 'Scope', width: '34%', cell: ({ scope }) => <ScopePath scope={scope} /> },
                  { name: 'Tags', cell: one => <TagChips tags={one.tags} /> },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="data sources"
                go={place =>
                  void navigate({
                    search: ({ at: _, page: __, ...before }: DataSourceSearch) => ({ ...before, ...place }),
                  })
                }
              />
            </>
          )
        }}
      </Answer>
    </>
  )
}
