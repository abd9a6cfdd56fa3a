/** What a try at a bucket found: each permission by name, and what to do where one is missing. */
import { ApiError, type TargetCheck, type TargetTest } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { DataTable } from '../ui/data-table.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { testWords } from '../ui/words.ts'

export function TestSection({ ask }: { readonly ask: () => Promise<TargetTest> }) {
  const test = useWrite(ask)
  return (
    <Section title="Test">
      <p className="quiet">Writes, lists and deletes a small object, and names what is missing.</p>
      <div className={forms.actions}>
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Test it now
        </Button>
      </div>
      <Refusal error={test.error} />
      {test.data !== undefined && (
        <>
          <p role="note">
            {test.data.status === 'passed' ? 'Exports can be put there.' : 'Nothing can be exported there:'}
          </p>
          <Checks checks={test.data.checks} />
        </>
      )}
    </Section>
  )
}

/** Why a place was not stored: what was tried there, where that is why. */
export function TargetRefusal({ error }: { readonly error: Error | null }) {
  if (!(error instanceof ApiError) || error.code !== 'export-target-failed') return <Refusal error={error} />
  return (
    <div role="alert">
      <p>Nothing can be exported there yet, so nothing was stored:</p>
      <Checks checks={(error.body.checks as TargetCheck[] | undefined) ?? []} />
    </div>
  )
}

function Checks({ checks }: { readonly checks: readonly TargetCheck[] }) {
  return (
    <DataTable
      caption="What the test found"
      rows={checks}
      rowKey={({ name }) => name}
      columns={[
        { name: 'Needed', width: '30%', cell: ({ name }) => names[name] ?? <code>{name}</code> },
        { name: 'Result', width: '18%', cell: ({ status }) => <StateBadge {...testWords[status]} /> },
        {
          name: 'What to do',
          cell: ({ message }) =>
            message === undefined ? <span className="quiet">Nothing</span> : <ServerText text={message} />,
        },
      ]}
    />
  )
}

/** Those that are no permission of AWS. */
const names: Readonly<Record<string, string>> = { bucket: 'The bucket', accessKey: 'The access key' }
