/**
 * The functions of the language (pages 04 and 06): where each may stand and what it takes, for the checker, the editor
 * and the docs.
 *
 * What each one *means* stands in `formula.ts` for policies, in `explain-expression.ts` in words, and in
 * `review/condition.ts` for review flows.
 */
import type { Level, PrincipalKind } from '../facts.ts'
import type { AnyFunctionName, FlowFunctionName, FunctionName } from './expression.ts'

/** Where an expression stands: in a policy, about a person and a data source; in a review flow, about a request. */
export type LanguageContext = 'policy' | 'flow'
export interface FunctionsIn {
  readonly policy: FunctionName
  readonly flow: FlowFunctionName
}

/**
 * What an argument names; `dataSource` is that very word, `principal` one of `principalKinds`, `level` one of `levels`,
 * `duration` such as `30d`.
 */
export type ArgumentKind = 'key' | 'value' | 'group' | 'user' | 'dataSource' | 'principal' | 'level' | 'duration'

export interface FunctionShape {
  readonly in: readonly LanguageContext[]
  /** What to write where it may not stand. */
  readonly elsewhere?: string
  readonly arguments: readonly ArgumentKind[]
  /** How many arguments must be there, the first ones. */
  readonly atLeast: number
  /** The last kind may be given again and again. */
  readonly repeats: boolean
  /** One sentence for the editor and the docs. */
  readonly trueWhen: string
}

export const languageFunctions: Readonly<Record<AnyFunctionName, FunctionShape>> = {
  hasAttribute: {
    in: ['policy', 'flow'],
    arguments: ['key', 'value'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'the user holds that value under the key or a parent of it; with the key alone, any value',
  },
  isInGroups: {
    in: ['policy', 'flow'],
    arguments: ['group'],
    atLeast: 1,
    repeats: true,
    trueWhen: 'the user is in all of the groups',
  },
  isInAnyGroup: {
    in: ['policy', 'flow'],
    arguments: ['group'],
    atLeast: 1,
    repeats: true,
    trueWhen: 'the user is in any of the groups',
  },
  hasTagAsAttribute: {
    in: ['policy'],
    elsewhere:
      'it compares with the tags of a data source, and a request is asked about by its beneficiary alone: write `@hasAttribute`',
    arguments: ['key', 'dataSource'],
    atLeast: 2,
    repeats: false,
    trueWhen: 'a value of the user under the key is a tag of the data source or a parent of one',
  },
  hasTagAsGroup: {
    in: ['policy'],
    elsewhere:
      'it compares with the tags of a data source, and a request is asked about by its beneficiary alone: write `@isInGroups`',
    arguments: ['dataSource'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'a group of the user has the name of a tag of the data source or of a parent of one',
  },
  isUser: {
    in: ['policy', 'flow'],
    arguments: ['user'],
    atLeast: 1,
    repeats: true,
    trueWhen: 'the user is one of these',
  },
  hasPrincipal: {
    in: ['policy'],
    elsewhere:
      'it asks about the integration of a data source, and a request is asked about by its beneficiary alone: write `@principalKind`',
    arguments: ['principal'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'the user is mapped that way for the integration of the data source',
  },
  levelIs: {
    in: ['flow'],
    elsewhere: 'what was asked for is known in review flows only: a policy has its own `level`',
    arguments: ['level'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'the request asks for that level',
  },
  durationAtMost: {
    in: ['flow'],
    elsewhere: 'what was asked for is known in review flows only: leave it out',
    arguments: ['duration'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'the request asks for no longer than that; never of one without an end',
  },
  principalKind: {
    in: ['flow'],
    elsewhere: 'it is for review flows, which know no data source: write `@hasPrincipal`',
    arguments: ['principal'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'the beneficiary is mapped that way, in any integration',
  },
}

export const principalKinds: readonly PrincipalKind[] = ['identityCenterUser', 'iamRole', 'iamUser']

export const levels: readonly Level[] = ['READ', 'WRITE']

/** Those that may stand in a policy. */
export const functionNames = functionNamesIn('policy') as readonly FunctionName[]

/** Those that may stand there. */
export function functionNamesIn(context: LanguageContext): readonly AnyFunctionName[] {
  const names = Object.keys(languageFunctions) as AnyFunctionName[]
  return names.filter(name => languageFunctions[name].in.includes(context))
}

/** Of any context. */
export function isFunctionName(name: string): name is AnyFunctionName {
  return Object.hasOwn(languageFunctions, name)
}

export function isFunctionIn<C extends LanguageContext>(name: string, context: C): name is FunctionsIn[C] {
  return isFunctionName(name) && languageFunctions[name].in.includes(context)
}

/** What the argument at this place (from 0) names; undefined where the function takes none there. */
export function argumentKindAt(name: AnyFunctionName, at: number): ArgumentKind | undefined {
  const shape = languageFunctions[name]
  return shape.arguments[at] ?? (shape.repeats ? shape.arguments.at(-1) : undefined)
}

/** How a function is written, e.g. `@hasAttribute('key'[, 'value'])`. */
export function usageOf(name: AnyFunctionName): string {
  const shape = languageFunctions[name]
  const [needed, optional] = [shape.arguments.slice(0, shape.atLeast), shape.arguments.slice(shape.atLeast)]
  const written = needed.map(kind => `'${kind}'`).join(', ') + optional.map(kind => `[, '${kind}']`).join('')
  return `@${name}(${written}${shape.repeats ? ', …' : ''})`
}
