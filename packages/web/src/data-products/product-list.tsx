/** The data products that one looks after or may look into, with how far each is. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { useHasDomains } from '../domains/has-domains.ts'
import { useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { ProductForm } from './product-form.tsx'
import { type ProductSearch, productStates, readProductSearch } from './search.ts'
import { offeredWords, productStateWords } from './words.ts'

const route = getRouteApi('/shell/data-products')

export function DataProductList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const mayCreate = useMayCreate()
  const { search: text, state, create, sort } = search
  const narrowed = { ...(text !== undefined && { search: text }), ...(state !== undefined && { state }) }
  const kept = { ...narrowed, ...(sort !== undefined && { sort }) }
  const query = { limit: pageSize, ...pageOf(search), ...narrowed }
  const products = useQuery({
    ...listQuery,
    queryKey: ['data products', query],
    queryFn: () => hg.dataProducts.list({ query }),
  })
  const go = useCallback(
    (wanted: ProductSearch) => void navigate({ to: '/data-products', search: wanted, replace: true }),
    [navigate],
  )
  const onSearch = useCallback(
    (wanted: string | undefined) => go(readProductSearch({ state, sort, search: wanted })),
    [go, state, sort],
  )
  if (create) return <NewProduct onLeave={() => go(kept)} />
  return (
    <Page
      title="Data products"
      lead={
        <>
          What people ask for at the marketplace: data sources that belong together. What is asked and who decides
          stands in <Link to="/request-forms">request forms</Link>, <Link to="/agreements">agreements</Link> and{' '}
          <Link to="/review-flows">review flows</Link>.
        </>
      }
      beside={
        mayCreate && (
          <Link to="/data-products" search={{ ...kept, create: true }}>
            New data product
          </Link>
        )
      }
    >
      <search className={filters.filters}>
        <SearchField label="Search by name and description" value={text} onChange={onSearch} />
        <Choice
          label="State"
          none="Any state"
          value={state}
          options={productStates.map(value => ({ value, label: productStateWords[value].word }))}
          onChange={wanted => go(readProductSearch({ search: text, sort, state: wanted }))}
        />
      </search>
      <Answer query={products} what="the data products">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing
              title={Object.keys(narrowed).length === 0 ? 'No data product that you look after' : 'None matches'}
            >
              {Object.keys(narrowed).length === 0 ? (
                <>
                  What you may ask for stands at the <Link to="/marketplace">marketplace</Link>.
                </>
              ) : (
                <Link to="/data-products">Show all</Link>
              )}
            </Nothing>
          ) : (
            <>
              <DataTable
                caption="Data products"
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={products.isPlaceholderData}
                sorting={{
                  by: sort ?? 'name',
                  onSort: wanted => go(readProductSearch({ ...narrowed, sort: wanted })),
                }}
                columns={[
                  {
                    name: 'Name',
                    sort: 'name',
                    cell: ({ id, name, domain }) => (
                      <>
                        <Link to="/data-products/$id" params={{ id }}>
                          {name}
                        </Link>
                        {domain !== undefined && <div className="quiet small">in {domain}</div>}
                      </>
                    ),
                  },
                  {
                    name: 'State',
                    width: '22%',
                    sort: 'state',
                    cell: one => <StateBadge {...productStateWords[one.state]} />,
                  },
                  { name: 'Offers', width: '18%', cell: ({ levels }) => offeredWords(levels) },
                  { name: 'Sources', width: '11%', cell: one => one.dataSourceCount.toLocaleString('en') },
                  { name: 'Members', width: '11%', cell: ({ members }) => members.toLocaleString('en') },
                ]}
              />
              <Pager search={search} answer={answer} what="data products" go={place => go({ ...kept, ...place })} />
            </>
          )
        }
      </Answer>
    </Page>
  )
}

function NewProduct({ onLeave }: { readonly onLeave: () => void }) {
  const navigate = useNavigate()
  const create = useWrite(
    (body: Parameters<typeof hg.dataProducts.create>[0]['body']) => hg.dataProducts.create({ body }),
    ({ id }) => navigate({ to: '/data-products/$id', params: { id } }),
  )
  return (
    <Page
      title="New data product"
      above={<Link to="/data-products">Data products</Link>}
      lead="It begins as a draft: nobody sees it, and nobody gains anything, until you publish it."
    >
      <ProductForm
        verb="Create the draft"
        isPending={create.isPending}
        error={create.error}
        onPropose={content => create.mutate(content)}
        onLeave={onLeave}
      />
    </Page>
  )
}

/** Whoever looks after no domain is not led to a form that the API would refuse. */
function useMayCreate(): boolean {
  const { permissions } = useMe()
  const hasDomains = useHasDomains()
  return permissions.includes('GOVERNANCE') || (hasDomains && !permissions.includes('AUDIT'))
}
