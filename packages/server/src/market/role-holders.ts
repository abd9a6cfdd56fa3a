/**
 * Who is known to be able to assume the roles by which AWS knows somebody, by what was read of their trust policies:
 * those whom they name, and those who come in through another role that they name.
 *
 * Knows no more than was read: a role that a whole account may assume names nobody (that is said in principal advice).
 */
import { whoCanAssume } from '@headgate/iam'
import type { Tx } from '../db/act.ts'
import { holdersOf, rolesOf, trustPolicies } from '../db/role-holder.ts'

/** Roles through roles; more than this one behind the other are nobody's intention. */
const mostSteps = 10

export async function whoAssumes(tx: Tx, person: number): Promise<ReadonlySet<number>> {
  const [found, seen] = [new Set<number>(), new Set<string>()]
  let roles = await rolesOf(tx, person)
  for (let step = 0; roles.length > 0 && step < mostSteps; step++) {
    for (const role of roles) seen.add(role)
    const ways = (await trustPolicies(tx, roles)).flatMap(policy => whoCanAssume(policy).ways)
    const arns = ways.flatMap(way => (way.who === 'user' || way.who === 'role' ? [way.arn] : []))
    const names = ways.flatMap(way => {
      if (way.who === 'directoryUser') return [way.name]
      return way.who === 'federated' && way.only !== undefined ? [way.only] : []
    })
    for (const id of await holdersOf(tx, arns, names)) found.add(id)
    roles = [...new Set(ways.flatMap(way => (way.who === 'role' ? [way.arn] : [])))].filter(arn => !seen.has(arn))
  }
  found.delete(person)
  return found
}
