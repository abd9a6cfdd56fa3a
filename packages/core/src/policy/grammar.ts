/**
 * The grammar of the policy language (page 04), one rule per line of it. Knows nothing of what functions exist.
 *
 * After an error it reads on where that is safe, so that several can be shown at once; what it returns then has gaps
 * (`undefined`) and must not be used but for pointing. Recursion is as deep as the parentheses: `parse.ts` counts
 * them first.
 */
import {
  EmbeddedActionsParser,
  type IParserErrorMessageProvider,
  type IRecognitionException,
  type IToken,
  type ParserMethod,
  type TokenType,
} from 'chevrotain'
import { type PolicyTokens, policyTokens } from './tokens.ts'

/** A tree of tokens; `undefined` where the text could not be read. */
export type Parsed =
  | { readonly kind: 'or' | 'and'; readonly terms: readonly Parsed[] }
  | { readonly kind: 'not'; readonly term: Parsed }
  | ParsedCall
  | undefined

export interface ParsedCall {
  readonly kind: 'call'
  readonly name: IToken
  readonly args: readonly IToken[]
  /** The closing parenthesis. */
  readonly end: IToken
}

export interface Misfit {
  /** The token that does not fit; at the end of the text, chevrotain's `EOF`. */
  readonly token: IToken
  /** What could have stood there, as people write it. */
  readonly expected: readonly string[]
}

export interface ParseOutcome {
  readonly parsed: Parsed
  /** Every call that was read whole, also out of parts that are in error. */
  readonly calls: readonly ParsedCall[]
  readonly errors: readonly Misfit[]
}

let parser: PolicyParser | undefined

/** The parser is made once, at the first use. */
export function parseTokens(tokens: IToken[]): ParseOutcome {
  parser ??= new PolicyParser(policyTokens())
  parser.calls = []
  parser.input = tokens
  const parsed = parser.expression()
  return { parsed, calls: parser.calls, errors: parser.errors.map(misfit) }
}

class PolicyParser extends EmbeddedActionsParser {
  calls: ParsedCall[] = []
  // Chevrotain looks rules up by name among the fields; `or` is a method of its own.
  readonly expression: ParserMethod<[], Parsed>
  readonly disjunction: ParserMethod<[], Parsed>
  readonly conjunction: ParserMethod<[], Parsed>
  readonly negation: ParserMethod<[], Parsed>
  readonly primary: ParserMethod<[], Parsed>
  readonly call: ParserMethod<[], Parsed>

  constructor(tokens: PolicyTokens) {
    super([...tokens.all], { recoveryEnabled: true, maxLookahead: 1, errorMessageProvider: expectations })
    const gap = { recoveryValueFunc: (): Parsed => undefined }

    this.expression = this.RULE('expression', (): Parsed => this.SUBRULE(this.disjunction), gap)
    this.disjunction = this.RULE(
      'disjunction',
      (): Parsed => {
        const terms = [this.SUBRULE(this.conjunction)]
        this.MANY(() => {
          this.CONSUME(tokens.Or)
          terms.push(this.SUBRULE2(this.conjunction))
        })
        return terms.length === 1 ? terms[0] : { kind: 'or', terms }
      },
      gap,
    )
    this.conjunction = this.RULE(
      'conjunction',
      (): Parsed => {
        const terms = [this.SUBRULE(this.negation)]
        this.MANY(() => {
          this.CONSUME(tokens.And)
          terms.push(this.SUBRULE2(this.negation))
        })
        return terms.length === 1 ? terms[0] : { kind: 'and', terms }
      },
      gap,
    )
    this.negation = this.RULE(
      'negation',
      (): Parsed => {
        const negated = this.OPTION(() => this.CONSUME(tokens.Not))
        const term = this.SUBRULE(this.primary)
        return negated ? { kind: 'not', term } : term
      },
      gap,
    )
    this.primary = this.RULE(
      'primary',
      (): Parsed =>
        this.OR([
          {
            ALT: () => {
              this.CONSUME(tokens.LeftParen)
              const inner = this.SUBRULE(this.disjunction)
              this.CONSUME(tokens.RightParen)
              return inner
            },
          },
          { ALT: () => this.SUBRULE(this.call) },
        ]),
      gap,
    )
    this.call = this.RULE(
      'call',
      (): Parsed => {
        const name = this.CONSUME(tokens.FunctionName)
        this.CONSUME(tokens.LeftParen)
        const args: IToken[] = []
        this.MANY_SEP({ SEP: tokens.Comma, DEF: () => args.push(this.CONSUME(tokens.Text)) })
        const end = this.CONSUME(tokens.RightParen)
        const read: ParsedCall = { kind: 'call', name, args, end }
        this.ACTION(() => {
          if (![name, ...args, end].some(token => token.isInsertedInRecovery)) this.calls.push(read)
        })
        return read
      },
      gap,
    )
    this.performSelfAnalysis()
  }
}

const listSeparator = '\n'

/** Chevrotain asks for a message; ours is the list of what was expected, taken apart again in `misfit`. */
const expectations: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => label(expected),
  buildNotAllInputParsedMessage: () => endOfText,
  buildNoViableAltMessage: ({ expectedPathsPerAlt }) => firstLabels(expectedPathsPerAlt.flat()),
  buildEarlyExitMessage: ({ expectedIterationPaths }) => firstLabels(expectedIterationPaths),
}

const endOfText = 'the end of the text'

function label(type: TokenType): string {
  return type.LABEL ?? type.name
}

function firstLabels(paths: readonly (readonly TokenType[])[]): string {
  return paths.flatMap(path => path.slice(0, 1).map(label)).join(listSeparator)
}

function misfit(error: IRecognitionException & { readonly previousToken?: IToken }): Misfit {
  const { token, context, previousToken } = error
  const expected = error.message.split(listSeparator)
  return { token, expected: completed(expected, context.ruleStack, previousToken?.tokenType.name) }
}

/** Chevrotain names the one token that it was about to read; people want to know everything that fits there. */
function completed(expected: readonly string[], rules: readonly string[], previous: string | undefined): string[] {
  if (rules.at(-1) === 'call') {
    if (expected.includes('(') || expected.includes('a string')) return [...expected]
    return previous === 'LeftParen' ? ['a string'] : [',', ')']
  }
  const isAfterTerm = ['AND', 'OR', ')', endOfText].some(one => expected.includes(one))
  if (isAfterTerm) return ['AND', 'OR', rules.includes('primary') ? ')' : endOfText]
  return previous === 'Not' ? ['a function', '('] : ['a function', 'NOT', '(']
}
