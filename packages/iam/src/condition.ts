/**
 * Conditions: `{ Operator: { key: values } }` parsed once, tested against the request's context.
 * Every test must hold; within one test any value will do (none may, for the negated operators).
 * Promises AWS's answers for absent keys: a plain operator fails, a negated one, `IfExists` and `ForAllValues:` hold.
 */
import { addressInRange, isAddressRange } from './ip-range.ts'
import { expandVariables, matchesArn, matchesText, type Variables } from './match.ts'
import { objectAt, PolicySyntaxError } from './syntax.ts'

export interface ConditionTest {
  readonly operator: string
  readonly quantifier?: 'all' | 'any'
  readonly ifExists: boolean
  /** Lower-case: condition keys have no case. */
  readonly key: string
  readonly values: readonly string[]
}

/** The context of a request, keys in lower case; a list where AWS gives a key several values. */
export type Context = ReadonlyMap<string, string | readonly string[]>

export function conditionsHold(
  tests: readonly ConditionTest[],
  context: Context,
  variables: Variables | undefined,
): boolean {
  return tests.every(test => holds(test, context, variables))
}

function holds(test: ConditionTest, context: Context, variables: Variables | undefined): boolean {
  const found = context.get(test.key)
  const given = found === undefined ? [] : typeof found === 'string' ? [found] : found
  const { positive, negated } = operators.get(test.operator)!
  if (test.operator === 'Null')
    return test.values.some(value => (value.toLowerCase() === 'true') === (given.length === 0))
  if (given.length === 0) {
    if (test.ifExists || test.quantifier === 'all') return true
    return test.quantifier === 'any' ? false : negated
  }
  // AWS takes a statement whose variable has no value as void: without this a negated test would hold for want of it.
  if (negated && test.values.some(wanted => expandVariables(wanted, variables) === undefined)) return false
  const suits = (value: string) => test.values.some(wanted => positive(wanted, value, variables)) !== negated
  if (test.quantifier === 'all') return given.every(suits)
  if (test.quantifier === 'any') return given.some(suits)
  // A key with several values under a plain operator: one match is a match, so a negated operator needs none.
  return negated ? given.every(suits) : given.some(suits)
}

/** What each operator compares; `negated` ones hold when no policy value compares. */
interface Operator {
  readonly negated: boolean
  readonly positive: (wanted: string, given: string, variables: Variables | undefined) => boolean
  /** Names what a policy value must look like; undefined: any text. */
  readonly problem?: (wanted: string) => string | undefined
}

const stringEquals: Operator['positive'] = (wanted, given, variables) => expandVariables(wanted, variables) === given
const stringEqualsIgnoreCase: Operator['positive'] = (wanted, given, variables) =>
  expandVariables(wanted, variables)?.toLowerCase() === given.toLowerCase()
const numeric = (compare: (given: number, wanted: number) => boolean): Operator['positive'] => {
  return (wanted, given) => given.trim() !== '' && compare(Number(given), Number(wanted))
}
const date = (compare: (given: number, wanted: number) => boolean): Operator['positive'] => {
  return (wanted, given) => compare(instantOf(given), instantOf(wanted))
}
const equal = (a: number, b: number) => a === b
const bool: Operator['positive'] = (wanted, given) => wanted.toLowerCase() === given.toLowerCase()
const inRange: Operator['positive'] = (wanted, given) => addressInRange(given, wanted)

const aNumber = (text: string) => (text.trim() !== '' && !Number.isNaN(Number(text)) ? undefined : 'a number')
const aDate = (text: string) => (Number.isNaN(instantOf(text)) ? 'a date such as 2026-01-31T00:00:00Z' : undefined)
const aBoolean = (text: string) => (/^(true|false)$/i.test(text) ? undefined : '"true" or "false"')
const anArn = (text: string) => (text === '*' || /^(arn:|\$\{)/.test(text) ? undefined : 'an ARN')
const aRange = (text: string) => (isAddressRange(text) ? undefined : 'an IP address or range such as 10.0.0.0/8')
const base64 = (text: string) => (/^[A-Za-z0-9+/]*={0,2}$/.test(text) ? undefined : 'base64')

const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['StringEquals', { negated: false, positive: stringEquals }],
  ['StringNotEquals', { negated: true, positive: stringEquals }],
  ['StringEqualsIgnoreCase', { negated: false, positive: stringEqualsIgnoreCase }],
  ['StringNotEqualsIgnoreCase', { negated: true, positive: stringEqualsIgnoreCase }],
  ['StringLike', { negated: false, positive: matchesText }],
  ['StringNotLike', { negated: true, positive: matchesText }],
  ['NumericEquals', { negated: false, positive: numeric(equal), problem: aNumber }],
  ['NumericNotEquals', { negated: true, positive: numeric(equal), problem: aNumber }],
  ['NumericLessThan', { negated: false, positive: numeric((a, b) => a < b), problem: aNumber }],
  ['NumericLessThanEquals', { negated: false, positive: numeric((a, b) => a <= b), problem: aNumber }],
  ['NumericGreaterThan', { negated: false, positive: numeric((a, b) => a > b), problem: aNumber }],
  ['NumericGreaterThanEquals', { negated: false, positive: numeric((a, b) => a >= b), problem: aNumber }],
  ['DateEquals', { negated: false, positive: date(equal), problem: aDate }],
  ['DateNotEquals', { negated: true, positive: date(equal), problem: aDate }],
  ['DateLessThan', { negated: false, positive: date((a, b) => a < b), problem: aDate }],
  ['DateLessThanEquals', { negated: false, positive: date((a, b) => a <= b), problem: aDate }],
  ['DateGreaterThan', { negated: false, positive: date((a, b) => a > b), problem: aDate }],
  ['DateGreaterThanEquals', { negated: false, positive: date((a, b) => a >= b), problem: aDate }],
  ['Bool', { negated: false, positive: bool, problem: aBoolean }],
  ['BinaryEquals', { negated: false, positive: (wanted, given) => wanted === given, problem: base64 }],
  // The two ARN pairs behave alike: AWS lets wildcards into ArnEquals too.
  ['ArnEquals', { negated: false, positive: matchesArn, problem: anArn }],
  ['ArnLike', { negated: false, positive: matchesArn, problem: anArn }],
  ['ArnNotEquals', { negated: true, positive: matchesArn, problem: anArn }],
  ['ArnNotLike', { negated: true, positive: matchesArn, problem: anArn }],
  ['IpAddress', { negated: false, positive: inRange, problem: aRange }],
  ['NotIpAddress', { negated: true, positive: inRange, problem: aRange }],
  ['Null', { negated: false, positive: bool, problem: aBoolean }],
])

/** ISO 8601, or seconds since 1970, as AWS takes both; four digits are a year. NaN when it is neither. */
function instantOf(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) && text.length > 4 ? Number(text) * 1000 : Date.parse(text)
}

/** Reads a `Condition` element. Throws `PolicySyntaxError`. */
export function parseConditions(path: string, value: unknown): readonly ConditionTest[] {
  if (value === undefined) return []
  return Object.entries(objectAt(path, value)).flatMap(([name, keys]) => {
    const at = `${path}.${name}`
    const operator = parseOperator(at, name)
    return Object.entries(objectAt(at, keys)).map(([key, values]) => ({
      ...operator,
      key: key.toLowerCase(),
      values: parseValues(`${at}.${key}`, values, operators.get(operator.operator)!),
    }))
  })
}

function parseOperator(path: string, name: string): Pick<ConditionTest, 'operator' | 'quantifier' | 'ifExists'> {
  const [, quantifier, base, suffix] = /^(ForAllValues:|ForAnyValue:)?(\w+?)(IfExists)?$/.exec(name) ?? []
  // Operator names have no case in AWS; ours are kept as in its documentation.
  const operator = [...operators.keys()].find(known => known.toLowerCase() === base?.toLowerCase())
  if (operator === undefined) throw new PolicySyntaxError(path, `\`${name}\` is not a condition operator`)
  if (operator === 'Null' && suffix !== undefined) throw new PolicySyntaxError(path, 'Null cannot take IfExists')
  return {
    operator,
    ifExists: suffix !== undefined,
    ...(quantifier === undefined ? {} : { quantifier: quantifier === 'ForAllValues:' ? 'all' : 'any' }),
  }
}

function parseValues(path: string, value: unknown, operator: Operator): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.map((item, i) => {
    const at = Array.isArray(value) ? `${path}[${i}]` : path
    if (typeof item !== 'string' && typeof item !== 'boolean' && typeof item !== 'number') {
      throw new PolicySyntaxError(at, 'must be a string, a number or a boolean')
    }
    const text = String(item)
    const wanted = operator.problem?.(text)
    if (wanted !== undefined) throw new PolicySyntaxError(at, `\`${text}\` must be ${wanted}`)
    return text
  })
}
