/**
 * Whether a policy may be stored: its parts fit together, what it names by id exists, its expression can be read.
 *
 * What is stored is what people wrote; whether the names in it exist is a warning, never a refusal.
 */
import { type PolicyError, parseExpression, parseScope } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { missingIntegrations, type PolicyContent } from '../db/policy.ts'
import type { PolicyDefinition, StoredCondition } from '../db/schema.ts'
import { conditionsOf, pathOfCondition } from './conditions.ts'

/** @throws Problem `request-invalid`, `policy-invalid` with `errors`, `integration-not-found` */
export async function checkPolicy(tx: Tx, { name, definition }: PolicyContent): Promise<PolicyContent> {
  const issues = findIssues(definition).map(({ path, message }) => ({ path: `body.${path}`, message }))
  if (issues.length > 0) {
    const reason = issues.map(({ path, message }) => `\`${path}\` ${message}`).join('; ')
    throw new Problem('request-invalid', { reason, issues })
  }
  if ('when' in definition.who) refuseUnreadable(name, definition.who.when)
  const [missing] = await missingIntegrations(tx, integrationsIn(definition))
  if (missing !== undefined) throw new Problem('integration-not-found', { id: missing })
  return { name, definition }
}

export interface Issue {
  /** From the policy down, e.g. `appliesTo.any.0`. */
  readonly path: string
  readonly message: string
}

type Parts = Pick<PolicyDefinition, 'kind' | 'who' | 'appliesTo'>

/** What does not fit together, apart from the expression's text and what only the database knows. */
export function findIssues({ kind, who, appliesTo }: Parts): Issue[] {
  return [
    ...checkWho(kind, who),
    ...conditionsOf(appliesTo).flatMap((condition, at) => {
      const message = checkCondition(kind, condition)
      return message === undefined ? [] : [{ path: pathOfCondition(appliesTo, at), message }]
    }),
  ]
}

/** The conditions that name an integration that does not exist (any more). */
export async function findMissingIntegrations(tx: Tx, parts: Parts): Promise<Issue[]> {
  const missing = await missingIntegrations(tx, integrationsIn(parts))
  return conditionsOf(parts.appliesTo).flatMap((condition, at) => {
    if (!('integration' in condition && missing.has(condition.integration))) return []
    const { message } = new Problem('integration-not-found', { id: condition.integration })
    return [{ path: pathOfCondition(parts.appliesTo, at), message }]
  })
}

/** An error of the language as it is answered: an offset says nothing that line and column do not. */
export function presentError({ offset: _, expected, ...error }: PolicyError) {
  return { ...error, expected: [...expected] }
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

function integrationsIn({ appliesTo }: Parts): number[] {
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
