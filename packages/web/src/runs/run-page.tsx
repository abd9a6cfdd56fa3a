/** One run: how far it is, what it did grant by grant, and letting go what the brake held of it. */
import { api, type Run } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { useIntegrations } from '../home/counts.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing, PageAnswer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { errorWords } from '../ui/error-words.ts'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, grantPermissionWords, grantWords } from '../ui/words.ts'
import classes from './run-page.module.css'
import { useRun } from './watch.ts'
import { releaseWords, runWords } from './words.ts'

const route = getRouteApi('/shell/runs/$id')

export function RunPage() {
  const { id } = route.useParams()
  const run = useRun(id)
  return (
    <PageAnswer query={run} what={`run ${id}`}>
      {found => <Shown run={found} />}
    </PageAnswer>
  )
}

function Shown({ run }: { readonly run: Run }) {
  const { id, state, integrationId, planned, created, revoked, failed, held, released, waiting } = run
  const me = useMe()
  const name = useIntegrations().data?.find(one => one.id === integrationId)?.config.name
  return (
    <Page
      title={`Run ${id}`}
      above={<Link to="/runs">Runs</Link>}
      beside={<StateBadge {...runWords[state]} />}
      lead={isCutShort(run) ? 'It ended before all of it was done: later runs took up what was left.' : undefined}
    >
      <Facts
        facts={[
          [
            'Integration',
            <Link key="integration" to="/integrations/$id" params={{ id: integrationId }}>
              {name ?? `Integration ${integrationId}`}
            </Link>,
          ],
          ['Created', <Progress key="created" name="Grants created" done={created} of={planned.create} />],
          ['Revoked', <Progress key="revoked" name="Grants revoked" done={revoked} of={planned.revoke} />],
          failed > 0 && ['Failed', `${counted(failed, 'grant')}, tried again by later runs`],
          held > 0 && [
            'Held by the brake',
            `${counted(held, 'revocation')}; ${released.toLocaleString('en')} released, ${waiting.toLocaleString('en')} waiting`,
          ],
          ['Began', <RelativeTime key="began" at={run.startedAt} />],
          run.finishedAt !== undefined && ['Ended', <RelativeTime key="ended" at={run.finishedAt} />],
        ]}
      />
      {waiting > 0 && (
        <Section title="Held by the brake" beside={<StateBadge tone="held" word={counted(waiting, 'revocation')} />}>
          {mayCall(me, api.runs.release) ? (
            <Release run={run} />
          ) : (
            <p>So many at once may be a mistake: they wait until a governor releases them.</p>
          )}
        </Section>
      )}
      <Section title="Grant by grant">
        <Grants id={String(id)} isRunning={state === 'running'} />
      </Section>
    </Page>
  )
}

function isCutShort({ state, planned, created, revoked, failed }: Run): boolean {
  return state !== 'running' && created + revoked + failed < planned.create + planned.revoke
}

function Progress({ name, done, of }: { readonly name: string; readonly done: number; readonly of: number }) {
  if (of === 0 && done === 0) return <span className="quiet">none planned</span>
  const all = Math.max(of, done)
  return (
    <div className={classes.progress}>
      <progress aria-label={name} max={all} value={done} />
      <span>
        {done.toLocaleString('en')} of {all.toLocaleString('en')}
      </span>
    </div>
  )
}

function Release({ run }: { readonly run: Run }) {
  const queries = useQueryClient()
  const [isAsked, setAsked] = useState(false)
  const release = useMutation({
    mutationFn: () => hg.runs.release({ params: { id: run.id } }),
    onSuccess: () => queries.invalidateQueries(),
  })
  return (
    <>
      <p>So many at once may be a mistake. Look at them below before you let them go.</p>
      {isAsked && <p>{releaseWords(run)}</p>}
      <div className={classes.buttons}>
        {isAsked ? (
          <>
            <Button color="red.9" loading={release.isPending} onClick={() => release.mutate()}>
              Revoke {counted(run.waiting, 'grant')}
            </Button>
            <Button variant="default" onClick={() => setAsked(false)}>
              Leave it
            </Button>
          </>
        ) : (
          <Button variant="default" onClick={() => setAsked(true)}>
            Release
          </Button>
        )}
      </div>
      {release.error !== null && (
        <p role="alert">
          <ServerText text={errorWords(release.error).text} />
        </p>
      )}
    </>
  )
}

const whatWords = { create: 'Create', revoke: 'Revoke', hold: 'Held' } as const

function Grants({ id, isRunning }: { readonly id: string; readonly isRunning: boolean }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const query = { limit: pageSize, ...pageOf(search) }
  const grants = useQuery({
    ...listQuery,
    queryKey: ['grants of run', id, query],
    queryFn: () => hg.runs.grants({ params: { id }, query }),
  })
  return (
    <Answer query={grants} what="the grants of the run">
      {answer =>
        answer.items.length === 0 ? (
          <Nothing title={isRunning ? 'No grant yet' : 'No grant names this run any more'}>
            {!isRunning && 'Later runs went on with what it had begun.'}
          </Nothing>
        ) : (
          <>
            <DataTable
              caption="Grants of the run"
              rows={answer.items}
              rowKey={grant => grant.id}
              stale={grants.isPlaceholderData}
              columns={[
                {
                  name: 'Data source',
                  width: '30%',
                  cell: ({ dataSource }) => (
                    <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
                      {dataSource.name}
                    </Link>
                  ),
                },
                {
                  name: 'Person',
                  width: '26%',
                  cell: ({ user }) => (
                    <Link to="/people/$id" params={{ id: String(user.id) }}>
                      {user.userid}
                    </Link>
                  ),
                },
                {
                  name: 'What',
                  width: '18%',
                  cell: ({ what, permission }) => (
                    <>
                      {whatWords[what]} <span className="quiet">{grantPermissionWords[permission].toLowerCase()}</span>
                    </>
                  ),
                },
                {
                  name: 'State now',
                  cell: ({ state, held, error }) => (
                    <>
                      <StateBadge {...(held === undefined ? grantWords[state] : { tone: 'held', word: 'Held' })} />
                      {error !== undefined && (
                        <div className="small">
                          <ServerText text={error.message} />
                        </div>
                      )}
                    </>
                  ),
                },
              ]}
            />
            <Pager
              search={search}
              answer={answer}
              what="grants of the run"
              go={place => void navigate({ to: '/runs/$id', params: { id }, search: place })}
            />
          </>
        )
      }
    </Answer>
  )
}
