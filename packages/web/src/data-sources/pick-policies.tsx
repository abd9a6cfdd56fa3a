/** Policies that governors made for data owners to pick: which of them bind this data source, each with its effect. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useProposal } from '../people/previewed-actions.tsx'
import { Answer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { policyKindWords } from '../ui/words.ts'

interface Props {
  readonly id: number
  /** The ids of those that bind it by themselves. */
  readonly picked: ReadonlySet<number>
}

const most = 100

export function PickPolicies({ id, picked }: Props) {
  const { propose, shown } = useProposal()
  const policies = useQuery({
    queryKey: ['policies', 'selectable'],
    queryFn: () => hg.policies.list({ query: { selectable: 'true', limit: most } }),
  })
  if (shown) return shown
  const params = (policyId: number) => ({ id, policyId })
  return (
    <Section title="Policies to pick">
      <Answer query={policies} what="the policies to pick from">
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">Governors have made no policy to be picked.</p>
          ) : (
            <DataTable
              caption="Policies that owners may pick"
              rows={items}
              rowKey={policy => policy.id}
              columns={[
                {
                  name: 'Policy',
                  width: '38%',
                  cell: policy => (
                    <Link to="/policies/$id" params={{ id: String(policy.id) }}>
                      {policy.name}
                    </Link>
                  ),
                },
                { name: 'Kind', cell: ({ kind }) => policyKindWords[kind] },
                {
                  name: 'Here',
                  width: '24%',
                  cell: ({ id: policy, name }) =>
                    picked.has(policy) ? (
                      <Button
                        variant="default"
                        size="compact-xs"
                        aria-label={`Leave ${name} out`}
                        onClick={() =>
                          propose({
                            change: { change: 'deselectPolicy', dataSource: id, policy },
                            verb: `Leave ${name} out`,
                            write: preview => hg.subscriptions.deselect({ params: params(policy), ...preview }),
                          })
                        }
                      >
                        Leave it out
                      </Button>
                    ) : (
                      <Button
                        variant="default"
                        size="compact-xs"
                        aria-label={`Pick ${name}`}
                        onClick={() =>
                          propose({
                            change: { change: 'selectPolicy', dataSource: id, policy },
                            verb: `Pick ${name}`,
                            write: preview => hg.subscriptions.select({ params: params(policy), ...preview }),
                          })
                        }
                      >
                        Pick it
                      </Button>
                    ),
                },
              ]}
            />
          )
        }
      </Answer>
    </Section>
  )
}
