/** Whom a question is about: a user by id, or whoever is mapped to an AWS principal. */
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { findPeople, type NamedPerson } from '../db/person-name.ts'
import { ownerOfPrincipal } from '../db/principal.ts'

export interface Asked {
  readonly user?: number | undefined
  readonly principal?: string | undefined
}

/** Throws Problem `user-not-found`, `principal-not-found`. */
export async function personAsked(tx: Tx, { user, principal }: Asked): Promise<NamedPerson> {
  const id = principal === undefined ? user : await ownerOfPrincipal(tx, principal)
  const person = id === undefined ? undefined : (await findPeople(tx, [id])).get(id)
  if (person) return person
  throw principal === undefined ? new Problem('user-not-found', { id: user }) : notMapped(principal)
}

/** As if there were no such person: who may not ask must not learn who is mapped. */
export function notToBeAsked({ user, principal }: Asked): Problem {
  return principal === undefined ? new Problem('user-not-found', { id: user }) : notMapped(principal)
}

function notMapped(principal: string): Problem {
  return new Problem('principal-not-found', { principal })
}
