/** The checks of a new integration: each by its name from the beginning, then how it went and what to do about it. */
import { type ValidationResults, type ValidationTest, validationTestNames } from '@headgate/core/api'
import { Loader } from '@mantine/core'
import { DataTable } from '../ui/data-table.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, testWords } from '../ui/words.ts'

/** @param results undefined while they run */
export function Trial({ results }: { readonly results: ValidationResults | undefined }) {
  const tests: readonly { readonly name: string; readonly test?: ValidationTest }[] =
    results?.validationTests.map(test => ({ name: test.name, test })) ?? validationTestNames.map(name => ({ name }))
  return (
    <div>
      <p role="status" aria-live="polite">
        {results === undefined ? (
          <>
            <Loader size="xs" aria-hidden="true" /> Checking in AWS …
          </>
        ) : (
          summary(results)
        )}
      </p>
      <DataTable
        caption="Checks"
        rows={tests}
        rowKey={({ name }) => name}
        columns={[
          { name: 'Check', cell: ({ name }) => name },
          { name: 'Result', width: '45%', cell: ({ test }) => <Result test={test} /> },
        ]}
      />
    </div>
  )
}

function Result({ test }: { readonly test: ValidationTest | undefined }) {
  if (test === undefined) return <StateBadge tone="onItsWay" word="Being checked" />
  return (
    <>
      <StateBadge {...testWords[test.status]} />
      {test.message !== undefined && (
        <div className="quiet small">
          <ServerText text={test.message} />
        </div>
      )}
    </>
  )
}

function summary({ validationTests }: ValidationResults): string {
  const count = (status: ValidationTest['status']) => validationTests.filter(test => test.status === status).length
  const failed = count('failed')
  const warned = count('warning')
  if (failed > 0) {
    return `${counted(failed, 'check')} failed: put right what ${failed === 1 ? 'it says' : 'they say'}, then check again.`
  }
  return warned > 0
    ? `It would work; ${counted(warned, 'check')} ${warned === 1 ? 'has' : 'have'} something to say.`
    : 'All checks passed: it can be connected.'
}
