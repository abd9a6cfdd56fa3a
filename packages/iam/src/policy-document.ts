/**
 * AWS policy documents: JSON text → checked, frozen-shape statements.
 * Promises that whatever comes out can be evaluated without further checks; an error names the place in the JSON.
 * Never guesses: an unknown element, effect or operator is an error, for a policy half understood grants too much.
 */
import { type ConditionTest, parseConditions } from './condition.ts'
import { type PrincipalSet, parsePrincipals } from './principal.ts'
import { type JsonObject, listOf, objectAt, PolicySyntaxError, stringAt, stringsAt } from './syntax.ts'

/** Where a document is attached decides which elements it must and must not have. */
export type PolicyKind = 'identity' | 'resource' | 'trust'

export interface PolicyDocument {
  readonly version: '2012-10-17' | '2008-10-17'
  readonly id?: string
  readonly statements: readonly Statement[]
}

export interface Statement {
  readonly index: number
  readonly sid?: string
  readonly effect: 'Allow' | 'Deny'
  readonly actions: PatternSet
  /** Absent only in trust policies, whose resource is the role they hang on. */
  readonly resources?: PatternSet
  readonly principals?: PrincipalSet
  readonly conditions: readonly ConditionTest[]
}

/** `Action` or `NotAction`, `Resource` or `NotResource`: the patterns, and whether they say what is left out. */
export interface PatternSet {
  readonly except: boolean
  readonly patterns: readonly string[]
}

/** Reads and checks a policy document. Throws `PolicySyntaxError` naming the place, e.g. `Statement[1].Effect`. */
export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  const document = objectAt('', readJson(text))
  onlyKnownElements('', document, ['Version', 'Id', 'Statement'])
  if (document.Statement === undefined) throw new PolicySyntaxError('Statement', 'is missing')
  const alone = !Array.isArray(document.Statement)
  const statements = listOf(document.Statement).map((statement, index) =>
    parseStatement(alone ? 'Statement' : `Statement[${index}]`, statement, index, kind),
  )
  refuseRepeatedSids(statements)
  return {
    version: parseVersion(document.Version),
    ...(document.Id === undefined ? {} : { id: stringAt('Id', document.Id) }),
    statements,
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PolicySyntaxError('', `not valid JSON: ${cause instanceof Error ? cause.message : 'unreadable'}`)
  }
}

function parseVersion(value: unknown): PolicyDocument['version'] {
  // AWS reads a document without Version by the older grammar, which knows no policy variables.
  if (value === undefined) return '2008-10-17'
  if (value === '2012-10-17' || value === '2008-10-17') return value
  throw new PolicySyntaxError('Version', 'must be "2012-10-17" or "2008-10-17"')
}

const elementPairs = ['Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource']
const statementElements = ['Sid', 'Effect', ...elementPairs, 'Condition']

function parseStatement(path: string, value: unknown, index: number, kind: PolicyKind): Statement {
  const json = objectAt(path, value)
  onlyKnownElements(path, json, statementElements)
  const resources = kind === 'trust' ? noResources(path, json) : parseResources(path, json)
  const principals = kind === 'identity' ? noPrincipals(path, json) : requirePrincipals(path, json)
  return {
    index,
    ...(json.Sid === undefined ? {} : { sid: parseSid(`${path}.Sid`, json.Sid, kind) }),
    effect: parseEffect(`${path}.Effect`, json.Effect),
    actions: parseActions(path, json),
    ...(resources === undefined ? {} : { resources }),
    ...(principals === undefined ? {} : { principals }),
    conditions: parseConditions(`${path}.Condition`, json.Condition),
  }
}

function parseSid(path: string, value: unknown, kind: PolicyKind): string {
  const sid = stringAt(path, value)
  // S3 and other services take any text in their resource policies; IAM itself does not.
  if (kind !== 'resource' && !/^[A-Za-z0-9]*$/.test(sid)) throw new PolicySyntaxError(path, 'must be alphanumeric')
  return sid
}

function refuseRepeatedSids(statements: readonly Statement[]): void {
  const seen = new Set<string>()
  for (const { sid, index } of statements) {
    if (sid === undefined || sid === '') continue
    if (seen.has(sid)) throw new PolicySyntaxError(`Statement[${index}].Sid`, `repeats \`${sid}\`; sids must be unique`)
    seen.add(sid)
  }
}

function parseEffect(path: string, value: unknown): Statement['effect'] {
  if (value === 'Allow' || value === 'Deny') return value
  throw new PolicySyntaxError(path, value === undefined ? 'is missing' : 'must be "Allow" or "Deny"')
}

function parseActions(path: string, json: JsonObject): PatternSet {
  const set = parsePatterns(path, json, 'Action', 'NotAction')
  set.patterns.forEach((action, i) => {
    if (action === '*' || /^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) return
    const at = `${path}.${set.except ? 'NotAction' : 'Action'}[${i}]`
    throw new PolicySyntaxError(at, `\`${action}\` must be "*" or service:action, such as s3:GetObject`)
  })
  return set
}

function parseResources(path: string, json: JsonObject): PatternSet {
  const set = parsePatterns(path, json, 'Resource', 'NotResource')
  set.patterns.forEach((resource, i) => {
    if (resource === '*' || /^arn:/.test(resource)) return
    const at = `${path}.${set.except ? 'NotResource' : 'Resource'}[${i}]`
    throw new PolicySyntaxError(at, `\`${resource}\` must be an ARN or "*"`)
  })
  return set
}

function noResources(path: string, json: JsonObject): undefined {
  for (const name of ['Resource', 'NotResource']) {
    if (json[name] !== undefined) throw new PolicySyntaxError(`${path}.${name}`, 'is not allowed in a trust policy')
  }
}

function noPrincipals(path: string, json: JsonObject): undefined {
  for (const name of ['Principal', 'NotPrincipal']) {
    if (json[name] !== undefined) throw new PolicySyntaxError(`${path}.${name}`, 'is not allowed in an identity policy')
  }
}

function requirePrincipals(path: string, json: JsonObject): PrincipalSet {
  const name = oneOf(path, json, 'Principal', 'NotPrincipal')
  return parsePrincipals(`${path}.${name}`, json[name], name === 'NotPrincipal')
}

function parsePatterns(path: string, json: JsonObject, plain: string, negated: string): PatternSet {
  const name = oneOf(path, json, plain, negated)
  return { except: name === negated, patterns: stringsAt(`${path}.${name}`, json[name]) }
}

function oneOf(path: string, json: JsonObject, plain: string, negated: string): string {
  if (json[plain] !== undefined && json[negated] !== undefined) {
    throw new PolicySyntaxError(path, `has both ${plain} and ${negated}`)
  }
  if (json[plain] === undefined && json[negated] === undefined) {
    throw new PolicySyntaxError(path, `needs ${plain} or ${negated}`)
  }
  return json[plain] === undefined ? negated : plain
}

function onlyKnownElements(path: string, json: JsonObject, known: readonly string[]): void {
  for (const name of Object.keys(json)) {
    if (!known.includes(name)) {
      throw new PolicySyntaxError(path === '' ? name : `${path}.${name}`, 'is not an element of the policy language')
    }
  }
}
