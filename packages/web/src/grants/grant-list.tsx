/** What AWS stores for Headgate, newest first: each grant with its state, its error and its next try. */
import { api, type GrantState } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useIntegrations } from '../home/counts.ts'
import { mayCall, seesTheWhole, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { grantWords } from '../ui/words.ts'
import { GrantTable } from './grant-table.tsx'
import type { GrantSearch } from './search.ts'

const route = getRouteApi('/shell/grants')

const stateOptions = [
  ...(Object.entries(grantWords) as [GrantState, { word: string }][]).map(([value, { word }]) => ({
    value,
    label: word,
  })),
  { value: 'held', label: 'Held: unwanted, and still in AWS' },
  { value: 'all', label: 'All, gone ones too' },
]

export function GrantList() {
  const search = route.useSearch()
  const me = useMe()
  const lead = seesTheWhole(me)
    ? 'What AWS stores: one grant for each person, scope and level.'
    : 'What AWS stores for you: one grant for each scope and level.'
  return (
    <Page title="Grants" lead={lead}>
      <Filters search={search} />
      <Rows search={search} />
    </Page>
  )
}

function Filters({ search }: { readonly search: GrantSearch }) {
  const navigate = useNavigate()
  const mayList = mayCall(useMe(), api.integrations.list)
  const integrations = useIntegrations(mayList)
  const { state, integration, dataSource, person } = search
  const narrow = (change: { state?: string | undefined; integration?: string | undefined }) => {
    const wanted = { state, integration, dataSource, person, ...change }
    const kept = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
    void navigate({ to: '/grants', search: kept, replace: true })
  }
  return (
    <div>
      <search className={filters.filters}>
        <Choice
          label="State"
          none="Live: all but gone ones"
          value={state}
          options={stateOptions}
          onChange={value => narrow({ state: value })}
        />
        {mayList && (
          <Choice
            label="Integration"
            none="Any integration"
            value={integration}
            options={integrations.data?.map(({ id, config }) => ({ value: id, label: config.name })) ?? []}
            onChange={value => narrow({ integration: value })}
          />
        )}
      </search>
      {(dataSource !== undefined || person !== undefined) && (
        <p className="small" style={{ marginTop: '0.5rem' }}>
          Only of {dataSource !== undefined && 'one data source'}
          {dataSource !== undefined && person !== undefined && ' and '}
          {person !== undefined && 'one person'}. <Link to="/grants">Show all</Link>
        </p>
      )}
    </div>
  )
}

function Rows({ search }: { readonly search: GrantSearch }) {
  const navigate = useNavigate()
  const { at: _, page: __, ...filter } = search
  const query = { limit: pageSize, ...pageOf(search), ...asked(filter) }
  const grants = useQuery({ ...listQuery, queryKey: ['grants', query], queryFn: () => hg.grants.list({ query }) })
  return (
    <Answer query={grants} what="the grants">
      {answer =>
        answer.items.length === 0 ? (
          <Nothing title={Object.keys(filter).length > 0 ? 'No grant matches' : 'No grants yet'}>
            {Object.keys(filter).length > 0 ? (
              <Link to="/grants">Show all</Link>
            ) : (
              'They appear as soon as a policy or a member lets somebody in.'
            )}
          </Nothing>
        ) : (
          <>
            <GrantTable grants={answer.items} stale={grants.isPlaceholderData} />
            <Pager
              search={search}
              answer={answer}
              what="grants"
              go={place => void navigate({ to: '/grants', search: { ...filter, ...place } })}
            />
          </>
        )
      }
    </Answer>
  )
}

function asked({ state, integration, dataSource, person }: GrantSearch) {
  return {
    ...(state === undefined && { live: 'true' }),
    ...(state === 'held' && { held: 'true' }),
    ...(state !== undefined && state !== 'all' && state !== 'held' && { state }),
    ...(integration !== undefined && { integrationId: integration }),
    ...(dataSource !== undefined && { dataSourceId: dataSource }),
    ...(person !== undefined && { userId: person }),
  }
}
