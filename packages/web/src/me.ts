/** Who is signed in, and what the contract lets them call. */
import { type Needs, permissionsNeeded, type User } from '@headgate/core/api'
import { queryOptions } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { hg } from './api.ts'

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: () => hg.users.me() })

export const MeContext = createContext<User | undefined>(undefined)

/** The person signed in; only below the shell, which waits for them. */
export function useMe(): User {
  const me = useContext(MeContext)
  if (me === undefined) throw new Error('useMe is for screens inside the shell')
  return me
}

/** Whether a route of the contract may answer this person, by their permissions: not by what else they are to a thing. */
export function mayCall(me: User, { needs }: { readonly needs: Needs }): boolean {
  return permissionsNeeded(needs)?.some(permission => me.permissions.includes(permission)) ?? true
}

/**
 * Whether a policy's name is worth being a link: the API shows policies to those who govern, audit or own data sources.
 * Who only looks after a domain reads the names.
 */
export function readsPolicies(me: User): boolean {
  return seesTheWhole(me) || me.permissions.includes('CREATE_S3_DATASOURCE')
}

/** Who sees everybody's access, hence the state of the whole; everyone else begins with what is theirs. */
export function seesTheWhole(me: User): boolean {
  return me.permissions.includes('GOVERNANCE') || me.permissions.includes('AUDIT')
}
