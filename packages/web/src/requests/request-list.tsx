/** Requests: one's own with how far they are, and those that wait for one's decision. */
import '@mantine/core/styles/FloatingIndicator.layer.css'
import '@mantine/core/styles/SegmentedControl.layer.css'
import type { AccessRequest } from '@headgate/core/api'
import { Button, Checkbox, SegmentedControl, TextInput } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { hg } from '../api.ts'
import { seesTheWhole, useMe } from '../me.ts'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import forms from '../ui/form.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page, Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { SearchField } from '../ui/search-field.tsx'
import type { Sorting } from '../ui/sorting.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { type Box, type RequestSearch, readRequestSearch, requestStates } from './search.ts'
import { requestWords, subjectOf, wishOf } from './words.ts'

const route = getRouteApi('/shell/requests')

export function RequestList() {
  const me = useMe()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const box = search.box ?? 'mine'
  // What is to be decided waits, whatever the address says.
  const state = box === 'toDecide' ? undefined : search.state
  const kept = { ...(search.box && { box: search.box }), ...(state !== undefined && { state }) }
  const text = search.search === undefined ? {} : { search: search.search }
  const order = search.sort === undefined ? {} : { sort: search.sort }
  const query = { limit: pageSize, ...pageOf(search), ...text, ...kept, box }
  const onSearch = useCallback(
    (wanted: string | undefined) =>
      void navigate({
        search: ({ at: _, page: __, search: ___, ...before }: RequestSearch) =>
          wanted === undefined ? before : { ...before, search: wanted },
        replace: true,
      }),
    [navigate],
  )
  const requests = useQuery({
    ...listQuery,
    queryKey: ['requests', query],
    queryFn: () => hg.requests.list({ query }),
  })
  const sorting = {
    by: search.sort ?? '-createdAt',
    onSort: (sort: string) =>
      void navigate({ to: '/requests', search: readRequestSearch({ ...kept, ...text, sort }), replace: true }),
  }
  const boxes = [
    { value: 'mine', label: 'Mine' },
    { value: 'toDecide', label: 'To decide' },
    ...(seesTheWhole(me) ? [{ value: 'all', label: 'All' }] : []),
  ]
  return (
    <Page
      title="Requests"
      lead={box === 'toDecide' ? 'People who wait for your decision.' : 'What was asked for, and what became of it.'}
    >
      <div className={filters.filters}>
        <SegmentedControl
          aria-label="Which requests"
          data={boxes}
          value={box}
          onChange={value =>
            void navigate({ to: '/requests', search: value === 'mine' ? {} : { box: value as Box }, replace: true })
          }
        />
        <SearchField label="Search by data product or data source" value={search.search} onChange={onSearch} />
        {box !== 'toDecide' && (
          <Choice
            label="State"
            none="Any state"
            value={state}
            options={requestStates.map(value => ({ value, label: requestWords[value].word }))}
            onChange={wanted => {
              const found = requestStates.find(one => one === wanted)
              const { state: _, ...others } = kept
              const chosen = { ...others, ...text, ...order, ...(found !== undefined && { state: found }) }
              void navigate({ to: '/requests', search: chosen, replace: true })
            }}
          />
        )}
      </div>
      <Answer query={requests} what="the requests">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={emptyWords(box, search)}>
              {box === 'mine' && (
                <>
                  Look for data at the <Link to="/marketplace">marketplace</Link>.
                </>
              )}
            </Nothing>
          ) : (
            <>
              {box === 'toDecide' ? (
                <Queue requests={answer.items} sorting={sorting} />
              ) : (
                <RequestTable requests={answer.items} stale={requests.isPlaceholderData} sorting={sorting} />
              )}
              <Pager
                search={search}
                answer={answer}
                what="requests"
                go={place => void navigate({ to: '/requests', search: { ...kept, ...text, ...order, ...place } })}
              />
            </>
          )
        }
      </Answer>
    </Page>
  )
}

function emptyWords(box: Box, { search, state }: RequestSearch): string {
  if (search !== undefined || (state !== undefined && box !== 'toDecide')) return 'No request matches'
  return box === 'toDecide' ? 'Nobody waits for you' : 'No request'
}

interface TableProps {
  readonly requests: readonly AccessRequest[]
  readonly sorting: Sorting
  readonly stale?: boolean
  /** Before the name: what chooses the row. */
  readonly choice?: (request: AccessRequest) => React.ReactNode
}

function RequestTable({ requests, sorting, stale = false, choice }: TableProps) {
  return (
    <DataTable
      caption="Requests"
      rows={requests}
      rowKey={({ id }) => id}
      stale={stale}
      sorting={sorting}
      columns={[
        {
          name: 'Request',
          sort: 'name',
          cell: request => (
            <>
              {choice?.(request)}
              <Link to="/requests/$id" params={{ id: String(request.id) }}>
                {subjectOf(request)}
              </Link>
              <div className="quiet small">
                {wishOf(request)}
                {request.extension && ', an extension'}
              </div>
            </>
          ),
        },
        {
          name: 'For',
          width: '20%',
          cell: ({ for: person, by, onBehalf }) => (
            <>
              <PersonName name={person.name} userid={person.userid}>
                {shown => shown}
              </PersonName>
              {onBehalf !== undefined && <div className="quiet small">asked by {by.name}</div>}
            </>
          ),
        },
        { name: 'Asked', width: '14%', sort: '-createdAt', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
        {
          name: 'State',
          width: '24%',
          sort: 'state',
          cell: ({ state, stage, until }) => (
            <>
              <StateBadge {...requestWords[state]} />
              {stage !== undefined && stage.of > 1 && (
                <div className="quiet small">
                  stage {stage.number} of {stage.of}
                </div>
              )}
              {until !== undefined && (
                <div className="quiet small">
                  until <RelativeTime at={until} />
                </div>
              )}
            </>
          ),
        },
      ]}
    />
  )
}

/** Several at once, by keyboard as well: j and k go down and up, x chooses, a approves, d denies what is chosen. */
function Queue({ requests, sorting }: Pick<TableProps, 'requests' | 'sorting'>) {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [at, setAt] = useState(0)
  const [reason, setReason] = useState('')
  const ids = requests.map(({ id }) => id).filter(id => chosen.has(id))
  const decide = useWrite(
    async (verdict: 'approve' | 'deny') => {
      const said = reason.trim()
      const body = { verdict, ...(said !== '' && { reason: said }) }
      // One after the other, so that what was decided before a refusal is known.
      for (const id of ids) await hg.requests.decide({ params: { id }, body })
    },
    () => setChosen(new Set()),
  )
  const toggle = (id: number) =>
    setChosen(before => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  const mayDeny = ids.length > 0 && reason.trim() !== ''
  const here = requests[at]
  useShortcuts({
    next: () => setAt(Math.min(at + 1, requests.length - 1)),
    previous: () => setAt(Math.max(at - 1, 0)),
    choose: () => here !== undefined && toggle(here.id),
    approve: () => ids.length > 0 && decide.mutate('approve'),
    deny: () => mayDeny && decide.mutate('deny'),
  })
  useHotkeys(
    // A button or a box that has the focus takes it itself.
    [
      [
        'space',
        ({ target }) =>
          !(target instanceof HTMLButtonElement || target instanceof HTMLInputElement) &&
          here !== undefined &&
          toggle(here.id),
        { preventDefault: false },
      ],
    ],
    ['TEXTAREA', 'SELECT'],
  )
  return (
    <>
      <RequestTable
        requests={requests}
        sorting={sorting}
        choice={request => (
          <Checkbox
            aria-label={`Choose the request of ${request.for.name} for ${subjectOf(request)}`}
            checked={chosen.has(request.id)}
            onChange={() => toggle(request.id)}
            styles={{ root: { outline: requests[at]?.id === request.id ? '2px solid' : 'none', width: 'fit-content' } }}
          />
        )}
      />
      <Section title="Decide about what is chosen">
        <p className="quiet small">
          By keyboard: <kbd>j</kbd> and <kbd>k</kbd> go down and up, <kbd>x</kbd> or space chooses, <kbd>a</kbd>{' '}
          approves, <kbd>d</kbd> denies. Each is approved for as long as was asked; open one to approve it for less.
        </p>
        <div className={forms.row}>
          <TextInput
            label="Why"
            description="Needed to deny; whoever asked reads it."
            value={reason}
            maxLength={1000}
            onChange={event => setReason(event.currentTarget.value)}
          />
          <Button disabled={ids.length === 0} loading={decide.isPending} onClick={() => decide.mutate('approve')}>
            Approve {counted(ids.length, 'request')}
          </Button>
          <Button
            variant="default"
            disabled={!mayDeny}
            loading={decide.isPending}
            onClick={() => decide.mutate('deny')}
          >
            Deny {counted(ids.length, 'request')}
          </Button>
        </div>
        <Refusal error={decide.error} />
      </Section>
    </>
  )
}
