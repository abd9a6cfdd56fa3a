/** What lies below an integration, level by level, for picking what to register. */
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { Failure, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted } from '../ui/words.ts'

interface Props {
  readonly integrationId: string
  /** Where we are: as in a registration, without the star. */
  readonly prefix: string
  readonly onGo: (prefix: string) => void
  readonly onPick: (prefix: string) => void
}

type Entry = Awaited<ReturnType<typeof hg.dataSources.browse>>['items'][number]

export function Browse({ integrationId, prefix, onGo, onPick }: Props) {
  const level = useInfiniteQuery({
    queryKey: ['browse', integrationId, prefix],
    queryFn: ({ pageParam }) =>
      hg.dataSources.browse({
        params: { id: integrationId },
        query: { prefix, ...(pageParam !== undefined && { cursor: pageParam }) },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next,
    // AWS is asked: only when somebody looks.
    refetchInterval: false,
    refetchOnWindowFocus: false,
  })
  const items = level.data?.pages.flatMap(page => page.items) ?? []
  return (
    <>
      <Trail prefix={prefix} onGo={onGo} />
      {level.error !== null ? (
        <Failure error={level.error} what="what lies there" retry={() => void level.refetch()} />
      ) : items.length === 0 && !level.hasNextPage ? (
        <Nothing title={level.isPending ? 'Looking …' : 'Nothing lies here'} />
      ) : (
        <DataTable
          caption="What lies here"
          rows={items}
          rowKey={({ scope }) => scope}
          columns={[
            { name: 'Name', width: '44%', cell: entry => <Name entry={entry} onGo={onGo} /> },
            { name: 'Registered', cell: ({ registered }) => <Registered registered={registered} /> },
            {
              name: 'Pick',
              width: '16%',
              cell: ({ prefix: picked, cannot, registered, name }) =>
                cannot !== undefined ? (
                  <span className="quiet">{cannot}</span>
                ) : registered.exact === undefined ? (
                  <Button variant="default" size="xs" aria-label={`Pick ${name}`} onClick={() => onPick(picked)}>
                    Pick
                  </Button>
                ) : null,
            },
          ]}
        />
      )}
      {level.hasNextPage && (
        <Button variant="default" size="xs" loading={level.isFetching} onClick={() => void level.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  )
}

function Name({ entry: { kind, name, prefix }, onGo }: { readonly entry: Entry; readonly onGo: Props['onGo'] }) {
  if (kind === 'object') return <code>{name}</code>
  return (
    <button type="button" className="link" onClick={() => onGo(prefix.slice(0, -1))}>
      <code>{name}</code>
    </button>
  )
}

function Registered({ registered: { exact, coveredBy, covers } }: Pick<Entry, 'registered'>) {
  if (exact) return <StateBadge tone="active" word={`As ${exact.name}`} />
  const outer = coveredBy.at(-1)
  const words = [
    ...(outer ? [`inside ${outer.name}`] : []),
    ...(covers > 0 ? [`${counted(covers, 'data source')} below`] : []),
  ]
  return <span className="quiet">{words.length === 0 ? 'not registered' : words.join(', ')}</span>
}

/** The levels above, each to go back to. */
function Trail({ prefix, onGo }: Pick<Props, 'prefix' | 'onGo'>) {
  const steps = prefix.replace(/^\//, '').split('/').slice(0, -1)
  return (
    <nav aria-label="Levels above">
      <button type="button" className="link" onClick={() => onGo('')}>
        Top
      </button>
      {steps.map((step, at) => {
        const path = `/${steps.slice(0, at + 1).join('/')}/`
        return (
          <span key={path}>
            {' / '}
            <button type="button" className="link" onClick={() => onGo(path)}>
              {step}
            </button>
          </span>
        )
      })}
    </nav>
  )
}
