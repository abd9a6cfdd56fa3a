/** What is wrong with the text of an expression, and where: made to be pointed at in an editor. */
import type { IToken } from 'chevrotain'
import type { Span } from './expression.ts'

export type PolicyErrorCode =
  /** More than 8 KiB, as sent or in canonical form. */
  | 'policy-too-long'
  | 'policy-too-deep'
  | 'policy-too-many-calls'
  | 'policy-empty'
  /** Something stands where something else was expected. */
  | 'policy-syntax'
  /** A string without its closing quote. */
  | 'policy-open-string'
  | 'policy-escape'
  | 'policy-character'
  | 'policy-unknown-function'
  /** Of a review flow in a policy, or the other way round. */
  | 'policy-function-misplaced'
  | 'policy-argument-count'
  /** `dataSource`, a kind of principal or a level was expected. */
  | 'policy-argument-word'
  | 'policy-argument-empty'
  | 'policy-argument-segment'
  | 'policy-argument-duration'

export interface PolicyError extends Span {
  readonly code: PolicyErrorCode
  /** Lower case, the input in backticks, then how to fix it. */
  readonly message: string
  /** What could have stood there, as people write it. */
  readonly expected: readonly string[]
  /** The nearest known name, as it would be written. */
  readonly didYouMean?: string
}

export function policyErrorAt(
  { offset, length, line, column }: Span,
  code: PolicyErrorCode,
  message: string,
  expected: readonly string[] = [],
  didYouMean?: string,
): PolicyError {
  const error = { code, message, line, column, offset, length, expected }
  return didYouMean === undefined ? error : { ...error, didYouMean }
}

/** Where a token of the text stands. */
export function spanOf(token: IToken): Span {
  return {
    offset: token.startOffset,
    length: token.image.length,
    line: token.startLine ?? 1,
    column: token.startColumn ?? 1,
  }
}
