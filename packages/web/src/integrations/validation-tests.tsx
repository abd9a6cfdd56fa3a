/** What was checked when the account was connected, each with what to do where it did not pass. */
import type { ValidationResults } from '@headgate/core/api'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { testWords } from '../ui/words.ts'

export function ValidationTests({ results }: { readonly results: ValidationResults }) {
  return (
    <Section title="Validation" beside={<StateBadge {...testWords[results.status]} />}>
      <DataTable
        caption="Validation tests"
        rows={results.validationTests}
        rowKey={({ name }) => name}
        columns={[
          { name: 'Test', cell: ({ name }) => name },
          {
            name: 'Result',
            width: '40%',
            cell: ({ status, message }) => (
              <>
                <StateBadge {...testWords[status]} />
                {message !== undefined && (
                  <div className="quiet small">
                    <ServerText text={message} />
                  </div>
                )}
              </>
            ),
          },
        ]}
      />
    </Section>
  )
}
