/** Whether there is any domain that the person may see. */
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'

export function useHasDomains(): boolean {
  const query = { limit: 1 }
  const domains = useQuery({ queryKey: ['domains', query], queryFn: () => hg.domains.list({ query }) })
  return (domains.data?.total ?? 0) > 0
}
