/**
 * The one place where the rules of the contract (`core/api/needs.ts`) are applied: a permission, or being something to
 * the thing that the call is about. What somebody is to it is told by a standing, which each kind of thing has.
 */
import { type ErrorCode, type Permission, Problem, type RuleAbout, type Subject, whoMay } from '@headgate/core/api'
import type { Caller } from '../http/serve.ts'

type RelationIn<S extends Subject> = RuleAbout<S>['or'][number]

/** What a caller is to one thing, looked up as far as it is asked for. */
export interface Standing<S extends Subject> {
  is(relation: RelationIn<S>): boolean | Promise<boolean>
  /** Whether they may read it; absent: that it is there is no secret. */
  isKnown?(): Promise<boolean>
  /** Why there is no such thing, for who may not know of it. */
  readonly missing: () => Problem
}

/** Why somebody is let through. */
export type Ground<S extends Subject> = 'permission' | RelationIn<S>

/** Undefined: they are not. */
export async function groundOf<S extends Subject>(
  caller: Caller,
  { anyOf, or }: Pick<RuleAbout<S>, 'anyOf' | 'or'>,
  standing: Pick<Standing<S>, 'is'>,
): Promise<Ground<S> | undefined> {
  if (holdsAny(caller, anyOf)) return 'permission'
  for (const relation of or) if (await standing.is(relation)) return relation
  return undefined
}

/** @throws Problem `permission-missing`, or what the standing says of things that are not there */
export async function allow<S extends Subject>(
  caller: Caller,
  rule: RuleAbout<S>,
  standing: Standing<S>,
): Promise<Ground<S>> {
  const ground = await groundOf(caller, rule, standing)
  if (ground !== undefined) return ground
  const isKnown = rule.others === 'refused' && ((await standing.isKnown?.()) ?? true)
  throw isKnown ? refusal(rule) : standing.missing()
}

/** What is told to who may see a thing and not do this with it. */
export function refusal(rule: Parameters<typeof whoMay>[0]): Problem {
  return new Problem('permission-missing' satisfies ErrorCode, { permission: whoMay(rule) })
}

export function holdsAny({ permissions }: Caller, anyOf: readonly Permission[]): boolean {
  return anyOf.some(permission => permissions.has(permission))
}
