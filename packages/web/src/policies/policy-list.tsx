/** Every policy, to read: found by name, state, kind and domain. */
import type { Policy, User } from '@headgate/core/api'
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
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, policyStateWords } from '../ui/words.ts'
import { type PolicySearch, readPolicySearch } from './search.ts'

const route = getRouteApi('/shell/policies')

export function PolicyList() {
  const search = route.useSearch()
  const mayWrite = useMayWritePolicies(useMe())
  return (
    <Page
      title="Policies"
      beside={mayWrite && <Link to="/policies/new">New policy</Link>}
      lead="Grant policies let people in. Guardrails are minimums that everyone must meet."
    >
      <Filters search={search} />
      <Rows search={search} mayWrite={mayWrite} />
    </Page>
  )
}

function Filters({ search: { search, state, kind, domain, sort } }: { readonly search: PolicySearch }) {
  const navigate = useNavigate()
  const query = { limit: 1000 }
  const domains = useQuery({ queryKey: ['domains', query], queryFn: () => hg.domains.list({ query }) })
  const names = domains.data?.items.map(({ name }) => name) ?? []
  const narrow = useCallback(
    (change: { readonly [Name in 'search' | 'state' | 'kind' | 'domain']?: string | undefined }) => {
      const wanted = { search, state, kind, domain, sort, ...change }
      const kept = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
      void navigate({ to: '/policies', search: kept, replace: true })
    },
    [navigate, search, state, kind, domain, sort],
  )
  const onSearch = useCallback((text: string | undefined) => narrow({ search: text }), [narrow])
  return (
    <search className={filters.filters}>
      <SearchField label="Search by name" value={search} onChange={onSearch} />
      <Choice
        label="State"
        none="Staged and active"
        value={state}
        options={Object.entries(policyStateWords).map(([value, { word }]) => ({ value, label: word }))}
        onChange={value => narrow({ state: value })}
      />
      <Choice
        label="Kind"
        none="Any kind"
        value={kind}
        options={[
          { value: 'grant', label: 'Grant policies' },
          { value: 'guardrail', label: 'Guardrails' },
        ]}
        onChange={value => narrow({ kind: value })}
      />
      {(names.length > 0 || domain !== undefined) && (
        <Choice
          label="Domain"
          none="Any reach"
          value={domain}
          options={names.map(name => ({ value: name, label: `Of the domain ${name}` }))}
          onChange={value => narrow({ domain: value })}
        />
      )}
    </search>
  )
}

function Rows({ search, mayWrite }: { readonly search: PolicySearch; readonly mayWrite: boolean }) {
  const navigate = useNavigate()
  const { at: _, page: __, ...kept } = search
  const { sort = 'name', ...filter } = kept
  const isFiltered = Object.keys(filter).length > 0
  const query = { limit: pageSize, ...pageOf(search), ...filter }
  const policies = useQuery({
    ...listQuery,
    queryKey: ['policies', query],
    queryFn: () => hg.policies.list({ query }),
  })
  return (
    <Answer query={policies} what="the policies">
      {answer =>
        answer.items.length === 0 ? (
          <Nothing title={isFiltered ? 'No policy matches' : 'No policy that you may see'}>
            {isFiltered ? (
              <Link to="/policies">Show all</Link>
            ) : (
              <>
                Those of your domains and data sources stand here. Without a policy, only members reach data.
                {mayWrite && (
                  <>
                    {' '}
                    <Link to="/policies/new">Write the first</Link> and see what it would do before it does anything.
                  </>
                )}
              </>
            )}
          </Nothing>
        ) : (
          <>
            <DataTable
              caption="Policies"
              rows={answer.items}
              rowKey={({ id }) => id}
              stale={policies.isPlaceholderData}
              sorting={{
                by: sort,
                onSort: wanted =>
                  void navigate({
                    to: '/policies',
                    search: readPolicySearch({ ...filter, sort: wanted }),
                    replace: true,
                  }),
              }}
              columns={[
                { name: 'Name', sort: 'name', cell: policy => <Name policy={policy} /> },
                { name: 'Kind', width: '17%', sort: 'kind', cell: policy => <Kind policy={policy} /> },
                { name: 'Reach', width: '20%', cell: policy => <Reach policy={policy} /> },
                {
                  name: 'Level',
                  width: '9%',
                  sort: 'level',
                  cell: ({ level }) => (level === 'WRITE' ? 'Write' : 'Read'),
                },
                {
                  name: 'State',
                  width: '14%',
                  sort: 'state',
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
              go={place => void navigate({ to: '/policies', search: { ...kept, ...place } })}
            />
          </>
        )
      }
    </Answer>
  )
}

function Name({ policy: { id, name, description } }: { readonly policy: Policy }) {
  return (
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
  )
}

function Kind({ policy: { kind, who, protected: isProtected } }: { readonly policy: Policy }) {
  return (
    <>
      {kind === 'guardrail' ? <strong>Guardrail</strong> : 'Grant policy'}
      {'onRequest' in who && <div className="quiet small">on request</div>}
      {isProtected && <div className="quiet small">protected: part of Headgate</div>}
    </>
  )
}

function Reach({ policy: { domain, dataSource } }: { readonly policy: Policy }) {
  if (domain !== undefined) return <>Domain {domain}</>
  return dataSource === undefined ? <span className="quiet">Everywhere</span> : <>Only {dataSource.name}</>
}

/** Those who look after no domain and own nothing are not led to a form that the API would refuse. */
function useMayWritePolicies({ permissions }: User): boolean {
  const hasDomains = useHasDomains()
  return permissions.includes('GOVERNANCE') || permissions.includes('CREATE_S3_DATASOURCE') || hasDomains
}
