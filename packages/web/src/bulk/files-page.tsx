/** People as CSV files: out with one click; in after a dry run has said what it would do, line by line where it is wrong. */
import { ApiError, api } from '@headgate/core/api'
import { Button, FileInput, NativeSelect, Textarea } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { DataTable } from '../ui/data-table.tsx'
import { download } from '../ui/download.ts'
import forms from '../ui/form.module.css'
import { Facts, Page, Section } from '../ui/page.tsx'
import { ReadyButton } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'

type Kind = Parameters<typeof hg.bulk.export>[0]['params']['kind']
type Report = Awaited<ReturnType<typeof hg.bulk.import>>

/** With the columns of each, and whether a file can say that what is in no line goes. */
const kinds: Readonly<Record<Kind, { readonly label: string; readonly columns: string; readonly replaces: boolean }>> =
  {
    people: { label: 'People', columns: 'user, name, email, kind, disabled', replaces: false },
    groups: { label: 'Groups', columns: 'group, description', replaces: false },
    memberships: { label: 'Memberships', columns: 'group, user', replaces: true },
    attributes: { label: 'Attributes', columns: 'user, group, key, value', replaces: true },
    principals: { label: 'AWS identities', columns: 'user, kind, identifier, integration', replaces: true },
  }
const kindOptions = Object.entries(kinds).map(([value, { label }]) => ({ value, label }))

export function FilesPage() {
  const me = useMe()
  const [kind, setKind] = useState<Kind>('people')
  return (
    <Page
      title="People as files"
      above={<Link to="/people">People</Link>}
      lead="CSV, with a header line. What was exported can be taken back in: then nothing changes."
    >
      <div className={forms.fields}>
        <NativeSelect
          label="What the file holds"
          description={`Its columns: ${kinds[kind].columns}.`}
          data={kindOptions}
          value={kind}
          onChange={event => setKind(event.currentTarget.value as Kind)}
        />
      </div>
      <Export kind={kind} />
      {mayCall(me, api.bulk.import) && <Import key={kind} kind={kind} />}
    </Page>
  )
}

function Export({ kind }: { readonly kind: Kind }) {
  // The key or session that one is signed in with goes along: a plain link could not send a key.
  const fetched = useWrite(async () =>
    download(await hg.bulk.export({ params: { kind }, query: { bom: 'true' } }), `${kind}.csv`, 'text/csv'),
  )
  return (
    <Section title="Export">
      <Button variant="default" loading={fetched.isPending} onClick={() => fetched.mutate()}>
        Download {kind}.csv
      </Button>
      <Refusal error={fetched.error} />
    </Section>
  )
}

function Import({ kind }: { readonly kind: Kind }) {
  const [mode, setMode] = useState<'add' | 'replace'>('add')
  const [text, setText] = useState('')
  const send = (dryRun: boolean) =>
    hg.bulk.import({ params: { kind }, query: { dryRun: String(dryRun), mode }, body: text })
  const dryRun = useWrite(() => send(true))
  const store = useWrite(() => send(false))
  const forget = () => {
    dryRun.reset()
    store.reset()
  }
  return (
    <Section title="Import">
      <div className={forms.fields}>
        {kinds[kind].replaces && (
          <NativeSelect
            label="What is in no line"
            data={[
              { value: 'add', label: 'stays as it is' },
              { value: 'replace', label: 'is taken away, where it was given by hand' },
            ]}
            value={mode}
            onChange={event => {
              setMode(event.currentTarget.value as typeof mode)
              forget()
            }}
          />
        )}
        <FileInput
          label="A file"
          accept="text/csv,.csv"
          placeholder="Choose a CSV file"
          onChange={async file => {
            setText((await file?.text()) ?? '')
            forget()
          }}
        />
        <Textarea
          label="Or its lines"
          autosize
          minRows={4}
          maxRows={16}
          value={text}
          onChange={event => {
            setText(event.currentTarget.value)
            forget()
          }}
        />
        <div className={forms.actions}>
          <ReadyButton
            variant="default"
            missing={text.trim() === '' ? 'Choose a file first, or paste its lines.' : undefined}
            loading={dryRun.isPending}
            onClick={() => dryRun.mutate()}
          >
            Show what it would do
          </ReadyButton>
          {dryRun.data !== undefined && store.data === undefined && (
            <Button loading={store.isPending} onClick={() => store.mutate()}>
              Store it: {changesOf(dryRun.data)}
            </Button>
          )}
        </div>
      </div>
      <Refused error={store.error ?? dryRun.error} />
      {store.data !== undefined ? (
        <p role="note">Stored: {changesOf(store.data)}.</p>
      ) : (
        dryRun.data !== undefined && <Shown report={dryRun.data} />
      )}
    </Section>
  )
}

function changesOf({ added, changed, removed }: Report): string {
  return `${added.toLocaleString('en')} added, ${changed.toLocaleString('en')} changed, ${removed.toLocaleString('en')} removed`
}

function Shown({ report }: { readonly report: Report }) {
  const { lines, unchanged, leftAlone, changes, revocations, added, changed, removed } = report
  return (
    <>
      <Facts
        facts={[
          ['Lines', lines.toLocaleString('en')],
          ['It would', changesOf(report)],
          ['So already', counted(unchanged, 'line')],
          leftAlone > 0 && [
            'Left alone',
            `${counted(leftAlone, 'line')} of identity providers, which change them alone`,
          ],
          revocations !== undefined && ['Revokes', counted(revocations, 'grant')],
        ]}
      />
      {changes.length > 0 && (
        <DataTable
          caption="What it would change"
          rows={changes.map((change, place) => ({ ...change, place }))}
          rowKey={({ place }) => place}
          columns={[
            { name: 'What', cell: ({ what }) => what },
            { name: 'Line', width: '16%', cell: ({ line }) => line ?? <span className="quiet">in none</span> },
            { name: 'Becomes', width: '20%', cell: ({ change }) => change },
          ]}
        />
      )}
      {added + changed + removed > changes.length && <p className="quiet">The first {changes.length} are shown.</p>}
    </>
  )
}

interface Finding {
  readonly line?: number
  readonly column?: string
  readonly message: string
}

function Refused({ error }: { readonly error: Error | null }) {
  const findings =
    error instanceof ApiError && Array.isArray(error.body.findings) ? (error.body.findings as Finding[]) : []
  if (findings.length === 0) return <Refusal error={error} />
  return (
    <div role="alert">
      <p>Nothing was stored. {counted(findings.length, 'finding')}:</p>
      <DataTable
        caption="What is wrong with the file"
        rows={findings.map((finding, place) => ({ ...finding, place }))}
        rowKey={({ place }) => place}
        columns={[
          { name: 'Line', width: '14%', cell: ({ line }) => line ?? 'the whole' },
          { name: 'Column', width: '20%', cell: ({ column }) => column ?? <span className="quiet">–</span> },
          { name: 'What is wrong', cell: ({ message }) => <ServerText text={message} /> },
        ]}
      />
    </div>
  )
}
