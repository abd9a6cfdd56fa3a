/**
 * What is probably a slip in a readable expression: names that nobody has, and expressions that never vary.
 *
 * Warnings stop nothing. Bounded in time: near names are sought for the first few slips only, and the reasoning about
 * truth is cut off (`truth.ts`). No warning is no promise.
 */
import { type AnyFunctionName, type Call, callsOf, type Expression, type Span } from './expression.ts'
import { type ArgumentKind, argumentKindAt } from './functions.ts'
import { matches, selfAndParents } from './match.ts'
import { nearestName } from './nearest.ts'
import { printString } from './print.ts'
import { allUsers, isOpenByAbsence, truthOf } from './truth.ts'

/** The names in use, as the directory and the catalogue know them now. */
export interface Vocabulary {
  readonly groups: ReadonlySet<string>
  readonly users: ReadonlySet<string>
  /** Key → the values that somebody holds. */
  readonly attributes: ReadonlyMap<string, ReadonlySet<string>>
  readonly tags: ReadonlySet<string>
}

export type PolicyWarningCode =
  | 'unknown-group'
  | 'unknown-user'
  | 'unknown-attribute-key'
  | 'unknown-attribute-value'
  | 'unknown-tag'
  | 'always-true'
  | 'never-true'
  /** Lets in people of whom nothing is known: a grant policy like this needs `"acknowledge": ["open-by-absence"]`. */
  | 'open-by-absence'

export interface PolicyWarning {
  readonly code: PolicyWarningCode
  /** Lower case, the input in backticks. */
  readonly message: string
  /** Where it stands; absent where it is about the whole, or the tree was not parsed from a text. */
  readonly span?: Span
  /** The nearest known name, bare. */
  readonly didYouMean?: string
}

/** How many slips get a "did you mean": each one costs a walk over the vocabulary. */
const nearNamesSought = 10

/** Everything worth a second look in an expression, in the order of its text, the whole last. */
export function warnings(expression: Expression, vocabulary: Vocabulary): PolicyWarning[] {
  return [...nameWarnings(expression, vocabulary), ...wholeWarnings(expression)]
}

/** The names in an expression, of a policy or not, that nobody has. */
export function nameWarnings(expression: Expression<AnyFunctionName>, vocabulary: Vocabulary): PolicyWarning[] {
  const found: PolicyWarning[] = []
  const sought = { left: nearNamesSought }
  for (const one of callsOf(expression)) {
    for (const [at, name] of one.args.entries()) {
      const kind = argumentKindAt(one.name, at)
      const slip = kind && slipIn(name, kind, one, vocabulary, sought)
      if (slip) found.push(withSpan(slip, one.span?.args[at]))
    }
  }
  return found
}

/** The tags, named by a policy's `appliesTo`, that no tag of the catalogue is or lies below. */
export function tagWarnings(tags: readonly string[], { tags: known }: Pick<Vocabulary, 'tags'>): PolicyWarning[] {
  const sought = { left: nearNamesSought }
  const isKnown = (tag: string) => known.has(tag) || known.values().some(one => matches(tag, one))
  return tags.filter(tag => !isKnown(tag)).map(tag => unknown('unknown-tag', `there is no tag`, tag, known, sought))
}

function slipIn(
  name: string,
  kind: ArgumentKind,
  { args }: Call<AnyFunctionName>,
  { groups, users, attributes }: Vocabulary,
  sought: { left: number },
): PolicyWarning | undefined {
  if (kind === 'group' && name !== allUsers && !groups.has(name)) {
    return unknown('unknown-group', 'there is no group', name, groups, sought)
  }
  if (kind === 'user' && !users.has(name)) return unknown('unknown-user', 'there is no user', name, users, sought)
  if (kind === 'key' && !attributes.get(name)?.size) {
    return unknown('unknown-attribute-key', 'nobody has an attribute', name, attributes.keys(), sought)
  }
  if (kind !== 'value') return undefined
  const held = attributes.get(args[0]!)
  // Nobody holding the key is said already.
  if (!held?.size || selfAndParents(name).some(one => held.has(one))) return undefined
  return unknown(
    'unknown-attribute-value',
    `nobody holds, under ${printString(args[0]!)}, the value`,
    name,
    held,
    sought,
  )
}

function unknown(
  code: PolicyWarningCode,
  what: string,
  name: string,
  known: Iterable<string>,
  sought: { left: number },
): PolicyWarning {
  const near = sought.left-- > 0 ? nearestName(name, known) : undefined
  if (near === undefined) return { code, message: `${what} \`${name}\`` }
  return { code, message: `${what} \`${name}\`: did you mean \`${near}\`?`, didYouMean: near }
}

function withSpan(warning: PolicyWarning, span: Span | undefined): PolicyWarning {
  return span ? { ...warning, span } : warning
}

function wholeWarnings(expression: Expression): PolicyWarning[] {
  const truth = truthOf(expression)
  const found: PolicyWarning[] = []
  if (truth === 'always') found.push({ code: 'always-true', message: 'this is true for everybody' })
  if (truth === 'never') found.push({ code: 'never-true', message: 'this is true for nobody' })
  if (truth !== 'never' && isOpenByAbsence(expression)) {
    found.push({ code: 'open-by-absence', message: 'this holds for people of whom nothing is known' })
  }
  return found
}
