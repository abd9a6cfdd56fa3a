/** How many there are, from the totals of the lists: one row is fetched of each. */
import type { GrantState, IntegrationStatus } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'

const one = { limit: 1 } as const

export function useTotals() {
  return useQuery({
    queryKey: ['totals'],
    queryFn: async () => {
      const [people, dataSources, policies, staged, grants] = await Promise.all([
        hg.users.list({ query: one }),
        hg.dataSources.list({ query: { ...one, state: 'active' } }),
        hg.policies.list({ query: { ...one, state: 'active' } }),
        hg.policies.list({ query: { ...one, state: 'staged' } }),
        hg.grants.list({ query: { ...one, live: 'true' } }),
      ])
      return {
        people: people.total,
        dataSources: dataSources.total,
        policies: policies.total,
        staged: staged.total,
        grants: grants.total,
      }
    },
  })
}

/** The states in which a grant is still of concern. */
export const liveStates = [
  'active',
  'intended',
  'creating',
  'revoking',
  'waitingForPrincipal',
  'createFailed',
  'revokeFailed',
] as const satisfies GrantState[]

export type GrantCounts = Readonly<Record<(typeof liveStates)[number], number>>

export function useGrantCounts(filter: { readonly integrationId?: string } = {}) {
  return useQuery({
    queryKey: ['grant counts', filter],
    queryFn: async () => {
      const counts = liveStates.map(async state => {
        const { total } = await hg.grants.list({ query: { ...one, ...filter, state } })
        return [state, total] as const
      })
      return Object.fromEntries(await Promise.all(counts)) as GrantCounts
    },
  })
}

export function useIntegrations(isAllowed = true) {
  return useQuery({ queryKey: ['integrations'], queryFn: () => hg.integrations.list(), enabled: isAllowed })
}

/** Whether somebody has to look at an integration. */
export function isInTrouble(status: IntegrationStatus): boolean {
  return /Error$/.test(status)
}
