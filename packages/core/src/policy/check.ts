/**
 * From a tree of tokens to a tree of meaning: the function exists, its arguments are as many and of the kinds it takes.
 *
 * Whether the names in it exist is not asked here (that is `warnings.ts`): a policy may be written before the group.
 */
import type { IToken } from 'chevrotain'
import { isDuration } from '../duration.ts'
import { type AnyFunctionName, and, type Call, type Expression, not, or, type Span } from './expression.ts'
import {
  type ArgumentKind,
  argumentKindAt,
  type FunctionsIn,
  functionNamesIn,
  isFunctionIn,
  isFunctionName,
  type LanguageContext,
  languageFunctions,
  levels,
  principalKinds,
  usageOf,
} from './functions.ts'
import type { Parsed, ParsedCall } from './grammar.ts'
import { isDottedName } from './match.ts'
import { nearestName } from './nearest.ts'
import { type PolicyError, policyErrorAt, spanOf } from './policy-error.ts'

/** Everything that is wrong with one call; empty when it can be used. */
export function checkCall(call: ParsedCall, context: LanguageContext): PolicyError[] {
  const name = call.name.image.slice(1)
  if (!isFunctionName(name)) return [unknownFunction(call.name, name, context)]
  if (!isFunctionIn(name, context)) return [misplacedFunction(call.name, name, context)]

  const errors: PolicyError[] = []
  const shape = languageFunctions[name]
  const tooMany = shape.repeats ? undefined : call.args[shape.arguments.length]
  if (call.args.length < shape.atLeast || tooMany) {
    const message = `\`@${name}\` takes other arguments: write \`${usageOf(name)}\``
    errors.push(policyErrorAt(spanOf(tooMany ?? call.end), 'policy-argument-count', message, [usageOf(name)]))
  }
  for (const [at, token] of call.args.entries()) {
    const kind = argumentKindAt(name, at)
    const error = badEscape(token) ?? (kind && badArgument(token, kind))
    if (error) errors.push(error)
  }
  return errors
}

/** The tree of meaning. Only for a text in which neither the grammar nor `checkCall` found an error. */
export function expressionOf<C extends LanguageContext>(parsed: Parsed, context: C): Expression<FunctionsIn[C]> {
  if (!parsed) throw new TypeError('a text with syntax errors has no expression')
  const inside = (part: Parsed) => expressionOf(part, context)
  switch (parsed.kind) {
    case 'call':
      return callOf(parsed, context)
    case 'not':
      return not(inside(parsed.term))
    case 'and':
      return and(parsed.terms.map(inside))
    case 'or':
      return or(parsed.terms.map(inside))
  }
}

function callOf<C extends LanguageContext>(
  { name: nameToken, args, end }: ParsedCall,
  context: C,
): Call<FunctionsIn[C]> {
  const name = nameToken.image.slice(1)
  if (!isFunctionIn(name, context)) throw new TypeError('a text with unknown functions has no expression')
  const start = spanOf(nameToken)
  const length = end.startOffset + end.image.length - start.offset
  return { kind: 'call', name, args: args.map(unescaped), span: { ...start, length, args: args.map(spanOf) } }
}

function unknownFunction(token: IToken, name: string, context: LanguageContext): PolicyError {
  const functionNames = functionNamesIn(context)
  const near = nearestName(name, functionNames)
  const didYouMean = near && `@${near}`
  const message = `\`${token.image}\` is not a function${didYouMean ? `: did you mean \`${didYouMean}\`?` : ''}`
  return policyErrorAt(
    spanOf(token),
    'policy-unknown-function',
    message,
    functionNames.map(one => `@${one}`),
    didYouMean,
  )
}

/** A function of another context, so that who comes from there is told what to write here. */
function misplacedFunction(token: IToken, name: AnyFunctionName, context: LanguageContext): PolicyError {
  const place = context === 'policy' ? 'policies' : 'review flows'
  const { elsewhere = 'leave it out' } = languageFunctions[name]
  const expected = functionNamesIn(context).map(one => `@${one}`)
  const message = `\`${token.image}\` may not stand in ${place}: ${elsewhere}`
  return policyErrorAt(spanOf(token), 'policy-function-misplaced', message, expected)
}

function badArgument(token: IToken, kind: ArgumentKind): PolicyError | undefined {
  const text = unescaped(token)
  const span: Span = spanOf(token)
  const words = wordsOf[kind]
  if (words) {
    if (words.includes(text)) return undefined
    const expected = words.map(word => `'${word}'`)
    const near = nearestName(text, words)
    const didYouMean = near && `'${near}'`
    const message = `\`${token.image}\` is not what stands here: write ${expected.map(one => `\`${one}\``).join(' or ')}`
    return policyErrorAt(span, 'policy-argument-word', message, expected, didYouMean)
  }
  if (text === '')
    return policyErrorAt(span, 'policy-argument-empty', `an empty ${kind} matches nobody: write its name`, [
      `a ${kind}`,
    ])
  if (kind === 'duration' && !isDuration(text)) {
    const message = `\`${token.image}\` is no duration: write a number and a unit, such as \`'12h'\`, \`'30d'\` or \`'1y'\``
    return policyErrorAt(span, 'policy-argument-duration', message, ["'12h'", "'30d'", "'1y'"])
  }
  if (kind === 'value' && !isDottedName(text)) {
    const message = `\`${token.image}\` has an empty segment: no such value can be held, leave out the dot too many`
    return policyErrorAt(span, 'policy-argument-segment', message, ['a value'])
  }
  return undefined
}

/** What may stand there, where that is one of a few words. */
const wordsOf: { readonly [Kind in ArgumentKind]?: readonly string[] } = {
  dataSource: ['dataSource'],
  principal: principalKinds,
  level: levels,
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', "'": "'", '"': '"', '\\': '\\' }
const escaped = /\\(?:u([0-9a-fA-F]{4})|(.))/gsu

/** NUL and halves of surrogate pairs are refused: no database or directory could hold such a name. */
function badEscape(token: IToken): PolicyError | undefined {
  const span = spanOf(token)
  for (const { 0: written, 1: code, 2: letter, index } of token.image.matchAll(escaped)) {
    const isKnown = code === undefined ? Object.hasOwn(escapes, letter!) : Number.parseInt(code, 16) !== 0
    if (isKnown) continue
    const at = { ...span, offset: span.offset + index, column: span.column + index, length: written.length }
    const expected = ["\\'", '\\"', '\\\\', '\\n', '\\r', '\\t', '\\uXXXX']
    return policyErrorAt(
      at,
      'policy-escape',
      `\`${written}\` is not an escape: write a backslash as \`\\\\\``,
      expected,
    )
  }
  const text = unescaped(token)
  if (text.isWellFormed() && !text.includes('\0')) return undefined
  return policyErrorAt(span, 'policy-character', 'the string is not valid Unicode: write it anew', ['a string'])
}

/** In NFC, as all names and values are stored: what looks the same in an expression is the same. */
function unescaped(token: IToken): string {
  const text = token.image.slice(1, -1)
  const plain = text.replace(escaped, (written, code: string | undefined, letter: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    return escapes[letter!] ?? written
  })
  return plain.normalize('NFC')
}
