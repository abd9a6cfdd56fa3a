/**
 * What an editor asks of the grammar while somebody types: the parts of a text to colour, and what fits at the caret.
 *
 * Works on unfinished texts, never fails, and offers kinds of names only: the names themselves are the caller's.
 */
import type { IToken } from 'chevrotain'
import { type ArgumentKind, argumentKindAt, isFunctionIn, type LanguageContext } from './functions.ts'
import { tokenize } from './tokens.ts'

/** A part of the text to colour; `error` is what the language has no word for. Offsets in UTF-16 code units, from 0. */
export interface Highlight {
  readonly kind: 'keyword' | 'function' | 'string' | 'punctuation' | 'error'
  readonly offset: number
  readonly length: number
}

/** The parts of a text in their order, white space left out. */
export function highlightsOf(text: string, context: LanguageContext = 'policy'): Highlight[] {
  return tokenize(text).map(token => ({
    kind: highlightKindOf(token, context),
    offset: token.startOffset,
    length: token.image.length,
  }))
}

export type Completion =
  /** A function, `NOT` or `(`; `typed` is what stands before the caret already, its `@` included. */
  | { readonly kind: 'term'; readonly typed: string; readonly from: number }
  /** `AND`, `OR` or `)`. */
  | { readonly kind: 'operator'; readonly typed: string; readonly from: number }
  /** A name of that kind; `typed` as written, without its opening quote; `isQuoted` says whether that quote stands. */
  | {
      readonly kind: 'argument'
      readonly names: ArgumentKind
      /** For a value: the key before it, as written. */
      readonly key?: string
      readonly typed: string
      readonly from: number
      readonly isQuoted: boolean
    }

/** What fits at the caret; `from` is where the typed part begins. Undefined where nothing can be offered. */
export function completionAt(text: string, caret: number, context: LanguageContext = 'policy'): Completion | undefined {
  const tokens = tokenize(text.slice(0, caret))
  const typing = typedToken(tokens, caret)
  const before = typing ? tokens.slice(0, -1) : tokens
  const typed = typing?.image ?? ''
  const from = typing?.startOffset ?? caret

  const inCall = openCallOf(before)
  if (inCall) return argumentAt(inCall, typed, from, context)
  const last = before.at(-1)?.tokenType.name
  if (last === 'FunctionName') return undefined
  return { kind: last === 'RightParen' ? 'operator' : 'term', typed, from }
}

function highlightKindOf(token: IToken, context: LanguageContext): Highlight['kind'] {
  switch (token.tokenType.name) {
    case 'And':
    case 'Or':
    case 'Not':
      return 'keyword'
    case 'FunctionName':
      return isFunctionIn(token.image.slice(1), context) ? 'function' : 'error'
    case 'Text':
      return 'string'
    case 'LeftParen':
    case 'RightParen':
    case 'Comma':
      return 'punctuation'
    default:
      return 'error'
  }
}

/** The token that still grows where the caret stands: a word, a function or a string without its end. */
function typedToken(tokens: readonly IToken[], caret: number): IToken | undefined {
  const last = tokens.at(-1)
  if (!last || last.startOffset + last.image.length !== caret) return undefined
  return ['Word', 'And', 'Or', 'Not', 'FunctionName', 'OpenString'].includes(last.tokenType.name) ? last : undefined
}

/** The function name and what follows it, where the caret is between a call's parentheses. */
function openCallOf(tokens: readonly IToken[]): readonly IToken[] | undefined {
  const open = tokens.findLastIndex(token => !['Text', 'Comma'].includes(token.tokenType.name))
  const isOpenCall = tokens[open]?.tokenType.name === 'LeftParen' && tokens[open - 1]?.tokenType.name === 'FunctionName'
  return isOpenCall ? tokens.slice(open - 1) : undefined
}

function argumentAt(
  call: readonly IToken[],
  typed: string,
  from: number,
  context: LanguageContext,
): Completion | undefined {
  const name = call[0]!.image.slice(1)
  const given = call.slice(2).filter(token => token.tokenType.name === 'Text')
  // After a complete argument a comma or the end comes first.
  if (call.at(-1)?.tokenType.name === 'Text' || !isFunctionIn(name, context)) return undefined
  const names = argumentKindAt(name, given.length)
  if (!names) return undefined
  const isQuoted = /^['"]/.test(typed)
  const argument = { kind: 'argument', names, typed: isQuoted ? typed.slice(1) : typed, from, isQuoted } as const
  return names === 'value' ? { ...argument, key: given[0]!.image.slice(1, -1) } : argument
}
