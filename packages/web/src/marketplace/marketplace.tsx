/** Data products to find and to ask for. */
import type { OfferedProduct } from '@headgate/core/api'
import { Checkbox, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { beginningOf } from './beginning.ts'
import type { MarketSearch } from './search.ts'

const route = getRouteApi('/shell/marketplace')

export function Marketplace() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const { at: _, page: __, ...chosen } = search
  const { have, ...rest } = chosen
  const query = {
    ...{ limit: pageSize, ...pageOf(search), ...rest },
    ...(have && { mine: 'true' as const }),
  }
  const found = useQuery({
    ...listQuery,
    queryKey: ['marketplace', query],
    queryFn: () => hg.marketplace.list({ query }),
  })
  /** From the first page on. */
  const choose = useCallback(
    (change: (before: MarketSearch) => MarketSearch) =>
      void navigate({ search: ({ at: _, page: __, ...before }: MarketSearch) => change(before), replace: true }),
    [navigate],
  )
  const onSearch = useCallback(
    (wanted: string | undefined) =>
      choose(({ search: _, ...before }) => (wanted === undefined ? before : { ...before, search: wanted })),
    [choose],
  )
  const domains = found.data?.domains ?? []
  return (
    <Page title="Marketplace" lead="Data products: what there is to ask for, and what you have.">
      <search className={filters.filters}>
        <SearchField label="Search products, domains, tags, experts" value={search.search} onChange={onSearch} />
        <NativeSelect
          aria-label="Domain"
          value={search.domain ?? ''}
          data={[
            { value: '', label: 'Every domain' },
            ...domains.map(({ name, products }) => ({ value: name, label: `${name} (${products})` })),
          ]}
          onChange={({ currentTarget: { value } }) =>
            choose(({ domain: _, ...before }) => (value === '' ? before : { ...before, domain: value }))
          }
        />
        <Choice
          label="Level"
          none="To read or to write"
          value={search.level}
          options={[
            { value: 'READ', label: 'To read' },
            { value: 'WRITE', label: 'To write, which includes delete' },
          ]}
          onChange={value =>
            choose(({ level: _, ...before }) =>
              value === 'READ' || value === 'WRITE' ? { ...before, level: value } : before,
            )
          }
        />
        <Checkbox
          label="Only what I have"
          checked={have === true}
          onChange={({ currentTarget: { checked } }) =>
            choose(({ have: _, ...before }) => (checked ? { ...before, have: true } : before))
          }
        />
      </search>
      <Answer query={found} what="the data products">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="Nothing found">
              {Object.keys(chosen).length === 0
                ? 'No data product has been published yet.'
                : 'Search for something else, or take the filters away.'}
            </Nothing>
          ) : (
            <>
              <DataTable
                caption="Data products"
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={found.isPlaceholderData}
                columns={[
                  {
                    name: 'Product',
                    cell: ({ id, name, description }) => (
                      <>
                        <Link to="/marketplace/$id" params={{ id }}>
                          {name}
                        </Link>
                        <div className="quiet small">{beginningOf(description)}</div>
                      </>
                    ),
                  },
                  { name: 'Domain', width: '14%', cell: ({ domain }) => domain ?? <span className="quiet">none</span> },
                  { name: 'Data sources', width: '12%', cell: ({ dataSources }) => dataSources.toLocaleString('en') },
                  { name: 'Levels', width: '12%', cell: ({ levels }) => levels.map(levelWord).join(', ') },
                  { name: 'For you', width: '22%', cell: product => <Mine product={product} /> },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="data products"
                go={place => void navigate({ search: { ...chosen, ...place } })}
              />
            </>
          )
        }
      </Answer>
    </Page>
  )
}

function Mine({ product: { mine, pending, suspended, retired } }: { readonly product: OfferedProduct }) {
  return (
    <>
      {mine.map(({ level, until }) => (
        <div key={level}>
          <StateBadge tone="active" word={`You may ${levelWord(level)}`} />
          {until !== undefined && (
            <div className="quiet small">
              ends <RelativeTime at={until} />
            </div>
          )}
        </div>
      ))}
      {pending.map(({ request, level }) => (
        <div key={request}>
          <StateBadge tone="onItsWay" word={`Asked for, to ${levelWord(level)}`} />
        </div>
      ))}
      {mine.length + pending.length === 0 && (
        <span className="quiet">{retired ? 'retired' : suspended ? 'takes no requests now' : 'to be asked for'}</span>
      )}
    </>
  )
}

export function levelWord(level: 'READ' | 'WRITE'): string {
  return level === 'READ' ? 'read' : 'write'
}
