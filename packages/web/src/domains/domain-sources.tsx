/** The data sources of a domain: those that its tags take in, and those that somebody put there. */
import type { DomainDetail } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { FindChoice } from '../people/find-choice.tsx'
import { findDataSources } from '../people/find-subjects.ts'
import { useProposal } from '../people/previewed-actions.tsx'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { TagChips } from '../ui/tag-chips.tsx'
import { counted } from '../ui/words.ts'

interface Props {
  readonly domain: DomainDetail
  readonly mayChange: boolean
}

export function DomainSources({ domain: { name, tags: taken, dataSources: count }, mayChange }: Props) {
  const query = { domain: name, limit: 100 }
  const sources = useQuery({
    queryKey: ['data sources', query],
    queryFn: () => hg.dataSources.list({ query }),
  })
  const { propose, shown } = useProposal()
  if (shown) return shown
  return (
    <Section title="Data sources" beside={<span className="quiet">{counted(count, 'data source')}</span>}>
      <Answer query={sources} what="its data sources">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="None that you may see" />
          ) : (
            <DataTable
              caption="Data sources of the domain"
              rows={answer.items}
              rowKey={source => source.id}
              columns={[
                {
                  name: 'Name',
                  cell: source => (
                    <Link to="/data-sources/$id" params={{ id: String(source.id) }}>
                      {source.name}
                    </Link>
                  ),
                },
                { name: 'Tags', width: '36%', cell: ({ tags }) => <TagChips tags={tags} /> },
                {
                  name: 'In it',
                  width: '20%',
                  cell: source =>
                    isTakenIn(source.tags, taken) ? (
                      <span className="quiet">by its tags</span>
                    ) : (
                      <>
                        by hand{' '}
                        {mayChange && (
                          <Button
                            variant="default"
                            size="compact-xs"
                            aria-label={`Take out ${source.name}`}
                            onClick={() =>
                              propose({
                                change: { change: 'takeOutOfDomain', domain: name, dataSource: source.id },
                                verb: `Take out ${source.name}`,
                                write: preview =>
                                  hg.domains.removeDataSource({ params: { name, id: source.id }, ...preview }),
                              })
                            }
                          >
                            Take out
                          </Button>
                        )}
                      </>
                    ),
                },
              ]}
            />
          )
        }
      </Answer>
      {mayChange && (
        <FindChoice
          what="data source"
          verb="Put it in"
          find={findDataSources}
          onPick={one =>
            propose({
              change: { change: 'putIntoDomain', domain: name, dataSource: one.id },
              verb: `Put ${one.name} in`,
              write: preview => hg.domains.addDataSource({ params: { name, id: one.id }, ...preview }),
            })
          }
        />
      )}
    </Section>
  )
}

/** Whether one of its tags is one that the domain takes in, or lies below it. */
function isTakenIn(tags: readonly string[], taken: readonly string[]): boolean {
  return tags.some(tag => taken.some(wide => tag === wide || tag.startsWith(`${wide}.`)))
}
