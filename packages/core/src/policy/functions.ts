/**
 * The functions of the policy language (page 04): what each takes, for the checker, the editor and the docs.
 *
 * What each one *means* stands in `formula.ts`, and in `explain-expression.ts` in words.
 */
import type { PrincipalKind } from '../facts.ts'
import type { FunctionName } from './expression.ts'

/** What an argument names; `dataSource` is that very word, `principal` one of `principalKinds`. */
export type ArgumentKind = 'key' | 'value' | 'group' | 'user' | 'dataSource' | 'principal'

export interface FunctionShape {
  readonly arguments: readonly ArgumentKind[]
  /** How many arguments must be there, the first ones. */
  readonly atLeast: number
  /** The last kind may be given again and again. */
  readonly repeats: boolean
  /** One sentence for the editor and the docs. */
  readonly trueWhen: string
}

export const policyFunctions: Readonly<Record<FunctionName, FunctionShape>> = {
  hasAttribute: {
    arguments: ['key', 'value'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'the user holds that value under the key or a parent of it; with the key alone, any value',
  },
  isInGroups: { arguments: ['group'], atLeast: 1, repeats: true, trueWhen: 'the user is in all of the groups' },
  isInAnyGroup: { arguments: ['group'], atLeast: 1, repeats: true, trueWhen: 'the user is in any of the groups' },
  hasTagAsAttribute: {
    arguments: ['key', 'dataSource'],
    atLeast: 2,
    repeats: false,
    trueWhen: 'a value of the user under the key is a tag of the data source or a parent of one',
  },
  hasTagAsGroup: {
    arguments: ['dataSource'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'a group of the user has the name of a tag of the data source or of a parent of one',
  },
  isUser: { arguments: ['user'], atLeast: 1, repeats: true, trueWhen: 'the user is one of these' },
  hasPrincipal: {
    arguments: ['principal'],
    atLeast: 1,
    repeats: false,
    trueWhen: 'the user is mapped that way for the integration of the data source',
  },
}

export const principalKinds: readonly PrincipalKind[] = ['identityCenterUser', 'iamRole', 'iamUser']

export const functionNames = Object.keys(policyFunctions) as readonly FunctionName[]

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(policyFunctions, name)
}

/** What the argument at this place (from 0) names; undefined where the function takes none there. */
export function argumentKindAt(name: FunctionName, at: number): ArgumentKind | undefined {
  const shape = policyFunctions[name]
  return shape.arguments[at] ?? (shape.repeats ? shape.arguments.at(-1) : undefined)
}

/** How a function is written, e.g. `@hasAttribute('key'[, 'value'])`. */
export function usageOf(name: FunctionName): string {
  const shape = policyFunctions[name]
  const [needed, optional] = [shape.arguments.slice(0, shape.atLeast), shape.arguments.slice(shape.atLeast)]
  const written = needed.map(kind => `'${kind}'`).join(', ') + optional.map(kind => `[, '${kind}']`).join('')
  return `@${name}(${written}${shape.repeats ? ', …' : ''})`
}
