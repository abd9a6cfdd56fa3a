/** The integrations whose mode or brake holds something back, as the shell and the front page show them. */
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'

export type Restraint = Awaited<ReturnType<typeof hg.restraint.get>>
export type Restrained = Awaited<ReturnType<typeof hg.restraint.list>>[number]
export type Mode = Restraint['mode']

/** Every page asks for it: less often than for what the page itself is about. */
const refreshMs = 3000

export function useRestraints() {
  return useQuery({ queryKey: ['restraints'], queryFn: () => hg.restraint.list(), refetchInterval: refreshMs })
}

export const modeWords: Readonly<Record<Mode, string>> = {
  observe: 'Observe: nothing is carried out',
  add: 'Add: no access is taken away',
  enforce: 'Enforce: access is given and taken away',
}
