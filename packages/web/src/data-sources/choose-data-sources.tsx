/** Finding data sources and choosing some, over as many pages as it takes. */
import { Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Pager } from '../ui/pager.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { TagChips } from '../ui/tag-chips.tsx'
import { counted } from '../ui/words.ts'
import type { DataSourceSearch } from './search.ts'

const route = getRouteApi('/shell/data-sources/tags')
const pageSize = 20

interface Props {
  /** Every tag that there is to narrow by. */
  readonly tags: readonly string[]
  readonly chosen: ReadonlySet<number>
  readonly onChange: (chosen: ReadonlySet<number>) => void
}

export function ChooseDataSources({ tags, chosen, onChange }: Props) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
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
