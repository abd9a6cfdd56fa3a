/** Every version of a data product: what each changed, and the way back to it, previewed. */
import type { DataProduct, ProductVersion } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { PreviewedWrite } from '../preview/previewed-write.tsx'
import { Answer } from '../ui/answer.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ValueShown } from '../ui/value-shown.tsx'
import { changeWords } from './words.ts'

/** More than that many nobody looks through; older ones are in the audit trail. */
const most = 100

interface Restoring {
  readonly version: number
  readonly ifMatch: string
}

export function Versions({ product: { id, version: current, managed, state } }: { readonly product: DataProduct }) {
  const [looked, look] = useState<number>()
  const [restoring, setRestoring] = useState<Restoring>()
  const [error, setError] = useState<Error | null>(null)
  const versions = useQuery({
    queryKey: ['data products', id, 'versions', current],
    queryFn: () => hg.dataProducts.versions({ params: { id }, query: { limit: most } }),
  })
  const restore = (version: number) =>
    void versionOf(`/data-products/${id}`).then(ifMatch => setRestoring({ version, ifMatch }), setError)
  const ways: Column<ProductVersion> = {
    name: 'Look',
    width: '28%',
    cell: ({ version }) => (
      <>
        {version > 1 && (
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`What it changed: version ${version}`}
            aria-expanded={looked === version}
            onClick={() => look(looked === version ? undefined : version)}
          >
            What it changed
          </Button>
        )}{' '}
        {managed && state !== 'retired' && version !== current && (
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`Restore version ${version}`}
            onClick={() => restore(version)}
          >
            Restore
          </Button>
        )}
      </>
    ),
  }
  if (restoring !== undefined) {
    return (
      <PreviewedWrite
        change={{ change: 'restoreDataProduct', id, version: restoring.version }}
        verb={`Restore version ${restoring.version}`}
        write={({ acknowledge: _, ...preview }) =>
          hg.dataProducts.restore({
            params: { id },
            body: { version: restoring.version },
            ifMatch: restoring.ifMatch,
            ...preview,
          })
        }
        onDone={() => setRestoring(undefined)}
        onLeave={() => setRestoring(undefined)}
      />
    )
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
              {
                name: 'Version',
                cell: ({ version, change, from }) => (
                  <>
                    {version}: {changeWords[change]}
                    {from !== undefined && ` from version ${from}`}
                  </>
                ),
              },
              { name: 'By', width: '22%', cell: ({ createdBy }) => createdBy },
              { name: 'When', width: '18%', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
              ways,
            ]}
          />
        )}
      </Answer>
      <Refusal error={error} />
      {looked !== undefined && <Difference id={id} to={looked} />}
    </Section>
  )
}

function Difference({ id, to }: { readonly id: string; readonly to: number }) {
  const diff = useQuery({
    queryKey: ['data products', id, 'diff', to],
    queryFn: () => hg.dataProducts.diff({ params: { id }, query: { from: to - 1, to } }),
  })
  return (
    <Answer query={diff} what={`what version ${to} changed`}>
      {({ changes }) =>
        changes.length === 0 ? (
          <p className="quiet">Version {to} says the same as the one before; only its state is another.</p>
        ) : (
          <DataTable
            caption={`What version ${to} changed`}
            rows={changes}
            rowKey={({ field }) => field}
            columns={[
              { name: 'Field', width: '20%', cell: ({ field }) => field },
              { name: 'Before', cell: ({ before }) => <ValueShown value={before} /> },
              { name: 'After', cell: ({ after }) => <ValueShown value={after} /> },
            ]}
          />
        )
      }
    </Answer>
  )
}
