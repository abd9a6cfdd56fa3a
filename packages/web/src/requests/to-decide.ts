/** How many requests wait for a decision of whoever is signed in: by one row of the list and its total. */
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'

const query = { box: 'toDecide', limit: 1 } as const

export function useToDecide(): number {
  const waiting = useQuery({ queryKey: ['requests', query], queryFn: () => hg.requests.list({ query }) })
  return waiting.data?.total ?? 0
}
