/**
 * Whether a policy may be stored: its parts fit together, what it names by id exists, its expression can be read.
 *
 * What is stored is what people wrote; whether the names in it exist is a warning, never a refusal.
 */
import { isOpenByAbsence, parseExpression, parseScope } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { missingIntegration, type PolicyContent } from '../db/policy.ts'
import type { StoredCondition } from '../db/schema.ts'
import { conditionsOf } from './conditions.ts'

type Input = Omit<z.output<typeof api.policies.edit.body>, 'acknowledge'>

/** @throws Problem `request-invalid`, `policy-invalid` with `errors`, `integration-not-found` */
export async function checkPolicy(tx: Tx, { name, ...definition }: Input): Promise<PolicyContent> {
  const issues = [...checkWho(definition), ...checkConditions(definition)]
  if (issues.length > 0) {
    const reason = issues.map(({ path, message }) => `\`${path}\` ${message}`).join('; ')
    throw new Problem('request-invalid', { reason, issues })
  }
  if ('when' in definition.who) refuseUnreadable(name, definition.who.when)
  const integrations = conditionsOf(definition.appliesTo).flatMap(one =>
    'integration' in one ? [one.integration] : [],
  )
  const missing = await missingIntegration(tx, integrations)
  if (missing !== undefined) throw new Problem('integration-not-found', { id: missing })
  return { name, definition }
}

/**
 * To be asked whenever a policy begins to apply, or goes on with another content.
 * @throws Problem `policy-open-by-absence` for a grant policy that lets strangers in without anybody having meant it
 */
export function refuseOpenByAbsence(
  { name, definition: { kind, who } }: PolicyContent,
  acknowledged: readonly string[],
): void {
  // Who writes `everyone` means it.
  if (kind !== 'grant' || 'everyone' in who || acknowledged.includes('open-by-absence')) return
  const parsed = parseExpression(who.when)
  if (parsed.ok && isOpenByAbsence(parsed.expression)) throw new Problem('policy-open-by-absence', { name })
}

interface Issue {
  readonly path: string
  readonly message: string
}

/** A minimum that everyone meets is none. */
function checkWho({ kind, who }: Omit<Input, 'name'>): Issue[] {
  if (kind === 'grant' || 'when' in who) return []
  return [
    { path: 'body.who', message: 'must be `when` with an expression: a guardrail for everyone holds nobody back' },
  ]
}

function checkConditions({ kind, appliesTo }: Omit<Input, 'name'>): Issue[] {
  const list = 'any' in appliesTo ? 'any' : 'all'
  return conditionsOf(appliesTo).flatMap((condition, at) => {
    const message = checkCondition(kind, condition)
    return message === undefined ? [] : [{ path: `body.appliesTo.${list}.${at}`, message }]
  })
}

function checkCondition(kind: Input['kind'], condition: StoredCondition): string | undefined {
  // Whoever may rename a data source could slip out of a guardrail.
  if ('name' in condition && kind === 'guardrail')
    return 'is by `name`, which guardrails cannot use: use a tag or a scope'
  if (!('scope' in condition)) return undefined
  const parsed = parseScope(condition.scope)
  return parsed.ok ? undefined : parsed.message
}

function refuseUnreadable(name: string, text: string): void {
  const parsed = parseExpression(text)
  if (parsed.ok) return
  const errors = parsed.errors.map(({ offset: _, ...error }) => error)
  const [first] = errors
  const reason = first ? `line ${first.line}, column ${first.column}: ${first.message}` : 'it makes no sense'
  throw new Problem('policy-invalid', { name, reason, errors })
}
