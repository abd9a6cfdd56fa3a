/**
 * Whom a question is about: a user by id, or whoever is mapped to an AWS principal or has a session of it; and who may
 * ask what of whom, by the rules of the contract.
 */
import { type EntitlementIndex, ownerOfPrincipal } from '@headgate/core'
import { Problem, type RuleAbout, rules } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { findPeople, type NamedPerson } from '../db/person-name.ts'
import type { Caller } from '../http/serve.ts'
import { allow } from './allow.ts'

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

/** What somebody reaches. Throws Problem `user-not-found`, also for who may not know of it. */
export async function requireAccessOf(tx: Tx, caller: Caller, id: number): Promise<NamedPerson> {
  const person = (await findPeople(tx, [id])).get(id)
  await allowOnUser(caller, rules.readAccessOfUser, id)
  if (!person) throw new Problem('user-not-found', { id })
  return person
}

/** The same of whoever a question is about. Throws as `notToBeAsked`. */
export async function requireToAsk(caller: Caller, person: number, asked: Asked): Promise<void> {
  await allowOnUser(caller, rules.readAccessOfUser, person, () => notToBeAsked(asked))
}

/** @throws Problem `permission-missing` or `missing` */
export async function allowOnUser(
  caller: Caller,
  rule: RuleAbout<'user'>,
  id: number,
  missing: () => Problem = () => new Problem('user-not-found', { id }),
): Promise<void> {
  await allow(caller, rule, { is: relation => relation === 'self' && id === caller.id, missing })
}

/** As if there were no such person: who may not ask must not learn who is mapped. */
export function notToBeAsked({ user, principal }: Asked): Problem {
  return principal === undefined ? new Problem('user-not-found', { id: user }) : notMapped(principal)
}

function notMapped(principal: string): Problem {
  return new Problem('principal-not-found', { principal })
}
