/** The audit trail: who did what to what, newest first, with what was before and after. */
import type { AuditEventAnswer } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { Page } from '../ui/page.tsx'
import pager from '../ui/pager.module.css'
import { pageSize } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { About } from './about.tsx'
import { Changes } from './changes.tsx'
import type { AuditSearch } from './search.ts'
import { saysItFailed, typeWords } from './words.ts'

const route = getRouteApi('/shell/audit')

/** What events are mostly about. */
const kinds = {
  DATASOURCE: 'Data sources',
  POLICY: 'Policies',
  USER: 'People',
  GROUP: 'Groups',
  DOMAIN: 'Domains',
  TAG: 'Tags',
  DATA_PRODUCT: 'Data products',
  REQUEST: 'Requests',
  MEMBERSHIP: 'Who was let in by a request',
  INTEGRATION: 'Integrations and grants',
  RUN: 'Runs',
  EXPORT: 'Exports',
  IDENTITY_PROVIDER: 'Identity providers',
  WEBHOOK: 'Webhooks',
  SETTINGS: 'Settings',
  API_KEY: 'API keys',
  ROUTE: 'Refused calls',
  AUDIT_TRAIL: 'The trail itself',
}

export function AuditList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const { after: cursor, status, ...filter } = search
  const query = {
    limit: pageSize,
    ...filter,
    ...((status === 'SUCCESS' || status === 'FAILURE') && ({ status } as const)),
    ...(cursor !== undefined && { cursor }),
  }
  const events = useQuery({ ...listQuery, queryKey: ['audit', query], queryFn: () => hg.audit.list({ query }) })
  const go = (wanted: AuditSearch) =>
    void navigate({ to: '/audit', search: wanted, replace: wanted.after === undefined })
  const narrow = (change: { readonly [Name in keyof AuditSearch]?: AuditSearch[Name] | undefined }) => {
    const { after: _, ...before } = search
    go(Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined)))
  }
  const isNarrowed = Object.keys(search).length > 0
  return (
    <Page
      title="Audit"
      lead="Everything that was done, by whom and to what. Nothing here can be changed unnoticed."
      beside={<Link to="/audit/signing">How it is signed</Link>}
    >
      <search className={filters.filters}>
        <SearchField label="Search in events" value={search.text} onChange={text => narrow({ text })} />
        <SearchField label="Done by (user name)" value={search.actor} onChange={actor => narrow({ actor })} />
        <Choice
          label="About"
          none="About anything"
          value={search.targetType}
          options={Object.entries(kinds).map(([value, label]) => ({ value, label }))}
          onChange={targetType => narrow({ targetType })}
        />
        <Choice
          label="Outcome"
          none="Any outcome"
          value={status}
          options={[
            { value: 'SUCCESS', label: 'Done' },
            { value: 'FAILURE', label: 'Refused or failed' },
          ]}
          onChange={value => narrow({ status: value })}
        />
      </search>
      {search.target !== undefined && (
        <p>
          Only what is about <code>{search.target.toLowerCase().replace('/', ' ')}</code>.{' '}
          <Link to="/audit">Show everything</Link>
        </p>
      )}
      <Answer query={events} what="the audit trail">
        {({ items, names, next }) => (
          <>
            {items.length === 0 ? (
              <Nothing title={next === undefined ? 'No event matches' : 'None among those looked at so far'}>
                {next !== undefined ? (
                  <Link to="/audit" search={{ ...search, after: next }}>
                    Look further back
                  </Link>
                ) : isNarrowed ? (
                  <Link to="/audit">Show all</Link>
                ) : (
                  'Events about what you look after come here.'
                )}
              </Nothing>
            ) : (
              <DataTable
                caption="Audit events"
                columns={columnsWith(names)}
                rows={items}
                rowKey={({ id }) => id}
                stale={events.isPlaceholderData}
              />
            )}
            <nav className={pager.pager} aria-label="Pages of audit events">
              {cursor !== undefined && (
                <Link to="/audit" search={{ ...filter, ...(status !== undefined && { status }) }}>
                  Newest
                </Link>
              )}
              {next !== undefined && (
                <Link to="/audit" search={{ ...search, after: next }}>
                  Older events
                </Link>
              )}
            </nav>
          </>
        )}
      </Answer>
    </Page>
  )
}

function columnsWith(names: Readonly<Record<string, string>>): readonly Column<AuditEventAnswer>[] {
  return [
    { name: 'What', width: '30%', cell: event => <What event={event} /> },
    { name: 'About', width: '38%', cell: event => <About event={event} names={names} /> },
    { name: 'By', width: '18%', cell: ({ actor }) => actor.name },
    { name: 'When', width: '14%', cell: ({ eventTimestamp }) => <RelativeTime at={eventTimestamp} /> },
  ]
}

function What({ event }: { readonly event: AuditEventAnswer }) {
  const { auditPayload, actionStatus, isReduced, id, requestId, actorIp, position } = event
  const { type, version: _, before, after, ...rest } = auditPayload
  return (
    <details>
      <summary>
        {typeWords(type)}
        {actionStatus === 'FAILURE' && !saysItFailed(type) && <span className="quiet small"> · refused or failed</span>}
      </summary>
      {!isReduced && <Changes before={before} after={after} />}
      <pre className="small" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {isReduced
          ? 'It is about other things too; what it says of them is left out.'
          : JSON.stringify({ ...rest, position, id, requestId, ...(actorIp !== null && { actorIp }) }, undefined, 2)}
      </pre>
    </details>
  )
}
