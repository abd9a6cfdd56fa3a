/**
 * Who a role's trust policy lets assume it: each way in, and how many people that may be.
 *
 * Promises never to say fewer than there are: `one` only where nobody else could, whatever their own policies say.
 * Denials and conditions that may hold for several narrow and never make it one person. What is not understood is
 * `unknown`. A service is nobody: it is not a person who asks for data.
 */
import type { ConditionTest } from './condition.ts'
import { matchesAction } from './match.ts'
import { parsePolicy, type Statement } from './policy-document.ts'
import type { PrincipalName } from './principal.ts'
import { PolicySyntaxError } from './syntax.ts'

export type Breadth = 'nobody' | 'one' | 'several' | 'unknown'

/** One way in. `conditions` are those that narrow it, as keys; `only` is whom they narrow it to. */
export type Way = { readonly conditions: readonly string[] } & (
  | { readonly who: 'anybody' }
  /** Whoever in the account their own policies let. */
  | { readonly who: 'account'; readonly account: string }
  | { readonly who: 'user'; readonly arn: string }
  /** Whoever can assume that other role. */
  | { readonly who: 'role'; readonly arn: string }
  /** A person of Identity Center: the service itself gives the session their name, or the condition does. */
  | { readonly who: 'directoryUser'; readonly name: string }
  | { readonly who: 'federated'; readonly provider: string; readonly only?: string }
  | { readonly who: 'service'; readonly service: string }
  | { readonly who: 'unclear'; readonly text: string }
)

export interface TrustReading {
  readonly breadth: Breadth
  readonly ways: readonly Way[]
  /** Whether it also denies, so that fewer may come in than the ways say. */
  readonly denies: boolean
  /** Why it could not be read. */
  readonly problem?: string
}

/**
 * @param trustPolicy JSON, as `iam:GetRole` gives it once decoded
 * @param breadthOfRole how many can assume a role that is let in, where that is known
 */
export function whoCanAssume(
  trustPolicy: string,
  breadthOfRole: (arn: string) => Breadth | undefined = () => undefined,
): TrustReading {
  try {
    const { statements } = parsePolicy(trustPolicy, 'trust')
    const ways = distinct(statements.filter(({ effect }) => effect === 'Allow').flatMap(waysOf))
    const denies = statements.some(({ effect }) => effect === 'Deny')
    return { breadth: breadthOf(ways, breadthOfRole), ways, denies }
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error
    return { breadth: 'unknown', ways: [], denies: false, problem: error.message }
  }
}

/** Of all ways together: two ways in are two people, unless they name the very same. */
export function breadthOf(ways: readonly Way[], breadthOfRole: (arn: string) => Breadth | undefined): Breadth {
  const each = ways.map(way => (way.who === 'role' ? (breadthOfRole(way.arn) ?? 'unknown') : breadths[way.who](way)))
  if (each.includes('several')) return 'several'
  const people = new Set(ways.filter((_, at) => each[at] !== 'nobody').map(identityOf))
  if (people.size > 1) return 'several'
  return each.includes('unknown') ? 'unknown' : people.size === 1 ? 'one' : 'nobody'
}

const breadths: Readonly<Record<Exclude<Way['who'], 'role'>, (way: Way) => Breadth>> = {
  anybody: () => 'several',
  account: () => 'several',
  user: () => 'one',
  directoryUser: () => 'one',
  federated: way => ('only' in way && way.only !== undefined ? 'one' : 'several'),
  service: () => 'nobody',
  unclear: () => 'unknown',
}

function identityOf(way: Way): string {
  const { conditions: _, ...rest } = way
  return JSON.stringify(rest)
}

function distinct(ways: readonly Way[]): Way[] {
  return [...new Map(ways.map(way => [JSON.stringify(way), way])).values()]
}

// ── One statement ──

function waysOf(statement: Statement): Way[] {
  const { principals, conditions } = statement
  const narrowing = [...new Set(conditions.map(({ key }) => key))]
  // Whoever is not named: everybody else in the world.
  if (!principals || principals.except) {
    return lets(statement, anyWay) ? [{ who: 'anybody', conditions: narrowing }] : []
  }
  return principals.names.flatMap(name => {
    return lets(statement, actionsFor(name)) ? waysFor(name, conditions, narrowing) : []
  })
}

const [plain, withSaml, withWebIdentity] = [
  'sts:AssumeRole',
  'sts:AssumeRoleWithSAML',
  'sts:AssumeRoleWithWebIdentity',
] as const
const anyWay: readonly string[] = [plain, withSaml, withWebIdentity]

/** Which of the ways to assume a role are open to such a principal. */
function actionsFor({ type, value }: PrincipalName): readonly string[] {
  if (value === '*') return anyWay
  if (type !== 'Federated') return [plain]
  return [isSaml(value) ? withSaml : withWebIdentity]
}

function lets({ actions }: Statement, wanted: readonly string[]): boolean {
  return wanted.some(one => actions.patterns.some(pattern => matchesAction(pattern, one)) !== actions.except)
}

function isSaml(provider: string): boolean {
  return provider.includes(':saml-provider/')
}

function waysFor(name: PrincipalName, tests: readonly ConditionTest[], conditions: readonly string[]): Way[] {
  const { type, value } = name
  if (type === 'Service') return [{ who: 'service', service: value, conditions }]
  if (type === 'Federated') return federated(value, tests, conditions)
  if (type === 'CanonicalUser') return [{ who: 'unclear', text: `canonical user ${value}`, conditions }]
  const directoryUsers = valuesAsked(tests, 'identitystore:userid')
  if (directoryUsers) return directoryUsers.map(one => ({ who: 'directoryUser', name: one, conditions }))
  const named = waysByArn(tests, conditions)
  if (value === '*') return named ?? [{ who: 'anybody', conditions }]
  const account = /^(?:arn:[^:]+:iam::)?(\d{12})(?::root)?$/.exec(value)?.[1]
  if (account !== undefined) {
    const inAccount = named?.filter(way => !('arn' in way) || way.arn.split(':')[4] === account)
    return inAccount ?? usersByName(account, tests, conditions) ?? [{ who: 'account', account, conditions }]
  }
  return [wayOfArn(value, conditions)]
}

/** The users or roles that the request has to come from, where a condition names them one by one. */
function waysByArn(tests: readonly ConditionTest[], conditions: readonly string[]): Way[] | undefined {
  const arns = valuesAsked(tests, 'aws:principalarn')
  return arns?.every(arn => /^arn:[^:]+:iam::\d{12}:(user|role)\//.test(arn))
    ? arns.map(arn => wayOfArn(arn, conditions))
    : undefined
}

/** A user name is one user only within one account. */
function usersByName(account: string, tests: readonly ConditionTest[], conditions: readonly string[]) {
  return valuesAsked(tests, 'aws:username')?.map(
    (name): Way => ({ who: 'user', arn: `arn:aws:iam::${account}:user/${name}`, conditions }),
  )
}

function wayOfArn(arn: string, conditions: readonly string[]): Way {
  if (/^arn:[^:]+:iam::\d{12}:user\//.test(arn) || /^AIDA/.test(arn)) return { who: 'user', arn, conditions }
  if (/^arn:[^:]+:iam::\d{12}:role\//.test(arn)) return { who: 'role', arn, conditions }
  const [, session] = /:assumed-role\/AWSReservedSSO_[^/]+\/(.+)$/.exec(arn) ?? []
  // Elsewhere whoever assumes the role chooses the name of the session.
  if (session !== undefined) return { who: 'directoryUser', name: session, conditions }
  return { who: 'unclear', text: arn, conditions }
}

function federated(provider: string, tests: readonly ConditionTest[], conditions: readonly string[]): Way[] {
  const issuer = provider.replace(/^arn:[^:]+:iam::\d{12}:oidc-provider\//, '').toLowerCase()
  const subjects = valuesAsked(tests, isSaml(provider) ? 'saml:sub' : `${issuer}:sub`)
  if (!subjects) return [{ who: 'federated', provider, conditions }]
  return subjects.map(only => ({ who: 'federated', provider, only, conditions }))
}

/**
 * The only values that a key may have for the conditions to hold; undefined where it may be absent, or anything else.
 * Of several tests of one key the first that says so is enough: the others can only narrow further.
 */
function valuesAsked(tests: readonly ConditionTest[], key: string): readonly string[] | undefined {
  const found = tests.find(
    test =>
      test.key === key &&
      positive.has(test.operator) &&
      !test.ifExists &&
      // Of several values any other may come along.
      test.quantifier === undefined &&
      test.values.every(value => !/[*?]|\$\{/.test(value)),
  )
  return found?.values
}

const positive: ReadonlySet<string> = new Set(['StringEquals', 'StringLike', 'ArnEquals', 'ArnLike'])
