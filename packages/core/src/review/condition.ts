/** What the functions of the language mean in a review flow: asked of one beneficiary and of what was asked for. */
import { parseDuration } from '../duration.ts'
import type { Level } from '../facts.ts'
import { isReserved } from '../marketplace.ts'
import type { Call, Expression, FlowFunctionName } from '../policy/expression.ts'
import { matches } from '../policy/match.ts'
import { allUsers } from '../policy/truth.ts'

export interface Asked {
  readonly userid: string
  readonly groups: ReadonlySet<string>
  /** Their own and their groups'. What the marketplace let them into is none. */
  readonly attributes: readonly { readonly key: string; readonly value: string }[]
  readonly principalKinds: ReadonlySet<string>
  readonly level: Level
  /** Absent: without an end. */
  readonly durationMs?: number | undefined
}

export function holdsFor(expression: Expression<FlowFunctionName>, asked: Asked): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.terms.every(term => holdsFor(term, asked))
    case 'or':
      return expression.terms.some(term => holdsFor(term, asked))
    case 'not':
      return !holdsFor(expression.term, asked)
    case 'call':
      return callHolds(expression, asked)
  }
}

function callHolds({ name, args }: Call<FlowFunctionName>, asked: Asked): boolean {
  const [first = '', value] = args
  const isIn = (group: string) => group === allUsers || asked.groups.has(group)
  switch (name) {
    case 'hasAttribute':
      return asked.attributes.some(
        held => held.key === first && !isReserved(held.key) && (value === undefined || matches(held.value, value)),
      )
    case 'isInGroups':
      return args.every(isIn)
    case 'isInAnyGroup':
      return args.some(isIn)
    case 'isUser':
      return args.includes(asked.userid)
    case 'levelIs':
      return asked.level === first
    case 'durationAtMost':
      return asked.durationMs !== undefined && asked.durationMs <= (parseDuration(first) ?? 0)
    case 'principalKind':
      return asked.principalKinds.has(first)
  }
}
