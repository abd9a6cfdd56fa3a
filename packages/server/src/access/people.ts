/** Whom a question is about: a user by id, or whoever is mapped to an AWS principal or has a session of it. */
import { type EntitlementIndex, ownerOfPrincipal } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { findPeople, type NamedPerson } from '../db/person-name.ts'

export interface Asked {
  readonly user?: number | undefined
  readonly principal?: string | undefined
}

export interface AskedPerson {
  readonly person: NamedPerson
  /** As it was mapped, where the question is about one. */
  readonly principal?: string
}

/** Throws Problem `user-not-found`, `principal-not-found`. */
export async function personAsked(tx: Tx, index: EntitlementIndex, { user, principal }: Asked): Promise<AskedPerson> {
  const owner = principal === undefined ? undefined : ownerOfPrincipal(index, { identifier: principal })
  const id = principal === undefined ? user : owner?.user
  const person = id === undefined ? undefined : (await findPeople(tx, [id])).get(id)
  if (person) return owner ? { person, principal: owner.identifier } : { person }
  throw principal === undefined ? new Problem('user-not-found', { id: user }) : notMapped(principal)
}

/** As if there were no such person: who may not ask must not learn who is mapped. */
export function notToBeAsked({ user, principal }: Asked): Problem {
  return principal === undefined ? new Problem('user-not-found', { id: user }) : notMapped(principal)
}

function notMapped(principal: string): Problem {
  return new Problem('principal-not-found', { principal })
}
