/** Names in use, asked for as somebody types one. What nobody waits for any more is given up. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { hgUntil } from '../../api.ts'

export interface Asked {
  readonly kind: 'group' | 'user' | 'tag' | 'key' | 'value'
  /** Of values. */
  readonly key?: string | undefined
  readonly search: string
}

export async function namesInUse({ kind, key, search }: Asked, signal: AbortSignal): Promise<readonly string[]> {
  const query = { kind, search: search.slice(0, 255), ...(key !== undefined && { key }) }
  const { names } = await hgUntil(signal).policies.names({ query })
  return names
}

/** The same for a field; the names before stay until the next ones come. */
export function useNamesInUse(asked: Asked, isAsking: boolean): readonly string[] {
  const settled = useSettled(asked.search, 200)
  const wanted = { ...asked, search: settled }
  const { data = [] } = useQuery({
    queryKey: ['names-in-use', wanted],
    queryFn: ({ signal }) => namesInUse(wanted, signal),
    enabled: isAsking,
    staleTime: 30_000,
    refetchInterval: false,
    retry: false,
    placeholderData: before => before,
  })
  return data
}

/** What a value is once it has not changed for so long. */
export function useSettled<Value>(value: Value, pauseMs: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs)
    return () => clearTimeout(timer)
  }, [value, pauseMs])
  return settled
}
