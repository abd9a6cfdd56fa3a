/**
 * The words of the policy language.
 *
 * Every text can be cut into tokens: what belongs to nothing becomes a `Word`, an `OpenString` or an `Unknown`, so
 * that the parser, which expects none of them, points at it. Keywords are read in any case and printed in capitals.
 */
import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain'

export interface PolicyTokens {
  readonly And: TokenType
  readonly Or: TokenType
  readonly Not: TokenType
  readonly FunctionName: TokenType
  readonly LeftParen: TokenType
  readonly RightParen: TokenType
  readonly Comma: TokenType
  readonly Text: TokenType
  /** In the order in which they are tried. */
  readonly all: readonly TokenType[]
}

interface Language {
  readonly tokens: PolicyTokens
  readonly lexer: Lexer
}

let language: Language | undefined

/** Made once, at the first use. */
export function policyTokens(): PolicyTokens {
  language ??= createLanguage()
  return language.tokens
}

/** Cuts a text into tokens, white space left out. Never fails. */
export function tokenize(text: string): IToken[] {
  language ??= createLanguage()
  return language.lexer.tokenize(text).tokens
}

function createLanguage(): Language {
  const Word = createToken({ name: 'Word', label: 'a word', pattern: /[A-Za-z_][A-Za-z0-9_]*/ })
  const And = createToken({ name: 'And', label: 'AND', pattern: /and/i, longer_alt: Word })
  const Or = createToken({ name: 'Or', label: 'OR', pattern: /or/i, longer_alt: Word })
  const Not = createToken({ name: 'Not', label: 'NOT', pattern: /not/i, longer_alt: Word })
  const FunctionName = createToken({ name: 'FunctionName', label: 'a function', pattern: /@[A-Za-z0-9_]*/ })
  const LeftParen = createToken({ name: 'LeftParen', label: '(', pattern: /\(/ })
  const RightParen = createToken({ name: 'RightParen', label: ')', pattern: /\)/ })
  const Comma = createToken({ name: 'Comma', label: ',', pattern: /,/ })
  // A string ends on its own line, so that a forgotten quote is noticed where it was forgotten.
  const Text = createToken({
    name: 'Text',
    label: 'a string',
    pattern: /'(?:[^'\\\r\n]|\\[^\r\n])*'|"(?:[^"\\\r\n]|\\[^\r\n])*"/,
  })
  const OpenString = createToken({ name: 'OpenString', label: 'a string without its end', pattern: /['"][^\r\n]*/ })
  const Space = createToken({ name: 'Space', pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED, line_breaks: true })
  const Unknown = createToken({ name: 'Unknown', label: 'an unknown character', pattern: /[^ \t\r\n'"(),@A-Za-z_]/ })
  const all = [Space, And, Or, Not, Word, FunctionName, LeftParen, RightParen, Comma, Text, OpenString, Unknown]
  return {
    tokens: { And, Or, Not, FunctionName, LeftParen, RightParen, Comma, Text, all },
    lexer: new Lexer(all, { lineTerminatorsPattern: /\r\n|\r|\n/g, lineTerminatorCharacters: ['\r', '\n'] }),
  }
}
