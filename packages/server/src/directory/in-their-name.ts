/**
 * Who may open the account of somebody else: make a set-up link, link them to an identity provider, make a service a key.
 *
 * One rule for every such door: nobody opens an account in use whose person may do more than they. That is a permission
 * that the opener lacks; or, as every governor may do as much, what takes none: owning data sources, a right in a domain,
 * being named by a review flow. Whoever has not come in yet is let in by any user admin. Whoever holds the machine may
 * open any account, by `headgate admin-link`.
 *
 * Who opened it stays written down with the way in (`confine-key.ts`): a decision made through it counts as theirs too.
 */
import { allUsers, type Criterion, criteriaOf, type ReviewFlow, stagesOf } from '@headgate/core'
import { type Permission, Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { criteriaMet } from '../db/approver.ts'
import { ownedBy } from '../db/data-source.ts'
import { holdsDomainRight } from '../db/domain-right.ts'
import type { NamedPerson, PersonRow } from '../db/person.ts'
import { stagesThatWait } from '../db/request.ts'
import { stagesOfPolicies } from '../db/requestable.ts'
import { isInUse } from '../db/set-up-link.ts'
import { flowsInForce } from '../db/template.ts'
import { getUser } from '../db/user-view.ts'

export interface Opener {
  readonly id: number
  readonly permissions: ReadonlySet<Permission>
  readonly openedBy?: number
}

/**
 * @returns whether it is opened anew: whoever it belongs to may have come in before
 * @throws Problem `permission-missing`, `account-mightier`
 */
export async function refuseMightier(
  tx: Tx,
  { permissions }: Pick<Opener, 'permissions'>,
  person: NamedPerson,
): Promise<boolean> {
  if (!(await isInUse(tx, person.id))) return false
  const held = await getUser(tx, person.id)
  const missing = held.permissions.filter(permission => !permissions.has(permission))
  if (missing.length > 0) throw new Problem('permission-missing', { permission: missing.join(' and ') })
  if (permissions.has('GOVERNANCE')) return true
  refuse(person, await powersOf(tx, person.id))
  return true
}

/**
 * The keys of a service carry what it owns, if they name the permission of data owners: it has no others. What is made
 * for a person carries permissions alone.
 * @throws Problem `account-mightier`
 */
export async function refuseMightierService(
  tx: Tx,
  { permissions }: Pick<Opener, 'permissions'>,
  service: PersonRow,
  carried: readonly Permission[] | null,
): Promise<void> {
  if (service.kind !== 'service' || permissions.has('GOVERNANCE')) return
  if (carried !== null && !carried.includes('CREATE_S3_DATASOURCE')) return
  refuse(service, (await ownedBy(tx, service.id)).length > 0 ? [owns] : [])
}

const owns = 'owns data sources'

function refuse({ userid }: NamedPerson, powers: readonly string[]): void {
  if (powers.length > 0) throw new Problem('account-mightier', { userid, powers: powers.join(' and ') })
}

/** By what somebody decides over the access of others without any permission, in words. */
async function powersOf(tx: Tx, person: number): Promise<string[]> {
  const owned = await ownedBy(tx, person)
  const named = await isNamedByFlow(tx, person)
  return [
    ...(owned.length > 0 ? [owns] : []),
    ...((await holdsDomainRight(tx, person)) ? ['has a right in a domain'] : []),
    ...(named ? ['is named by a review flow'] : []),
  ]
}

/** By user name, group or attribute: by a flow or a policy as it is now, or as a request that waits follows it. */
async function isNamedByFlow(tx: Tx, person: number): Promise<boolean> {
  const ofFlows = (await flowsInForce(tx)).flatMap(stagesOfFlow)
  const stages = [...ofFlows, ...(await stagesOfPolicies(tx)), ...(await stagesThatWait(tx))]
  const naming = stages.flatMap(stage => criteriaOf(stage)).filter(namesSome)
  const each = [...new Map(naming.map(one => [JSON.stringify(one), one])).values()]
  // Whoever is disabled may be enabled as soon as their account is opened.
  return (await criteriaMet(tx, each, { domains: [] }, [person], { disabledToo: true })).size > 0
}

function stagesOfFlow({ rules, otherwise }: ReviewFlow) {
  return [...rules.map(({ then }) => then), otherwise].flatMap(stagesOf)
}

/** Whoever meets it may decide for that reason and no other; and it does not let everybody decide. */
function namesSome(criterion: Criterion): boolean {
  if ('permission' in criterion || 'domainRight' in criterion) return false
  return !('group' in criterion) || criterion.group !== allUsers
}
