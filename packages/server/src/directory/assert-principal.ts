/**
 * What an identity provider says is a person's AWS identity: one entry for all integrations, of that source alone.
 *
 * Asks nobody and never throws for what the provider says: what cannot be stored (it belongs to somebody else, it has no
 * such form, it has to be looked up first) is kept beside with the reason, shown as a warning, and tried again by the
 * recurring check. A local entry counts before a provider's.
 */
import type { PrincipalKind } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Act } from '../db/act.ts'
import { type AssertedPrincipal, dropAsserted, findAsserted, keepAsserted } from '../db/asserted-principal.ts'
import type { NamedPerson } from '../db/person.ts'
import { findTaken, lockPrincipal, storePrincipals } from '../db/principal.ts'
import { readPrincipal } from './principal-form.ts'

export interface SaidPrincipal {
  readonly kind: PrincipalKind
  /** A full ARN, or for Identity Center a user id, a user name or an e-mail address. */
  readonly identifier: string
}

/** The one cause for whatever a provider says. */
const cause = 'identity-provider'

/**
 * Makes what this provider says of the person so, and nothing else. Saying the same again changes nothing.
 * @param said undefined: none
 * @param made the person, where made in this very transaction
 * @throws Problem `user-not-found`
 */
export async function assertPrincipal(
  act: Act,
  provider: string,
  person: number,
  said: SaidPrincipal | undefined,
  made?: NamedPerson,
): Promise<void> {
  const known = made ? undefined : await findAsserted(act.tx, person, provider)
  if (!said) {
    if (!known) return
    await lockPrincipal(act.tx, known.identifier)
    await dropAsserted(act.tx, person, provider)
    await storePrincipals(act, person, provider, [], cause)
    return
  }
  const isSame = known?.kind === said.kind && known.identifier === said.identifier
  if (isSame && known.problem === null) return
  await lockPrincipal(act.tx, said.identifier)
  const problem = problemOfForm(said)
  const asserted = { person_id: person, source: provider, ...said }
  if (problem === undefined) {
    return storeAsserted(act, asserted, { identifier: said.identifier, uniqueId: null, warning: null }, made)
  }
  if (!made) await storePrincipals(act, person, provider, [], cause)
  await keepAsserted(act, { ...asserted, problem }, made !== undefined)
}

/** Once AWS told who is meant; what is taken meanwhile stays beside. INVARIANT: under `lockPrincipals` or `lockPrincipal`. */
export async function storeAsserted(
  act: Act,
  asserted: Omit<AssertedPrincipal, 'problem' | 'since'>,
  told: { readonly identifier: string; readonly uniqueId: string | null; readonly warning: string | null },
  made?: NamedPerson,
): Promise<void> {
  const { person_id: person, source, kind } = asserted
  const problem = await problemOfOwner(act, person, told.identifier)
  const wanted = problem === undefined ? [{ kind, integrationId: null, ...told }] : []
  if (!made || wanted.length > 0) await storePrincipals(act, person, source, wanted, cause, made)
  await keepAsserted(act, { ...asserted, problem: problem ?? null }, made !== undefined)
}

function problemOfForm({ kind, identifier }: SaidPrincipal): string | undefined {
  try {
    const form = readPrincipal(kind, identifier)
    const isName = 'directoryUser' in form && form.directoryUser === 'name'
    return isName ? `\`${identifier}\` has yet to be looked up in the Identity Store` : undefined
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
}

async function problemOfOwner(act: Act, person: number, identifier: string): Promise<string | undefined> {
  const [taken] = await findTaken(act.tx, person, [{ identifier }])
  return taken && `\`${identifier}\` belongs to user \`${taken.userid}\` (id = ${taken.id}) already`
}
