/** The checks of a new integration: each by its name from the beginning, then how it went and what to do about it. */
import { type TrialEvent, type ValidationTest, validationTestNames } from '@headgate/core/api'
import { Button, Loader } from '@mantine/core'
import { DataTable } from '../ui/data-table.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, testWords } from '../ui/words.ts'

interface Props {
  /** Undefined until the server has told anything. */
  readonly event: TrialEvent | undefined
  /** Absent where they cannot be called off. */
  readonly onCancel?: () => void
}

export function Trial({ event, onCancel }: Props) {
  const tests = event?.tests ?? []
  const isRunning = event === undefined || event.state === 'running'
  const rows = validationTestNames.map((name, place) => ({
    name,
    test: tests.find(test => test.name === name),
    isNext: isRunning && place === tests.length,
  }))
  return (
    <div>
      <p role="status" aria-live="polite">
        {isRunning ? (
          <>
            <Loader size="xs" aria-hidden="true" /> Checking in AWS: {tests.length} of {rows.length} done …{' '}
            {onCancel && (
              <Button variant="default" size="compact-xs" onClick={onCancel}>
                Stop checking
              </Button>
            )}
          </>
        ) : (
          <ServerText text={summary(event)} />
        )}
      </p>
      <DataTable
        caption="Checks"
        rows={rows}
        rowKey={({ name }) => name}
        columns={[
          { name: 'Check', cell: ({ name }) => name },
          { name: 'Result', width: '45%', cell: row => <Result {...row} isRunning={isRunning} /> },
        ]}
      />
    </div>
  )
}

interface ResultProps {
  readonly test: ValidationTest | undefined
  readonly isNext: boolean
  readonly isRunning: boolean
}

function Result({ test, isNext, isRunning }: ResultProps) {
  if (test === undefined) {
    if (isNext) return <StateBadge tone="onItsWay" word="Being checked" />
    return <span className="quiet">{isRunning ? 'Comes after it' : 'Not checked'}</span>
  }
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

function summary({ state, tests, message }: TrialEvent): string {
  if (state === 'canceled') return 'Stopped: what was not checked is not known.'
  if (state === 'failed') return message ?? 'the checks broke off: try again'
  const count = (status: ValidationTest['status']) => tests.filter(test => test.status === status).length
  const failed = count('failed')
  const warned = count('warning')
  if (failed > 0) {
    return `${counted(failed, 'check')} failed: put right what ${failed === 1 ? 'it says' : 'they say'}, then check again.`
  }
  return warned > 0
    ? `It would work; ${counted(warned, 'check')} ${warned === 1 ? 'has' : 'have'} something to say.`
    : 'All checks passed: it can be connected.'
}
