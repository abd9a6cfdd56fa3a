/** Every policy, to read. */
import type { User } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { useHasDomains } from '../domains/has-domains.ts'
import { useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, policyKindWords, policyStateWords } from '../ui/words.ts'

const route = getRouteApi('/shell/policies')

export function PolicyList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const mayWrite = useMayWritePolicies(useMe())
  const query = { limit: pageSize, ...pageOf(search), ...(search.search !== undefined && { search: search.search }) }
  const policies = useQuery({
    ...listQuery,
    queryKey: ['policies', query],
    queryFn: () => hg.policies.list({ query }),
  })
  const onSearch = useCallback(
    (text: string | undefined) =>
      void navigate({ to: '/policies', search: text === undefined ? {} : { search: text }, replace: true }),
    [navigate],
  )
  return (
    <Page
      title="Policies"
      beside={mayWrite && <Link to="/policies/new">New policy</Link>}
      lead="Grant policies let people in. Guardrails are minimums that everyone must meet."
    >
      <search className={filters.filters}>
        <SearchField label="Search by name" value={search.search} onChange={onSearch} />
      </search>
      <Answer query={policies} what="the policies">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={search.search === undefined ? 'No policy that you may see' : 'No policy matches'}>
              {search.search === undefined ? (
                'Those of your domains and data sources stand here. Without a policy, only members reach data.'
              ) : (
                <Link to="/policies">Show all</Link>
              )}
            </Nothing>
          ) : (
            <>
              <DataTable
                caption="Policies"
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={policies.isPlaceholderData}
                columns={[
                  {
                    name: 'Name',
                    cell: ({ id, name, description }) => (
                      <>
                        <Link to="/policies/$id" params={{ id: String(id) }}>
                          {name}
                        </Link>
                        {description !== '' && (
                          <div className="quiet small">
                            <ServerText text={description} />
                          </div>
                        )}
                      </>
                    ),
                  },
                  { name: 'Kind', width: '26%', cell: ({ kind }) => policyKindWords[kind] },
                  { name: 'Level', width: '9%', cell: ({ level }) => (level === 'WRITE' ? 'Write' : 'Read') },
                  {
                    name: 'State',
                    width: '18%',
                    cell: ({ state, warnings }) => (
                      <>
                        <StateBadge {...policyStateWords[state]} />
                        {warnings.length > 0 && <div className="small">{counted(warnings.length, 'warning')}</div>}
                      </>
                    ),
                  },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="policies"
                go={place =>
                  void navigate({
                    to: '/policies',
                    search: { ...(search.search !== undefined && { search: search.search }), ...place },
                  })
                }
              />
            </>
          )
        }
      </Answer>
    </Page>
  )
}

/** Those who look after no domain and own nothing are not led to a form that the API would refuse. */
function useMayWritePolicies({ permissions }: User): boolean {
  const hasDomains = useHasDomains()
  return permissions.includes('GOVERNANCE') || permissions.includes('CREATE_S3_DATASOURCE') || hasDomains
}
