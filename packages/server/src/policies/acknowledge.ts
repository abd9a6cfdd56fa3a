/**
 * What somebody must say that they mean before a policy is applied.
 *
 * A grant policy is *open by absence* when its expression lets in people of whom nothing is known, no attribute and no
 * group (04): mostly a NOT that forgot to ask for something as well. `everyone: true` says so plainly and is not.
 */
import { isOpenByAbsence, parseExpression } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { PolicyContent } from '../db/policy.ts'
import type { PolicyDefinition } from '../db/schema.ts'

export type Acknowledgement = 'open-by-absence'

/** What applying such a policy has to acknowledge. */
export function toAcknowledge({ kind, who }: Pick<PolicyDefinition, 'kind' | 'who'>): Acknowledgement[] {
  if (kind === 'guardrail' || !('when' in who)) return []
  const parsed = parseExpression(who.when)
  // What cannot be read lets nobody in.
  return parsed.ok && isOpenByAbsence(parsed.expression) ? ['open-by-absence'] : []
}

/**
 * What was needed and said, for the audit event.
 * @throws Problem `policy-open-by-absence`
 */
export function requireAcknowledged(
  { name, definition }: PolicyContent,
  said: readonly Acknowledgement[],
): Acknowledgement[] {
  const needed = toAcknowledge(definition)
  const missing = needed.filter(one => !said.includes(one))
  if (missing.length > 0) throw new Problem('policy-open-by-absence', { name, acknowledge: missing })
  return needed
}
