/** What the last comparison of AWS with the ledger found, and what was done about it; asking for the next. */
import { api, type Drift, type Integration } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Failure, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, foundPermissionWords, type StateWords } from '../ui/words.ts'

type Latest = NonNullable<Drift['latest']>
type Finding = Latest['findings'][number]

/** Findings may be thousands: they are asked for again only once they can have changed. */
const restMs = 15_000
const compareMs = 1500
const mostShown = 50

export function DriftSection({ id, status }: { readonly id: string; readonly status: Integration['status'] }) {
  const me = useMe()
  const queries = useQueryClient()
  const drift = useQuery({
    queryKey: ['drift of', id],
    queryFn: () => hg.drift.read({ params: { id }, query: { limit: 1 } }),
    refetchInterval: ({ state }) => (isOpen(state.data) ? compareMs : restMs),
  })
  const resync = useMutation({
    mutationFn: () => hg.drift.resync({ params: { id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['drift of', id] }),
  })
  const isCompared = status === 'enabled' || status === 'recurringValidationError'
  return (
    <Section title="Drift">
      <Answer query={drift} what="the last comparison with AWS">
        {found => <Compared drift={found} />}
      </Answer>
      {isCompared && mayCall(me, api.drift.resync) && (
        <Button variant="default" loading={resync.isPending || isOpen(drift.data)} onClick={() => resync.mutate()}>
          Compare now
        </Button>
      )}
      {resync.error !== null && <Failure error={resync.error} what="the request" retry={() => resync.mutate()} />}
    </Section>
  )
}

function isOpen(drift: Drift | undefined): boolean {
  return drift?.lastScan !== undefined && drift.lastScan.finishedAt === undefined
}

function Compared({ drift: { latest, lastScan } }: { readonly drift: Drift }) {
  return (
    <>
      {lastScan?.error !== undefined && (
        <p role="alert">
          The last comparison came to no end: <ServerText text={lastScan.error} />
        </p>
      )}
      {latest === undefined ? (
        <Nothing title="Not compared with AWS yet">It is done by itself from time to time.</Nothing>
      ) : (
        <Report latest={latest} />
      )}
    </>
  )
}

function Report({ latest }: { readonly latest: Latest }) {
  const { checked, equal, findings, startedAt, notCompared } = latest
  const shown = findings.slice(0, mostShown)
  return (
    <>
      <p>
        Compared <RelativeTime at={startedAt} />: {equal.toLocaleString('en')} of {counted(checked, 'grant')} as meant.{' '}
        <span className="quiet">AWS does not give back {notCompared.join(', ')}, so that is not compared.</span>
      </p>
      {shown.length > 0 && (
        <DataTable
          caption="What the last comparison found"
          rows={shown.map((finding, at) => ({ ...finding, at }))}
          rowKey={({ at }) => at}
          columns={[
            { name: 'Found', width: '18%', cell: ({ kind }) => kindWords[kind] },
            { name: 'What', cell: finding => <What finding={finding} /> },
            { name: 'Done', width: '22%', cell: ({ done }) => <StateBadge {...doneWords[done]} /> },
          ]}
        />
      )}
      {findings.length > mostShown && (
        <p className="quiet">and {counted(findings.length - mostShown, 'more finding')}, which the API lists.</p>
      )}
    </>
  )
}

function What({ finding: { scope, grantee, permission, detail } }: { readonly finding: Finding }) {
  return (
    <>
      {scope !== undefined && <ScopePath scope={scope} canCopy={false} />}
      {grantee !== undefined && (
        <div className="small">
          {permission !== undefined && foundPermissionWords(permission)} for <code>{grantee}</code>
        </div>
      )}
      <div className="quiet small">
        <ServerText text={detail} />
      </div>
    </>
  )
}

const kindWords: Readonly<Record<Finding['kind'], string>> = {
  missing: 'Missing in AWS',
  changed: 'Different in AWS',
  orphan: 'Left over from us',
  foreign: 'Not made by Headgate',
  unjudged: 'Not judged',
  location: 'Location',
  identityCenter: 'Identity Center',
}

const doneWords: Readonly<Record<Finding['done'], StateWords>> = {
  recreate: { tone: 'onItsWay', word: 'Made again' },
  replace: { tone: 'onItsWay', word: 'Replaced' },
  remove: { tone: 'onItsWay', word: 'Removed' },
  stop: { tone: 'failed', word: 'Creations stopped' },
  report: { tone: 'unmapped', word: 'Left alone' },
}
