/**
 * Text → checked tree, or everything that is wrong with it.
 *
 * Never throws and never takes long, whatever the text: size, calls and depth are bounded before anything recurses
 * (page 04). Fails closed: a text with any error has no expression.
 */
import type { IToken } from 'chevrotain'
import { checkCall, expressionOf } from './check.ts'
import type { AnyFunctionName, Expression, FunctionName, Span } from './expression.ts'
import { type FunctionsIn, functionNamesIn, type LanguageContext } from './functions.ts'
import { type Misfit, type ParsedCall, parseTokens } from './grammar.ts'
import { nearestName } from './nearest.ts'
import { type PolicyError, policyErrorAt, spanOf } from './policy-error.ts'
import { printExpression } from './print.ts'
import { tokenize } from './tokens.ts'

export type ParseResult<Name extends AnyFunctionName = FunctionName> =
  | { readonly ok: true; readonly expression: Expression<Name> }
  /** In the order of the text; at least one. */
  | { readonly ok: false; readonly errors: readonly PolicyError[] }

export const policyLimits = {
  /** UTF-8 bytes, of the text as sent and of its canonical form. */
  bytes: 8 * 1024,
  calls: 200,
  /** Parentheses inside each other, those of calls left out. */
  depth: 50,
} as const

/**
 * Example: `parseExpression("@isInGroups('Analysts')")` is `{ ok: true, expression: { kind: 'call', … } }`.
 * The expression is canonical (flat) and every call carries where it stood.
 */
export function parseExpression(text: string): ParseResult {
  return parseIn('policy', text)
}

/** The same for an expression of that context, which has functions of its own. */
export function parseIn<C extends LanguageContext>(context: C, text: string): ParseResult<FunctionsIn[C]> {
  if (isTooLong(text)) return refused([tooLong(text, 'the expression')])

  const tokens = tokenize(text)
  const outOfBounds = beyondLimits(tokens)
  if (outOfBounds) return refused([outOfBounds])
  if (tokens.length === 0) {
    return refused([
      policyErrorAt(endOf(text), 'policy-empty', 'the expression is empty: write who should match', [
        'a function',
        'NOT',
        '(',
      ]),
    ])
  }

  const { parsed, calls, errors } = parseTokens(tokens)
  const whole = calls.filter(call => !errors.some(({ token }) => isInside(token, call)))
  const found = [
    ...errors.map(error => pointed(error, text, context)),
    ...whole.flatMap(call => checkCall(call, context)),
  ]
  if (found.length > 0) return refused(found)

  const expression = expressionOf(parsed, context)
  // The canonical text is what is stored and read again, so it has to keep within the bound too.
  if (isTooLong(printExpression(expression))) return refused([tooLong(text, 'the expression in its canonical form')])
  return { ok: true, expression }
}

function refused(errors: PolicyError[]): Extract<ParseResult, { readonly ok: false }> {
  return { ok: false, errors: errors.sort((a, b) => a.offset - b.offset) }
}

function isTooLong(text: string): boolean {
  // A UTF-16 code unit is at least one byte: a huge text is refused without being encoded.
  return text.length > policyLimits.bytes || new TextEncoder().encode(text).length > policyLimits.bytes
}

function tooLong(text: string, what: string): PolicyError {
  return policyErrorAt(
    { offset: 0, length: text.length, line: 1, column: 1 },
    'policy-too-long',
    `${what} is longer than ${policyLimits.bytes / 1024} KiB: use a group or an attribute instead of long lists`,
  )
}

function beyondLimits(tokens: readonly IToken[]): PolicyError | undefined {
  let calls = 0
  // One entry per open parenthesis: whether it is a call's, whose arguments cannot nest.
  const open: boolean[] = []
  let depth = 0
  for (const [at, token] of tokens.entries()) {
    const type = token.tokenType.name
    if (type === 'FunctionName' && ++calls > policyLimits.calls) {
      const message = `there are more than ${policyLimits.calls} functions: use \`@isInAnyGroup\` or a group of its own`
      return policyErrorAt(spanOf(token), 'policy-too-many-calls', message)
    }
    if (type === 'LeftParen') {
      const isCall = tokens[at - 1]?.tokenType.name === 'FunctionName'
      open.push(isCall)
      if (!isCall && ++depth > policyLimits.depth) {
        const message = `more than ${policyLimits.depth} parentheses are inside each other: write it flatter`
        return policyErrorAt(spanOf(token), 'policy-too-deep', message)
      }
    }
    if (type === 'RightParen' && open.pop() === false) depth--
  }
  return undefined
}

/** Whether the parser skipped this token to finish the call, whose arguments then say nothing. */
function isInside(token: IToken, { name, end }: ParsedCall): boolean {
  return token.startOffset > name.startOffset && token.startOffset <= end.startOffset
}

/** A syntax error as people should see it: what stands there, what fits there, and what was probably meant. */
function pointed({ token, expected }: Misfit, text: string, context: LanguageContext): PolicyError {
  if (token.tokenType.name === 'EOF') {
    return policyErrorAt(
      endOf(text),
      'policy-syntax',
      `the text ends too early: ${listed(expected)} is missing`,
      expected,
    )
  }
  if (token.tokenType.name === 'OpenString') {
    const quote = token.image[0]!
    const message = `this string has no end on its line: close it with \`${quote}\``
    return policyErrorAt(spanOf(token), 'policy-open-string', message, [quote])
  }
  const didYouMean = meant(token, expected, context)
  const message = didYouMean ? `did you mean \`${didYouMean}\`?` : `${listed(expected)} was expected`
  return policyErrorAt(
    spanOf(token),
    'policy-syntax',
    `\`${shown(token)}\` does not fit here: ${message}`,
    expected,
    didYouMean,
  )
}

const otherSpellings: Readonly<Record<string, string>> = {
  '&': 'AND',
  '|': 'OR',
  '!': 'NOT',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
}

function meant(token: IToken, expected: readonly string[], context: LanguageContext): string | undefined {
  const spelling = Object.hasOwn(otherSpellings, token.image) ? otherSpellings[token.image] : undefined
  if (spelling) return spelling
  if (token.tokenType.name !== 'Word') return undefined
  if (expected.includes('a string')) return `'${shown(token)}'`
  const near = nearestName(token.image, functionNamesIn(context))
  if (near && expected.includes('a function')) return `@${near}`
  return nearestName(
    token.image,
    expected.filter(one => /^[A-Z]+$/.test(one)),
  )
}

function shown(token: IToken): string {
  return token.image.length > 40 ? `${token.image.slice(0, 40).toWellFormed()}…` : token.image.toWellFormed()
}

function listed(expected: readonly string[]): string {
  const written = expected.map(one => (/^(?:a |the )/.test(one) ? one : `\`${one}\``))
  const last = written.pop() ?? 'something else'
  return written.length === 0 ? last : `${written.join(', ')} or ${last}`
}

function endOf(text: string): Span {
  const lines = text.split(/\r\n|\r|\n/)
  return { offset: text.length, length: 0, line: lines.length, column: lines.at(-1)!.length + 1 }
}
