/**
 * The canonical text of an expression: one line, capitals for keywords, single quotes, no parenthesis too many.
 *
 * `parse(print(x))` is `x` for every canonical tree, and `canonical(x)` for any other.
 */
import { type AnyFunctionName, type Call, canonical, type Expression } from './expression.ts'

/** Example: `@isInGroups('Analysts') AND @hasAttribute('country', 'FR')`. */
export function printExpression(expression: Expression<AnyFunctionName>): string {
  return printed(canonical(expression))
}

/** A string as the language writes it, quotes included. */
export function printString(text: string): string {
  const escaped = text.replace(/['\\]/g, '\\$&').replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, escapeCharacter)
  return `'${escaped}'`
}

function printed(expression: Expression<AnyFunctionName>): string {
  switch (expression.kind) {
    case 'call':
      return printCall(expression)
    case 'not':
      return `NOT ${expression.term.kind === 'call' ? printCall(expression.term) : `(${printed(expression.term)})`}`
    case 'and':
      return expression.terms.map(term => (term.kind === 'or' ? `(${printed(term)})` : printed(term))).join(' AND ')
    case 'or':
      return expression.terms.map(printed).join(' OR ')
  }
}

function printCall({ name, args }: Call<AnyFunctionName>): string {
  return `@${name}(${args.map(printString).join(', ')})`
}

function escapeCharacter(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
