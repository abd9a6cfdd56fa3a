/** Mode and brake of every integration, and what they hold, as the shell and the integration's page show them. */
import { ApiError, api, type User } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { mayCall } from '../me.ts'

export type Restraint = Awaited<ReturnType<typeof hg.restraint.get>>
export type Mode = Restraint['mode']

/** Every page asks for it, of every integration: less often than for what the page itself is about. */
const refreshMs = 3000

export function useRestraints(me: User) {
  return useQuery({
    queryKey: ['restraints'],
    queryFn: async () => {
      const integrations = await hg.integrations.list()
      const all = integrations
        .filter(({ status }) => status !== 'deleted')
        .map(async ({ id, config: { name } }) => ({ name, restraint: await restraintOf(id) }))
      return (await Promise.all(all)).flatMap(({ name, restraint }) => (restraint ? [{ ...restraint, name }] : []))
    },
    enabled: mayCall(me, api.restraint.get) && mayCall(me, api.integrations.list),
    refetchInterval: refreshMs,
  })
}

/** Undefined for one that was deleted just now. */
async function restraintOf(id: string): Promise<Restraint | undefined> {
  try {
    return await hg.restraint.get({ params: { id } })
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

export const modeWords: Readonly<Record<Mode, string>> = {
  observe: 'Observe: nothing is carried out',
  add: 'Add: no access is taken away',
  enforce: 'Enforce: access is given and taken away',
}
