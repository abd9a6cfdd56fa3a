/** Every version of a policy: what made it, how any two differ, and the way back to an older one. */
import type { Policy, PolicyVersion } from '@headgate/core/api'
import { Button, NativeSelect } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Failure } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import form from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import classes from './policy-page.module.css'
import { VersionDiff } from './version-diff.tsx'

interface Props {
  readonly policy: Policy
  /** Absent where the reader may not. */
  readonly onRestore?: ((version: number) => void) | undefined
}

const atOnce = 20

export function PolicyVersions({ policy: { id, version: current, state }, onRestore }: Props) {
  const [compared, setCompared] = useState<{ readonly from: number; readonly to: number }>()
  const versions = useInfiniteQuery({
    queryKey: ['policy-versions', id],
    queryFn: ({ pageParam }) =>
      hg.policies.versions({
        params: { id },
        query: { limit: atOnce, ...(pageParam !== undefined && { cursor: pageParam }) },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
  })
  const rows = versions.data?.pages.flatMap(({ items }) => items) ?? []
  const between = compared ?? { from: Math.max(1, current - 1), to: current }
  const mayRestore = onRestore !== undefined && state !== 'archived'
  return (
    <Section title="Versions">
      {versions.isError && rows.length === 0 && (
        <Failure error={versions.error} what="the versions" retry={() => void versions.refetch()} />
      )}
      {rows.length > 0 && (
        <DataTable
          caption="Versions"
          rows={rows}
          rowKey={({ version }) => version}
          columns={[
            { name: 'Version', width: '14%', cell: ({ version }) => `Version ${version}` },
            { name: 'What happened', width: '24%', cell: row => <Happened row={row} id={id} /> },
            { name: 'By', width: '20%', cell: ({ createdBy }) => createdBy },
            { name: 'When', width: '16%', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
            {
              name: 'Go back',
              cell: ({ version }) =>
                version === current ? (
                  <span className="quiet">This is how it is now</span>
                ) : (
                  <div className={form.actions}>
                    <Button variant="default" size="xs" onClick={() => setCompared({ from: version, to: current })}>
                      Compare<span className="visually-hidden"> version {version} with now</span>
                    </Button>
                    {mayRestore && (
                      <Button variant="default" size="xs" onClick={() => onRestore(version)}>
                        Restore<span className="visually-hidden"> version {version}</span>
                      </Button>
                    )}
                  </div>
                ),
            },
          ]}
        />
      )}
      {versions.hasNextPage && (
        <div>
          <Button
            variant="default"
            size="xs"
            loading={versions.isFetchingNextPage}
            onClick={() => versions.fetchNextPage()}
          >
            Show older ones
          </Button>
        </div>
      )}
      {rows.length > 1 && (
        <>
          <div className={classes.between}>
            <Version
              label="What changed from"
              rows={rows}
              value={between.from}
              onChange={from => setCompared({ ...between, from })}
            />
            <Version label="to" rows={rows} value={between.to} onChange={to => setCompared({ ...between, to })} />
          </div>
          <VersionDiff policy={id} from={between.from} to={between.to} />
        </>
      )}
    </Section>
  )
}

interface VersionProps {
  readonly label: string
  readonly rows: readonly PolicyVersion[]
  readonly value: number
  readonly onChange: (version: number) => void
}

function Version({ label, rows, value, onChange }: VersionProps) {
  return (
    <NativeSelect
      label={label}
      value={String(value)}
      data={rows.map(({ version, change }) => ({ value: String(version), label: `Version ${version}: ${change}` }))}
      onChange={event => onChange(Number(event.currentTarget.value))}
    />
  )
}

function Happened({ row: { change, from }, id }: { readonly row: PolicyVersion; readonly id: number }) {
  const word = change.charAt(0).toUpperCase() + change.slice(1)
  if (from === undefined) return word
  return from.policyId === id ? `${word} from version ${from.version}` : `${word} from policy ${from.policyId}`
}
