/**
 * Whether a policy may be stored: its parts fit together, what it names by id exists, its expression can be read.
 *
 * What is stored is what people wrote; whether the names in it exist is a warning, never a refusal.
 */
import { type PolicyError, parseExpression, parseScope } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { missingDomains } from '../db/domain.ts'
import { missingIntegrations, type PolicyContent, type PolicyReach } from '../db/policy.ts'
import type { PolicyDefinition, StoredCondition } from '../db/schema.ts'
import { isReserved, refuseReserved } from '../directory/reserved-names.ts'
import { conditionsOf, pathOfCondition } from './conditions.ts'
import { namesIn } from './names.ts'

/** As somebody sent it: of one data source it need not say what it applies to. */
export interface Written {
  readonly name: string
  readonly definition: Omit<PolicyDefinition, 'appliesTo'> & {
    readonly appliesTo?: PolicyDefinition['appliesTo'] | undefined
  }
}

/** @throws Problem `request-invalid`, `policy-invalid` with `errors`, `integration-not-found`, `name-reserved` */
export async function checkPolicy(
  tx: Tx,
  { name, definition: written }: Written,
  reach: PolicyReach,
): Promise<PolicyContent> {
  const definition = { ...written, appliesTo: written.appliesTo ?? everything }
  const unsaid = written.appliesTo || reach.data_source_id !== null ? [] : [silent]
  refuse([...unsaid, ...findIssues(definition, reach), ...(await findMissingDomains(tx, definition))])
  if ('when' in definition.who) refuseUnreadable(name, definition.who.when)
  refuseReserved(name, ...reservedIn(definition))
  const [missing] = await missingIntegrations(tx, integrationsIn(definition))
  if (missing !== undefined) throw new Problem('integration-not-found', { id: missing })
  return { name, definition }
}

export const everything = { everything: true } as const
const silent: Issue = {
  path: 'appliesTo',
  message: 'is missing: say which data sources, if need be `everything: true`',
}

export interface Issue {
  /** From the policy down, e.g. `appliesTo.any.0`. */
  readonly path: string
  readonly message: string
}

type Parts = Pick<PolicyDefinition, 'kind' | 'who' | 'appliesTo' | 'subscribe' | 'discoverable'>

/** What does not fit together, apart from the expression's text and what only the database knows. */
export function findIssues({ kind, who, appliesTo, subscribe, discoverable }: Parts, reach: PolicyReach): Issue[] {
  return [
    ...checkWho(kind, who),
    ...checkReach(appliesTo, reach),
    ...(kind === 'guardrail' && subscribe === 'manual'
      ? [{ path: 'subscribe', message: 'must be `automatic`: nobody subscribes to a guardrail' }]
      : []),
    ...('onRequest' in who && subscribe === 'manual'
      ? [{ path: 'subscribe', message: 'must be `automatic`: who is approved is a member at once' }]
      : []),
    ...(kind === 'guardrail' && discoverable
      ? [{ path: 'discoverable', message: 'must be false: a guardrail offers nothing to be found' }]
      : []),
    ...conditionsOf(appliesTo).flatMap((condition, at) => {
      const message = checkCondition(kind, condition)
      return message === undefined ? [] : [{ path: pathOfCondition(appliesTo, at), message }]
    }),
  ]
}

/** What only the standing policies of the marketplace may speak of: to any other it would say nothing. */
export function findReserved(parts: Pick<Parts, 'who' | 'appliesTo'>): Issue[] {
  const message = (name: string) => new Problem('name-reserved', { name }).message
  const inTags = conditionsOf(parts.appliesTo).flatMap((condition, at) =>
    'tag' in condition && isReserved(condition.tag)
      ? [{ path: pathOfCondition(parts.appliesTo, at), message: message(condition.tag) }]
      : [],
  )
  const inText = reservedIn({ who: parts.who, appliesTo: everything })
  return [...inTags, ...inText.map(name => ({ path: 'who.when', message: message(name) }))]
}

function reservedIn(parts: Pick<Parts, 'who' | 'appliesTo'>): string[] {
  const { groups, values, tags } = namesIn([parts])
  const ofPeople = Array.from(values, ([key, some]) => [key, ...some]).flat()
  return [...tags, ...groups, ...ofPeople].filter(isReserved)
}

/** The conditions that name an integration that does not exist (any more). */
export async function findMissingIntegrations(tx: Tx, parts: Pick<Parts, 'appliesTo'>): Promise<Issue[]> {
  const missing = await missingIntegrations(tx, integrationsIn(parts))
  return conditionsOf(parts.appliesTo).flatMap((condition, at) => {
    if (!('integration' in condition && missing.has(condition.integration))) return []
    const { message } = new Problem('integration-not-found', { id: condition.integration })
    return [{ path: pathOfCondition(parts.appliesTo, at), message }]
  })
}

/** The conditions that name a domain that does not exist. */
export async function findMissingDomains(tx: Tx, { appliesTo }: Pick<Parts, 'appliesTo'>): Promise<Issue[]> {
  const conditions = conditionsOf(appliesTo)
  const missing = new Set(await missingDomains(tx, domainsIn(appliesTo)))
  return conditions.flatMap((condition, at) =>
    'domain' in condition && missing.has(condition.domain)
      ? [
          {
            path: pathOfCondition(appliesTo, at),
            message: `names domain \`${condition.domain}\`, which does not exist`,
          },
        ]
      : [],
  )
}

/** An error of the language as it is answered: an offset says nothing that line and column do not. */
export function presentError({ offset: _, expected, ...error }: PolicyError) {
  return { ...error, expected: [...expected] }
}

/** That its conditions name, each once. */
export function domainsIn(appliesTo: PolicyDefinition['appliesTo']): string[] {
  return [...new Set(conditionsOf(appliesTo).flatMap(one => ('domain' in one ? [one.domain] : [])))]
}

function refuse(issues: readonly Issue[]): void {
  if (issues.length === 0) return
  const placed = issues.map(({ path, message }) => ({ path: `body.${path}`, message }))
  const reason = placed.map(({ path, message }) => `\`${path}\` ${message}`).join('; ')
  throw new Problem('request-invalid', { reason, issues: placed })
}

function checkReach(appliesTo: PolicyDefinition['appliesTo'], { domain, data_source_id }: PolicyReach): Issue[] {
  const both = { path: 'dataSource', message: 'cannot go with `domain`: a policy has one reach' }
  const wider = { path: 'appliesTo', message: 'must be left out: a policy of one data source applies to just that' }
  const picked = { path: 'appliesTo', message: 'cannot be `selected: true`: data owners pick global policies only' }
  return [
    ...(domain !== null && data_source_id !== null ? [both] : []),
    ...(data_source_id !== null && !('everything' in appliesTo) ? [wider] : []),
    ...(domain !== null && 'selected' in appliesTo ? [picked] : []),
  ]
}

/** A minimum that everyone meets is none. */
function checkWho(kind: PolicyDefinition['kind'], who: PolicyDefinition['who']): Issue[] {
  if (kind === 'grant' || 'when' in who) return []
  return [{ path: 'who', message: 'must be `when` with an expression: a guardrail for everyone holds nobody back' }]
}

function checkCondition(kind: PolicyDefinition['kind'], condition: StoredCondition): string | undefined {
  // Whoever may rename a data source could slip out of a guardrail.
  if ('name' in condition && kind === 'guardrail')
    return 'is by `name`, which guardrails cannot use: use a tag or a scope'
  if (!('scope' in condition)) return undefined
  const parsed = parseScope(condition.scope)
  return parsed.ok ? undefined : parsed.message
}

function integrationsIn({ appliesTo }: Pick<Parts, 'appliesTo'>): number[] {
  return conditionsOf(appliesTo).flatMap(one => ('integration' in one ? [one.integration] : []))
}

function refuseUnreadable(name: string, text: string): void {
  const parsed = parseExpression(text)
  if (parsed.ok) return
  const errors = parsed.errors.map(presentError)
  const [first] = errors
  const reason = first ? `line ${first.line}, column ${first.column}: ${first.message}` : 'it makes no sense'
  throw new Problem('policy-invalid', { name, reason, errors })
}
