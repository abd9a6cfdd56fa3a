/** How many active data sources something applies to, of those that the reader may read; undefined where no list tells. */
import type { PolicyInput } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { useSettled } from './expression/names-in-use.ts'

export function useDataSourceCount(appliesTo: PolicyInput['appliesTo']): number | undefined {
  const wanted = filterOf(appliesTo)
  const filter = useSettled(wanted && JSON.stringify(wanted), 300)
  const { data } = useQuery({
    queryKey: ['data-source-count', filter],
    queryFn: () => hg.dataSources.list({ query: { ...JSON.parse(filter ?? ''), state: 'active', limit: 1 } }),
    enabled: filter !== undefined,
    retry: false,
    refetchInterval: false,
  })
  return filter === undefined ? undefined : data?.total
}

/** Lists are asked for one tag, domain and integration at most: all of such conditions, or any of one. */
function filterOf(appliesTo: PolicyInput['appliesTo']): object | undefined {
  if (appliesTo === undefined || 'selected' in appliesTo) return undefined
  if ('everything' in appliesTo) return {}
  const conditions = 'any' in appliesTo ? appliesTo.any : appliesTo.all
  if ('any' in appliesTo && conditions.length > 1) return undefined
  const filter: Record<string, unknown> = {}
  for (const condition of conditions) {
    const [[kind, value]] = Object.entries(condition) as [[string, unknown]]
    if (kind === 'scope' || kind === 'name' || named(kind) in filter) return undefined
    filter[named(kind)] = value
  }
  return filter
}

function named(kind: string): string {
  return kind === 'integration' ? 'integrationId' : kind
}
