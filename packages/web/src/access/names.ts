/** The names of what an address names by number; until they are known, the number. */
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'

export function useNameOfPerson(id: number | undefined): string | undefined {
  const me = useMe()
  const person = useQuery({
    queryKey: ['person', String(id)],
    queryFn: () => hg.users.get({ params: { id: id ?? 0 } }),
    enabled: id !== undefined && id !== me.id,
  })
  if (id === undefined) return undefined
  return id === me.id ? me.name : (person.data?.name ?? `Person ${id}`)
}

export function useNameOfDataSource(id: number | undefined): string | undefined {
  const found = useQuery({
    queryKey: ['found', String(id)],
    queryFn: () => hg.subscriptions.find({ params: { id: id ?? 0 } }),
    enabled: id !== undefined,
  })
  return id === undefined ? undefined : (found.data?.name ?? `Data source ${id}`)
}
