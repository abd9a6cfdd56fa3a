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
  return (await whoAssumesEach(tx, [person])).get(person) ?? new Set()
}

/** Of many people in as many statements as of one. Whoever has no role need not be in it. */
export async function whoAssumesEach(
  tx: Tx,
  people: readonly number[],
): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
  const roles = await rolesOf(tx, people)
  const named = await whomRolesName(tx, [...roles.values()].flat())
  const all = [...named.values()]
  const holders = await holdersOf(
    tx,
    all.flatMap(one => one.arns),
    all.flatMap(one => one.names),
  )
  return new Map(
    Array.from(roles, ([person, own]) => {
      const found = new Set(reachedFrom(own, named).flatMap(holders))
      found.delete(person)
      return [person, found] as const
    }),
  )
}

/** What a trust policy names. */
interface Named {
  /** Of users and roles. */
  readonly arns: string[]
  /** Of people, as a directory or a provider calls them. */
  readonly names: string[]
  /** Whoever can assume one of these comes in as well. */
  readonly roles: string[]
}

/** By role: those given, and those that are named on the way. */
async function whomRolesName(tx: Tx, given: readonly string[]): Promise<ReadonlyMap<string, Named>> {
  const named = new Map<string, Named>()
  let next = [...new Set(given)]
  for (let step = 0; next.length > 0 && step < mostSteps; step++) {
    for (const role of next) named.set(role, { arns: [], names: [], roles: [] })
    for (const { arn, policy } of await trustPolicies(tx, next)) {
      const of = named.get(arn)
      for (const way of whoCanAssume(policy).ways) {
        if (way.who === 'user' || way.who === 'role') of?.arns.push(way.arn)
        if (way.who === 'role') of?.roles.push(way.arn)
        if (way.who === 'directoryUser') of?.names.push(way.name)
        if (way.who === 'federated' && way.only !== undefined) of?.names.push(way.only)
      }
    }
    next = [...new Set(next.flatMap(role => named.get(role)?.roles ?? []))].filter(role => !named.has(role))
  }
  return named
}

/** What these roles and the roles behind them name. */
function reachedFrom(own: readonly string[], named: ReadonlyMap<string, Named>): Named[] {
  const seen = new Set(own)
  // Grows while it is walked.
  for (const role of seen) for (const behind of named.get(role)?.roles ?? []) seen.add(behind)
  return [...seen].flatMap(role => named.get(role) ?? [])
}
