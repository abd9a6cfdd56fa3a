/**
 * For whom somebody may ask: themselves, a user who stands for a role, a service. Never silently anybody else.
 *
 * Groups have nobody who manages them, so nobody asks for a group's members: they ask for themselves.
 */
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { type Beneficiary, findBeneficiary } from '../db/requestable.ts'
import type { Caller } from '../http/serve.ts'

export interface ChosenBeneficiary extends Beneficiary {
  /** What let somebody else ask; null: it is the caller. */
  readonly onBehalf: 'role-user' | 'service' | null
}

/**
 * Whoever is not to be asked for is told apart from nobody by nothing.
 * @throws Problem `request-on-behalf-refused`, `user-disabled`
 */
export async function beneficiaryFor(tx: Tx, caller: Caller, id = caller.id): Promise<ChosenBeneficiary> {
  const found = await findBeneficiary(tx, id)
  if (!found || (id !== caller.id && found.kind === 'person')) throw new Problem('request-on-behalf-refused', { id })
  if (found.disabled) throw new Problem('user-disabled', { userid: found.userid })
  return { ...found, onBehalf: id === caller.id || found.kind === 'person' ? null : found.kind }
}
