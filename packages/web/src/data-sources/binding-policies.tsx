/** The policies that decide over a data source: those that let people in, and the minimums that everyone must meet. */
import { Link } from '@tanstack/react-router'
import type { hg } from '../api.ts'
import { readsPolicies, useMe } from '../me.ts'
import { Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { policyKindWords } from '../ui/words.ts'

type Binding = Awaited<ReturnType<typeof hg.dataSources.get>>['policies'][number]

export function BindingPolicies({ policies }: { readonly policies: readonly Binding[] }) {
  const mayRead = readsPolicies(useMe())
  return (
    <Section title="Policies that bind it">
      {policies.length === 0 ? (
        <Nothing title="No policy binds it">Only members reach it.</Nothing>
      ) : (
        <DataTable
          caption="Policies that bind this data source"
          rows={policies}
          rowKey={({ id, via }) => `${id} ${via?.id}`}
          columns={[
            {
              name: 'Policy',
              width: '34%',
              cell: ({ id, name }) =>
                mayRead ? (
                  <Link to="/policies/$id" params={{ id: String(id) }}>
                    {name}
                  </Link>
                ) : (
                  name
                ),
            },
            {
              name: 'Kind',
              cell: ({ kind, subscribe }) =>
                `${policyKindWords[kind]}${subscribe === 'manual' ? ' once they subscribe' : ''}`,
            },
            { name: 'Level', width: '10%', cell: ({ level }) => (level === 'WRITE' ? 'Write' : 'Read') },
            {
              name: 'Binds',
              width: '26%',
              cell: ({ via, why }) =>
                via === undefined ? (
                  <ServerText text={why} />
                ) : (
                  <>
                    by covering{' '}
                    <Link to="/data-sources/$id" params={{ id: String(via.id) }}>
                      {via.name}
                    </Link>
                  </>
                ),
            },
          ]}
        />
      )}
    </Section>
  )
}
