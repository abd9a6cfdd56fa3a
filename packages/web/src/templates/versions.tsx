/** Every version of a form, an agreement or a review flow: what it changed, who holds it, and the way back to it. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { versionOf } from '../api.ts'
import { seesTheWhole, useMe } from '../me.ts'
import { Answer } from '../ui/answer.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { useWrite } from '../ui/use-write.ts'
import { ValueShown } from '../ui/value-shown.tsx'
import { counted } from '../ui/words.ts'
import type { Kind, Past, Template } from './kind.ts'

/** More than that many nobody looks through; older ones are in the audit trail. */
const most = 100

interface Props<One extends Template, Input> {
  readonly kind: Kind<One, Input>
  readonly one: One
}

/** What somebody wants to see of which version. */
interface Looked {
  readonly version: number
  readonly at: 'change' | 'restore'
}

export function Versions<One extends Template, Input>({ kind, one }: Props<One, Input>) {
  const { id, version: current, builtIn } = one
  const me = useMe()
  const governs = me.permissions.includes('GOVERNANCE')
  const [looked, look] = useState<Looked>()
  const versions = useQuery({
    queryKey: [kind.path, id, 'versions'],
    queryFn: () => kind.routes.versions({ params: { id }, query: { limit: most } }),
  })
  const uses = useQuery({
    queryKey: [kind.path, id, 'used by'],
    queryFn: () => kind.routes.usedBy({ params: { id }, query: { limit: most } }),
    enabled: seesTheWhole(me),
  })
  const isLooked = (version: number, at: Looked['at']) => looked?.version === version && looked.at === at
  const held: Column<Past> = {
    name: 'Held by',
    width: '16%',
    cell: ({ version }) => {
      const count = uses.data?.requests.find(held => held.version === version)?.count ?? 0
      return uses.data === undefined ? (
        ''
      ) : count === 0 ? (
        <span className="quiet">none</span>
      ) : (
        counted(count, 'request')
      )
    },
  }
  const ways: Column<Past> = {
    name: 'Look',
    width: '30%',
    cell: ({ version, change }) => (
      <div className={forms.actions}>
        {version > 1 && (
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`What it changed: version ${version}`}
            aria-expanded={isLooked(version, 'change')}
            onClick={() => look(isLooked(version, 'change') ? undefined : { version, at: 'change' })}
          >
            What it changed
          </Button>
        )}
        {governs && !builtIn && version !== current && change !== 'deleted' && (
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`Restore version ${version}`}
            aria-expanded={isLooked(version, 'restore')}
            onClick={() => look(isLooked(version, 'restore') ? undefined : { version, at: 'restore' })}
          >
            Restore
          </Button>
        )}
      </div>
    ),
  }
  return (
    <Section title="Versions">
      <Answer query={versions} what="its versions">
        {({ items }) => (
          <DataTable
            caption="Versions"
            rows={items}
            rowKey={({ version }) => version}
            columns={[
              { name: 'Version', cell: ({ version, change }) => `${version}: ${changeWords[change]}` },
              { name: 'By', width: '18%', cell: ({ createdBy }) => createdBy },
              { name: 'When', width: '16%', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
              ...(seesTheWhole(me) ? [held] : []),
              ways,
            ]}
          />
        )}
      </Answer>
      {looked?.at === 'change' && (
        <Difference
          kind={kind}
          id={id}
          from={looked.version - 1}
          to={looked.version}
          title={`What version ${looked.version} changed`}
        />
      )}
      {looked?.at === 'restore' && (
        <Restore key={looked.version} kind={kind} one={one} version={looked.version} onDone={() => look(undefined)} />
      )}
    </Section>
  )
}

/** The old version written once more, as a new one; what was written since is overwritten by nobody who has not seen it. */
function Restore<One extends Template, Input>({
  kind,
  one: { id, version: current },
  version,
  onDone,
}: Props<One, Input> & { readonly version: number; readonly onDone: () => void }) {
  const etag = useQuery({
    queryKey: [kind.path, id, 'etag', current],
    queryFn: () => versionOf(`${kind.path}/${id}`),
    refetchInterval: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const restore = useWrite(async () => {
    const old = await kind.routes.version({ params: { id, version } })
    const body = kind.inputOf(old.name, old.description, kind.textOf(old))
    return kind.routes.edit({ params: { id }, body, ifMatch: etag.data ?? '' })
  }, onDone)
  return (
    <>
      <Difference kind={kind} id={id} from={current} to={version} title={`What restoring version ${version} changes`} />
      <p className="quiet">
        It becomes version {current + 1}, for whoever asks from then on. Requests that were made before keep the version
        that they were made by.
      </p>
      <div className={forms.actions}>
        <Button disabled={etag.data === undefined} loading={restore.isPending} onClick={() => restore.mutate()}>
          Restore version {version}
        </Button>
        <Button variant="default" onClick={onDone}>
          Leave it
        </Button>
      </div>
      <Refusal error={restore.error ?? etag.error} />
    </>
  )
}

interface DifferenceProps<One extends Template, Input> {
  readonly kind: Kind<One, Input>
  readonly id: number
  readonly from: number
  readonly to: number
  readonly title: string
}

function Difference<One extends Template, Input>({ kind, id, from, to, title }: DifferenceProps<One, Input>) {
  const diff = useQuery({
    queryKey: [kind.path, id, 'diff', from, to],
    queryFn: () => kind.routes.diff({ params: { id }, query: { from, to } }),
  })
  return (
    <Answer query={diff} what={`the difference between versions ${from} and ${to}`}>
      {({ changes }) =>
        changes.length === 0 ? (
          <p className="quiet">Both say the same.</p>
        ) : (
          <DataTable
            caption={title}
            rows={changes}
            rowKey={({ path }) => path}
            columns={[
              { name: 'Place', width: '22%', cell: ({ path }) => <code>{path}</code> },
              { name: 'Before', cell: ({ before }) => <ValueShown value={before} /> },
              { name: 'After', cell: ({ after }) => <ValueShown value={after} /> },
            ]}
          />
        )
      }
    </Answer>
  )
}

const changeWords: Readonly<Record<Past['change'], string>> = {
  created: 'Created',
  edited: 'Edited',
  deleted: 'Deleted',
}
